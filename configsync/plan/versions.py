"""Decides the version of what has versions, before the states are compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from configsync.core import address, codes
from configsync.core.diagnostic import Diagnostic
from configsync.core.published import Published, version_number
from configsync.core.resource import Resource, ResourceType, State, Versions
from configsync.core.values import Row, equal


@dataclass(frozen=True, slots=True)
class Known:
    """What a database holds, as far as it decides versions.

    ``renamed`` has the live address of what was renamed past configsync, with
    the one on record.
    """

    live: State
    applied: State
    renamed: Mapping[str, str]
    _now: dict[str, str] = field(init=False, repr=False)
    """The live addresses by those on record."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_now", {old: now for now, old in self.renamed.items()})

    def place(self, wanted: Resource) -> str:
        """The address at which a resource is live, its rename being perhaps still to come."""
        at = wanted.address
        if at in self.live:
            return at
        if at in self._now:
            return self._now[at]
        if wanted.renamed_from is not None:
            former = address.renamed(at, wanted.renamed_from)
            if former in self.live:
                return former
        return at


def versions_named(
    desired: State, known: Known, types: Mapping[str, ResourceType]
) -> Iterator[tuple[str, int | None]]:
    """The versions that may decide those of a desired state, with their addresses.

    They are what it pins and, where it leaves the number to the database and its
    content isn't the live one, what it was last applied as and the newest: None.
    """
    for at, wanted in desired.items():
        versions = types[wanted.domain].versions
        if versions is None:
            continue
        place = known.place(wanted)
        number = version_number(wanted, types)
        if number is not None:
            yield place, number
        elif _live_number(wanted, known.live.get(place), types) is None:
            yield place, None
            for applied in (known.applied.get(at), known.applied.get(place)):
                number = None if applied is None else version_number(applied, types)
                if number is not None:
                    yield place, number


@dataclass(frozen=True, slots=True)
class Numbering:
    """A desired state in which every version has its number.

    ``diagnostics`` are pins of what was never published, or had other content.
    """

    desired: State
    diagnostics: tuple[Diagnostic, ...] = ()


def number_versions(
    desired: State,
    known: Known,
    published: Published,
    types: Mapping[str, ResourceType],
    *,
    going_back: bool = False,
    follow: bool = False,
) -> Numbering:
    """Decide the version of each resource that has versions.

    That of the live one, of the one last applied or of the newest, whichever
    first has the desired content, else the next. A number that the source pins
    stays, and stands for what was published under it. ``going_back`` is for a
    past state: its versions are published again if somebody purged them. To
    ``follow`` is to take the live number whatever the content.
    """
    if not any(types[r.domain].versions for r in desired.values()):
        return Numbering(desired)
    numbered: list[Resource] = []
    problems: list[Diagnostic] = []
    for wanted in desired.values():
        versions = types[wanted.domain].versions
        if versions is None:
            numbered.append(wanted)
            continue
        place = known.place(wanted)
        number = version_number(wanted, types)
        if number is None:
            number = _undecided(wanted, place, known, published, types, follow)
            numbered.append(_with(wanted, {versions.number: number}))
            continue
        settled = _pinned(wanted, number, place, known, published, types, going_back)
        if isinstance(settled, Diagnostic):
            problems.append(settled)
            settled = wanted
        numbered.append(settled)
    return Numbering(State(numbered), tuple(problems))


def _pinned(
    wanted: Resource,
    number: int,
    place: str,
    known: Known,
    published: Published,
    types: Mapping[str, ResourceType],
    going_back: bool,
) -> Resource | Diagnostic:
    """A resource whose version the source names, with what that says; or why that can't be."""
    type_ = types[wanted.domain]
    assert type_.versions is not None
    content = type_.versions.content
    newest = published.newest.get(place, 0)
    row = published.rows.get((place, number))
    if row is None:
        return wanted if going_back else _unpublished(wanted, number, newest)
    if all(wanted.values[n] is None for n in content):
        # As it was: with what isn't fixed by its number as it was last applied.
        applied = known.applied.get(wanted.address)
        kept = applied is not None and version_number(applied, types) == number
        values = {**row, **(applied.values if applied and kept else {})}
        values |= {n: row[n] for n in content}
        return _with(wanted, values | {k: wanted.values[k] for k in type_.key})
    if _same_content(wanted.values, row, type_.versions):
        return wanted
    if going_back:
        # It was purged since, and its number given to another text.
        return _with(wanted, {type_.versions.number: newest + 1})
    return _other_content(wanted, number)


def _undecided(
    wanted: Resource,
    place: str,
    known: Known,
    published: Published,
    types: Mapping[str, ResourceType],
    follow: bool,
) -> int:
    """The number of a version that the source leaves to the database."""
    versions = types[wanted.domain].versions
    assert versions is not None
    number = _live_number(wanted, known.live.get(place), types, follow)
    if number is not None:
        return number
    applied = known.applied.get(wanted.address) or known.applied.get(place)
    if applied is not None and _same_content(wanted.values, applied.values, versions):
        number = version_number(applied, types)
        # It may have been purged since.
        if number is not None and (place, number) in published.rows:
            return number
    newest = published.newest.get(place, 0)
    row = published.rows.get((place, newest))
    # It was deactivated, or an earlier one was pinned meanwhile.
    return newest if row and _same_content(wanted.values, row, versions) else newest + 1


def _live_number(
    wanted: Resource,
    live: Resource | None,
    types: Mapping[str, ResourceType],
    follow: bool = False,
) -> int | None:
    """The number of the live version, if its content is as desired, or it is to be followed."""
    versions = types[wanted.domain].versions
    assert versions is not None
    if live is None or not (follow or _same_content(wanted.values, live.values, versions)):
        return None
    return version_number(live, types)


def as_written(
    resource: Resource, source: Resource | None, types: Mapping[str, ResourceType]
) -> Resource:
    """A live or past resource as a source would say it, that says ``source`` of it now.

    It leaves the number to the database unless it pins one; what it pins without
    any content, it still does.
    """
    versions = types[resource.domain].versions
    if versions is None:
        return resource
    if source is None or source.values[versions.number] is None:
        return _with(resource, {versions.number: None})
    if all(source.values[n] is None for n in versions.content):
        left = [n for n in resource.values if n != versions.number and source.values[n] is None]
        return _with(resource, dict.fromkeys(left))
    return resource


def _same_content(left: Row, right: Row, versions: Versions) -> bool:
    return all(equal(left[n], right[n]) for n in versions.content)


def _with(resource: Resource, values: Row) -> Resource:
    return replace(resource, values={**resource.values, **values})


def _unpublished(wanted: Resource, number: int, newest: int) -> Diagnostic:
    known = f"its newest version is {newest}" if newest else "it has no version yet"
    return codes.VERSION_UNPUBLISHED.at(
        wanted.location,
        f"{wanted.address} has no version {number} in this database: {known}",
        path="spec.version",
        help="Pin a version that was published, or remove version: to publish the next one.",
    )


def _other_content(wanted: Resource, number: int) -> Diagnostic:
    return codes.VERSION_REWRITTEN.at(
        wanted.location,
        f"version {number} of {wanted.address} was published with other content",
        "A published version's content never changes.",
        path="spec.version",
        help="Remove version: to publish this content as the next one, or remove the content to "
        "activate the version as it was.",
    )
