"""What a database has published of resources whose every version is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from configsync.core.resource import Resource, ResourceType
from configsync.core.values import Row


@dataclass(frozen=True, slots=True)
class Published:
    """The published versions of resources, by address.

    Of those that were asked for: ``newest`` has the highest number of each,
    active or not, ``rows`` the versions' values, by address and number.
    """

    newest: Mapping[str, int] = field(default_factory=dict)
    rows: Mapping[tuple[str, int], Row] = field(default_factory=dict)


def version_number(resource: Resource, types: Mapping[str, ResourceType]) -> int | None:
    """The number of a resource's version; None if it has none, or the database decides it."""
    type_ = types.get(resource.domain)
    if type_ is None or type_.versions is None:
        return None
    number = resource.values[type_.versions.number]
    return number if isinstance(number, int) else None
