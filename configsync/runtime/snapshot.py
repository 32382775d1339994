"""One whole revision, held for as long as somebody needs it."""

from __future__ import annotations

from types import TracebackType

from configsync.runtime.content import Content
from configsync.runtime.reads import Reads


class Snapshot(Reads):
    """One revision: reads of it never change, whatever is applied meanwhile.

    It costs what it doesn't share with newer ones, and is freed when nobody
    holds it; ``with client.pin() as snapshot:`` is for people's eyes.
    """

    __slots__ = ("__weakref__",)

    def __init__(self, content: Content) -> None:
        self._content = content

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """A snapshot has nothing to close."""

    def __repr__(self) -> str:
        return f"<Snapshot of revision {self.revision} from the {self.source}>"
