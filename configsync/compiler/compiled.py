"""What compiling a source gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from configsync.core.diagnostic import Diagnostic

if TYPE_CHECKING:
    from configsync.core.resource import Resource, State

Advance = Callable[[int, int], None]
"""Is told how many of how many files are done."""


@dataclass(slots=True)
class CompiledSource:
    """What a source compiles to: the desired state is whole only without errors.

    ``dependencies`` are the files that documents refer to, with their digests.
    If some are ``layered``, resources don't follow from each file by itself.
    """

    files: list[str] = field(default_factory=list)
    documents: int = 0
    diagnostics: list[Diagnostic] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    dependencies: dict[str, str] = field(default_factory=dict)
    layered: bool = False
    _state: State | None = field(default=None, init=False, repr=False)

    def state(self) -> State:
        """The desired state, made once: resources aren't added after."""
        from configsync.core.resource import State

        if self._state is None:
            self._state = State(self.resources)
        return self._state
