"""Gives sensitive settings their values before a plan is made, sealed with the database's key."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from configsync.core import address, codes
from configsync.core.diagnostic import Diagnostic, Severity
from configsync.core.resource import Resource, ResourceType, State
from configsync.core.sealed import UNKNOWN, is_sealed, variable_of
from configsync.core.typed import Misfit, parse, spell
from configsync.core.values import Json
from configsync.plan.stored import Stored

_SET_IT = (
    "Set the environment variable that its {$env: NAME} says, where the plan is made and where it "
    "is applied."
)


@dataclass(slots=True)
class Given:
    """A desired state with its sensitive values sealed, and what was in the way of some.

    ``missing`` are errors by address, for those who would write there; ``notes``
    tell of what stays as it is.
    """

    desired: State
    missing: dict[str, Diagnostic] = field(default_factory=dict)
    notes: list[Diagnostic] = field(default_factory=list)

    def errors(self, addresses: Collection[str]) -> Iterator[Diagnostic]:
        """What is in the way of changes at some addresses."""
        return (found for at, found in self.missing.items() if at in addresses)


def give_values(
    desired: State,
    stored: Stored,
    types: Mapping[str, ResourceType],
    environment: Mapping[str, str],
    withheld: Collection[str] = (),
    *,
    going_back: bool = False,
) -> Given:
    """Seal the values that the environment has for a desired state.

    Variables that are ``withheld`` aren't read. Without a value, or without the
    database's key, a live sensitive setting stays as it is. So it does where the
    state is one of the past (``going_back``), of which history has digests only.
    """
    sealed = [
        r
        for r in desired.values()
        if (t := types[r.domain]).sealed and is_sealed(r.values[t.sealed])
    ]
    given = Given(desired)
    if not sealed:
        return given
    resources = dict(desired)
    for resource in sealed:
        giving = _Giving(given, stored, types[resource.domain], environment, withheld)
        found = giving.give(resource, going_back)
        if found is None:
            del resources[resource.address]
        else:
            resources[resource.address] = found
    given.desired = State(resources.values())
    return given


@dataclass(frozen=True, slots=True)
class _Giving:
    """Gives the sensitive settings of one type their values."""

    given: Given
    stored: Stored
    type_: ResourceType
    environment: Mapping[str, str]
    withheld: Collection[str]

    def give(self, resource: Resource, going_back: bool) -> Resource | None:
        """The resource as it is to be; None if there is none to be."""
        value = resource.values[self.type_.sealed]
        name = variable_of(value)
        live = self.stored.live.get(resource.address)
        kept = live is not None and is_sealed(live.values[self.type_.sealed])
        if live is not None and not kept and not going_back:
            self._note_marking(resource)
        if name is None:
            if kept and live is not None and live.values[self.type_.sealed] == value:
                return resource
            if going_back and live is None and self._renamed_since(resource):
                why = "it has another name now, and history has only digests of its values"
                help = "Rename it in git and apply, where its value is at hand."
                return self._missing(resource, why, help)
            if going_back:
                return self._stays(resource, live, "history has only digests of its values")
            return self._missing(resource, "only a digest of its value stands there")
        if self.stored.seal is None:
            why = "an export doesn't carry the key of the digests"
            return self._stays(resource, live, why) if kept else self._with(resource, UNKNOWN)
        if name in self.withheld:
            why = f"the base of this change doesn't allow the environment variable {name}"
            return self._stays(resource, live, why) if kept else self._unread(resource, why)
        # CI gives an empty text for a secret that a run may not have.
        text = self.environment.get(name) or None
        if text is None:
            why = f"the environment variable {name} isn't set here"
            return self._stays(resource, live, why) if kept else self._missing(resource, why)
        try:
            spelled = _spelled(text, str(resource.values["value_type"]))
        except (Misfit, UnicodeEncodeError):
            why = f"what {name} holds is no value of its type, {resource.values['value_type']}"
            return self._missing(resource, why)
        sealed = self.stored.seal.seal(resource.address, spelled)
        return replace(self._with(resource, sealed), true_value=spelled)

    def _renamed_since(self, past: Resource) -> bool:
        """Tell whether a resource of the past lives under another name, which isn't to be lost."""
        name = past.renamed_from
        return name is not None and address.renamed(past.address, name) in self.stored.live

    def _with(self, resource: Resource, value: Mapping[str, Json]) -> Resource:
        return replace(resource, values={**resource.values, self.type_.sealed: dict(value)})

    def _stays(self, resource: Resource, live: Resource | None, why: str) -> Resource | None:
        """The resource with the value that is live; it goes where there is none."""
        staying = "and stays as it is" if live else "and stays away"
        self.given.notes.append(
            codes.SECRET_STAYS.at(
                resource.location,
                f"{resource.address} isn't compared, {staying}: {why}",
            )
        )
        if live is None:
            return None
        together = {name: live.values[name] for name in self.type_.together}
        return replace(resource, values={**resource.values, **together})

    def _unread(self, resource: Resource, why: str) -> Resource:
        """The resource without its value, to be reviewed and not applied."""
        found = codes.NO_SECRET.at(
            resource.location, f"{resource.address} is shown without its value: {why}"
        )
        self.given.notes.append(
            replace(found, severity=Severity.WARNING, help="It is read once this is merged.")
        )
        return self._with(resource, UNKNOWN)

    def _note_marking(self, resource: Resource) -> None:
        self.given.notes.append(
            codes.MARKED.at(
                resource.location,
                f"{resource.address} becomes sensitive, and history keeps what it was in the clear",
                help="Give it a value that it didn't have before.",
            )
        )

    def _missing(self, resource: Resource, why: str, help: str = _SET_IT) -> Resource:
        self.given.missing[resource.address] = codes.NO_SECRET.at(
            resource.location,
            f"{resource.address} has no value to be given: {why}",
            help=help,
        )
        return self._with(resource, UNKNOWN)


def _spelled(text: str, value_type: str) -> str:
    """A value as the column has it. Raises Misfit, or UnicodeEncodeError."""
    text.encode()
    spelled = spell(parse(text, value_type), value_type)
    if spelled is None or "\0" in spelled:
        raise Misfit("must be text")
    return spelled
