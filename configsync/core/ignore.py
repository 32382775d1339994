"""Ignore rules: fields that others than configsync may set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from configsync.core import address
from configsync.core.resource import Resource


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
        return address.matches(at, self.address) and any(
            fnmatchcase(field, pattern) for pattern in self.fields
        )


def ignoring(resource: Resource, actual: Resource, rules: Iterable[IgnoreRule]) -> Resource:
    """``resource`` with the values of ``actual`` in the fields that a rule covers."""
    taken = {
        name: actual.values[name]
        for rule in rules
        for name in resource.differing(actual)
        if name in actual.values and rule.covers(resource.address, name)
    }
    return replace(resource, values={**resource.values, **taken}) if taken else resource
