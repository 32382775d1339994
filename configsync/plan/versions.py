"""Decides the version of what has versions, before the states are compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from configsync.core import address, codes
from configsync.core.diagnostic import Diagnostic
from configsync.core.published import Published, version_number
from configsync.core.resource import Resource, ResourceType, State, Versions
from configsync.core.values import Row, equal


def pinned(
    desired: State, live: State, types: Mapping[str, ResourceType], renamed: Mapping[str, str]
) -> Iterator[tuple[str, int]]:
    """The versions that a desired state names, with the addresses under which they may lie."""
    live_at = {old: at for at, old in renamed.items()}
    for at, wanted in desired.items():
        number = version_number(wanted, types)
        if number is not None:
            yield at, number
            former = _former(wanted, live, live_at)
            if former != at:
                yield former, number


@dataclass(frozen=True, slots=True)
class Numbering:
    """A desired state in which every version has its number.

    ``diagnostics`` are pins of what was never published, or had other content.
    """

    desired: State
    diagnostics: tuple[Diagnostic, ...] = ()


def number_versions(
    desired: State,
    live: State,
    published: Published,
    types: Mapping[str, ResourceType],
    renamed: Mapping[str, str],
    *,
    going_back: bool = False,
    follow: bool = False,
) -> Numbering:
    """Decide the version of each resource that has versions.

    The live one's where its content is as desired, else the next. A number that
    the source pins stays, and stands for what was published under it.
    ``renamed`` has the live address of what was renamed past configsync, with
    the one on record. ``going_back`` is for a past state: its versions are
    published again if somebody purged them. To ``follow`` is to take the live
    number whatever the content.
    """
    if not any(t.versions for t in types.values()):
        return Numbering(desired)
    live_at = {old: at for at, old in renamed.items()}
    numbered: list[Resource] = []
    problems: list[Diagnostic] = []
    for at, wanted in desired.items():
        versions = types[wanted.domain].versions
        if versions is None:
            numbered.append(wanted)
            continue
        former = _former(wanted, live, live_at)
        number = version_number(wanted, types)
        if number is None:
            actual = live.get(former)
            if actual is not None and (
                follow or _same_content(wanted.values, actual.values, versions)
            ):
                number = version_number(actual, types)
            else:
                number = max(published.newest.get(a, 0) for a in (at, former)) + 1
            numbered.append(_with(wanted, {versions.number: number}))
            continue
        row = published.rows.get((former, number))
        if row is None:
            if not going_back:
                problems.append(_unpublished(wanted, number, published.newest.get(former, 0)))
            numbered.append(wanted)
        elif all(wanted.values[n] is None for n in versions.content):
            key = types[wanted.domain].key
            given = {k: v for k, v in wanted.values.items() if k in key}
            numbered.append(_with(wanted, {**row, **given}))
        else:
            if not _same_content(wanted.values, row, versions):
                problems.append(_other_content(wanted, number))
            numbered.append(wanted)
    return Numbering(State(numbered), tuple(problems))


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


def _former(wanted: Resource, live: State, live_at: Mapping[str, str]) -> str:
    """The address at which the database has a resource, its rename being still to come."""
    at = wanted.address
    if at in live:
        return at
    if at in live_at:
        return live_at[at]
    if wanted.renamed_from is not None:
        former = address.renamed(at, wanted.renamed_from)
        if former in live:
            return former
    return at


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
