"""A conversation that keeps its configuration while others move on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from configsync.runtime.model import Profile
from configsync.runtime.snapshot import Snapshot

if TYPE_CHECKING:
    from configsync.runtime.client import ConfigClient


class Session:
    """One profile of one revision, as a chat holds it over many requests.

    Both can be switched, and the session stays the same object, with whatever
    the application keeps by it.
    """

    __slots__ = ("_client", "_name", "_snapshot")

    def __init__(self, client: ConfigClient, name: str | None) -> None:
        self._client = client
        self._snapshot = client.pin()
        self._name = name
        self.profile  # noqa: B018 (raises NotFound now, not at the first message)

    @property
    def snapshot(self) -> Snapshot:
        """The revision that the session holds."""
        return self._snapshot

    @property
    def revision(self) -> int:
        """Its number."""
        return self._snapshot.revision

    @property
    def profile(self) -> Profile:
        """The session's profile in that revision; the default one if none was named."""
        if self._name is None:
            return self._snapshot.default_profile()
        return self._snapshot.profile(self._name)

    def use(self, name: str | None) -> Profile:
        """Switch to another profile of the same revision; None is the default one.

        Raises NotFound, and the session stays as it was.
        """
        found = self._snapshot.default_profile() if name is None else self._snapshot.profile(name)
        self._name = name
        return found

    def advance(self) -> bool:
        """Move to the newest revision; tells whether that is another one.

        Raises NotFound if it no longer has the profile, and the session stays
        as it was.
        """
        newest = self._client.pin()
        if self._name is None:
            newest.default_profile()
        else:
            newest.profile(self._name)
        moved = newest.revision != self.revision
        self._snapshot = newest
        return moved
