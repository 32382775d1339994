"""Resources and states: one type for the desired, the applied and the live."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, Iterator, Mapping, ValuesView
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from configsync.core import address
from configsync.core.diagnostic import Location
from configsync.core.values import ColumnType, Json, Row, canonical_json, equal


@dataclass(frozen=True, slots=True)
class Column:
    """A column whose value configsync keeps."""

    name: str
    type: ColumnType
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Versions:
    """How a table keeps every version of a resource, the active one being the resource.

    ``number`` is the column that counts the versions of a key from 1. A change
    of a column of ``content`` makes the next version; a published one never has
    another content. Where a desired state has None for the number, the database
    decides it. Such a table has created_by, created_at and deactivated_at.
    """

    number: str
    content: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ResourceType:
    """How the resources of one domain lie in a table.

    ``key`` is the natural key: unique in the table, or within the parent's row
    where there is a ``parent``; empty for a part of which each parent has one.
    Of a ``required`` part, a parent keeps at least one.
    ``default`` names a boolean column that at most one row (one row of each
    parent) has set. A table with ``audit`` has created_at/by and updated_at/by,
    which move with the row and with its parts.

    ``active`` names a boolean column: a row with false in it is as if it weren't
    there, and deleting sets it. It is none of ``columns``. With ``versions``,
    which needs it, a key has several rows. ``settle`` brings columns whose form
    depends on each other into the one form that states compare; these are
    ``together``, and an ignore rule that covers one covers all of them.

    ``sensitive`` names a boolean column, none of ``columns`` either: of a row with
    true in it, states have the column ``sealed`` sealed (`configsync.core.sealed`).
    """

    domain: str
    kind: str
    table: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    parent: ResourceType | None = None
    parent_column: str = ""
    default: str | None = None
    required: bool = False
    audit: bool = False
    active: str | None = None
    versions: Versions | None = None
    settle: Callable[[Row], Row] | None = None
    together: tuple[str, ...] = ()
    sensitive: str | None = None
    sealed: str = ""
    names: tuple[str, ...] = field(init=False, compare=False)
    """The names of the columns, in order."""
    step: str = field(init=False, compare=False)
    """The domain as it stands in addresses."""

    def __post_init__(self) -> None:
        if self.versions is not None and (self.active is None or self.parent is not None):
            raise ValueError(f"versions of {self.domain} need an active column, and no parent")
        if self.versions is not None:
            # A number stands for its content.
            together = (self.versions.number, *self.versions.content)
            object.__setattr__(self, "together", together)
        object.__setattr__(self, "names", tuple(c.name for c in self.columns))
        object.__setattr__(self, "step", address.join(self.domain))

    @property
    def table_columns(self) -> tuple[str, ...]:
        """The names of all columns that the table has, those that configsync fills included."""
        names = ["id", *([self.parent_column] if self.parent else []), *self.names]
        names += [self.active] if self.active else []
        names += [self.sensitive] if self.sensitive else []
        if self.audit or self.versions:
            names += ["created_at", "created_by"]
        if self.audit:
            names += ["updated_at", "updated_by"]
        if self.versions:
            names.append("deactivated_at")
        return tuple(names)

    def address(self, row: Mapping[str, Json], parent: str | None) -> str:
        """The address of the resource that a row holds."""
        own = self.step
        if self.key:
            own += "/" + address.join(*[str(row[k]) for k in self.key])
        return own if parent is None else f"{parent}/{own}"

    def parent_address(self, at: str) -> str | None:
        """The address of the parent of the resource at an address of this type."""
        if self.parent is None:
            return None
        return "/".join(at.split("/")[: 1 + len(self.parent.key)])


@dataclass(frozen=True, slots=True)
class Resource:
    """One row-shaped unit.

    ``values`` has every column of the resource's type, in canonical form.
    Where it is defined (``location``; ``elsewhere`` for values that another
    file's layer sets) and what stands in its metadata are no part of what is
    compared. ``uses`` are the addresses of other roots that it relies on.
    ``true_value`` is what a sealed value of it stands for, known only within a
    process that is given it, and shown nowhere.
    """

    address: str
    domain: str
    values: Row
    parent: str | None = None
    owner: str | None = None
    location: Location | None = None
    renamed_from: str | None = None
    prevent_destroy: bool = False
    elsewhere: dict[str, Location] | None = None
    labels: dict[str, str] | None = None
    uses: tuple[str, ...] = ()
    true_value: str | None = field(default=None, repr=False, compare=False)

    @property
    def root(self) -> str:
        """The address of the resource itself, or of the parent that it is a part of."""
        return self.parent or self.address

    def differing(self, other: Resource) -> tuple[str, ...]:
        """The names of the columns whose values differ, in order."""
        return tuple(
            k
            for k, v in self.values.items()
            if k not in other.values or not equal(v, other.values[k])
        )

    def same_values(self, other: Resource) -> bool:
        """Tell whether both hold the same values."""
        return self.values == other.values and not self.differing(other)


def root_address(at: str, types: Mapping[str, ResourceType]) -> str:
    """The address of the root that a resource, by its address, is or is a part of."""
    steps = at.split("/")
    type_ = types.get(steps[0])
    return "/".join(steps[: 2 if type_ is None else 1 + len(type_.key)])


def former_address(
    root: str, type_: ResourceType, changes: Mapping[str, Mapping[str, Json]]
) -> str:
    """The address that a root had before some changes, ``old`` and ``new`` of each field."""
    domain, *keys = address.split(root)
    former = (
        str(changes[name]["old"]) if name in changes else key
        for name, key in zip(type_.key, keys, strict=True)
    )
    return address.join(domain, *former)


class State(Mapping[str, Resource]):
    """A set of resources by address; never changed once made."""

    __slots__ = ("_resources",)

    def __init__(self, resources: Iterable[Resource] = ()) -> None:
        self._resources = {r.address: r for r in resources}

    def __getitem__(self, key: str) -> Resource:
        return self._resources[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._resources)

    def __len__(self) -> int:
        return len(self._resources)

    def __contains__(self, key: object) -> bool:
        return key in self._resources

    # The views of a Mapping would ask for each item by itself.

    def get(self, key: str, default: Any = None) -> Any:
        return self._resources.get(key, default)

    def items(self) -> ItemsView[str, Resource]:
        return self._resources.items()

    def values(self) -> ValuesView[Resource]:
        return self._resources.values()

    def parts(self, root: str) -> Iterator[Resource]:
        """The resource at ``root`` and its parts, by address."""
        for key in sorted(self._resources):
            if address.within(key, root):
                yield self._resources[key]

    def digest(self) -> str:
        """Digest what the state holds, addresses and values, in no particular order."""
        whole = blake2b(digest_size=16)
        for key in sorted(self._resources):
            resource = self._resources[key]
            line = [
                *(key, resource.values, resource.renamed_from, resource.prevent_destroy),
                *([resource.labels] if resource.labels else []),
                *([{"uses": resource.uses}] if resource.uses else []),
            ]
            whole.update(canonical_json(line).encode() + b"\n")
        return whole.hexdigest()
