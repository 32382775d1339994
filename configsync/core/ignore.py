"""Ignore rules: fields that others than configsync may set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from configsync.core import address
from configsync.core.resource import Resource, ResourceType


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """Differences of these ``fields`` at the addresses that a glob selects don't count.

    ``fields`` are globs over the names of columns. That a resource comes or
    goes always counts.
    """

    address: str
    fields: tuple[str, ...]

    def covers(self, at: str, field: str) -> bool:
        """Tell whether the rule is about a field of the resource at an address."""
        return self.covers_field(field) and address.matches(at, self.address)

    def covers_field(self, field: str) -> bool:
        """Tell whether the rule is about a field, wherever."""
        return any(fnmatchcase(field, pattern) for pattern in self.fields)


def whole(rules: Iterable[IgnoreRule], types: Mapping[str, ResourceType]) -> tuple[IgnoreRule, ...]:
    """The rules, each covering all of the columns that mean something only together."""
    groups = [t.together for t in types.values() if t.together]
    found = []
    for rule in rules:
        more = {n for g in groups if any(rule.covers_field(n) for n in g) for n in g}
        found.append(replace(rule, fields=(*rule.fields, *sorted(more))))
    return tuple(found)


def ignoring(resource: Resource, actual: Resource, rules: Iterable[IgnoreRule]) -> Resource:
    """``resource`` with the values of ``actual`` in the fields that a rule covers."""
    taken = {
        name: actual.values[name]
        for rule in rules
        for name in resource.differing(actual)
        if name in actual.values and rule.covers(resource.address, name)
    }
    return replace(resource, values={**resource.values, **taken}) if taken else resource
