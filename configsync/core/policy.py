"""Policies as the settings declare them: data, read before anything is planned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as given

from configsync.core.diagnostic import Location, Severity
from configsync.core.plan import Action
from configsync.core.values import Json


@dataclass(frozen=True, slots=True)
class Sample:
    """One change of an example: an action at an address, which sets ``fields``.

    ``before`` are the values that they had, as far as that matters; ``labels`` those of
    the document.
    """

    address: str
    action: Action = Action.UPDATE
    fields: Mapping[str, Json] = given(default_factory=dict)
    before: Mapping[str, Json] = given(default_factory=dict)
    labels: Mapping[str, str] = given(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DeclaredPolicy:
    """An entry of ``policies`` in the settings.

    It is about the changes that all of ``target``, ``address``, ``domain``,
    ``labels``, ``actions`` and ``field`` select; without ``actions``, about each. Of those,
    it refuses every one whose value of ``field`` isn't as the conditions ``min``,
    ``max``, ``one_of`` and ``matches`` say; all above ``max_count``; or without any
    condition, all. ``refuses`` and ``allows`` are the changes of a plan each,
    which it must and mustn't refuse. None means that a key isn't there. ``commit`` is
    that of the settings, if they aren't those of the working tree.
    """

    code: str
    location: Location = given(compare=False)
    severity: Severity = Severity.ERROR
    message: str = ""
    help: str = ""
    target: str = "*"
    address: str = "*"
    domain: str | None = None
    field: str | None = None
    labels: Mapping[str, str] = given(default_factory=dict)
    actions: tuple[Action, ...] = ()
    min: float | None = None
    max: float | None = None
    one_of: tuple[Json, ...] | None = None
    matches: str | None = None
    max_count: int | None = None
    refuses: tuple[Sample, ...] = ()
    allows: tuple[Sample, ...] = ()
    commit: str | None = given(default=None, compare=False)

    @property
    def origin(self) -> str:
        """The line of the settings that it stands in."""
        of = f" of commit {self.commit[:12]}" if self.commit else ""
        return f"{self.location.file}:{self.location.line}{of}"
