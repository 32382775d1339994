"""Profiles as wholes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import EllipsisType
from typing import Any, TypeAlias

from configsync.core import address
from configsync.core.resource import Resource
from configsync.kinds.defaults import new_profile
from configsync.kinds.profile import (
    AI_INFRA,
    GENIE_SPACE,
    KIND,
    MLFLOW,
    PROFILE,
    PROMPTS,
)
from configsync.services.errors import NotFound
from configsync.services.model import AiInfra, GenieSpace, Mlflow, Profile, Prompts
from configsync.services.service import Service, fields_of
from configsync.services.write import Body, Draft, is_storable
from configsync.store.database import Transaction
from configsync.store.read import read_live, read_root
from configsync.store.roots import Audit, default_key, read_audit

Profiles: TypeAlias = list[Profile]
"""By this name, since within the service ``list`` is a method."""
Given: TypeAlias = Mapping[str, Any]
"""Some fields of a part by their names; the others stay as they are."""

_TYPES = {t.domain: t for t in KIND.types}


class ProfileService(Service):
    """Reads profiles, and creates, changes and deletes them.

    Each call is one transaction: all of it happens, or none. A write is refused
    by what `configsync validate` and the policies of a plan refuse; one that
    changes nothing writes nothing. It makes one revision, of source
    ``service``, whose history names ``user``.
    """

    def list(self) -> Profiles:
        """All profiles with their parts, by name."""
        with self.database.reading() as transaction:
            rows = read_live(transaction, KIND.types).values()
            return _profiles(rows, read_audit(transaction, PROFILE))

    def get(self, name: str) -> Profile:
        """A profile with its parts. Raises NotFound."""
        with self.database.reading() as transaction:
            return read_profile(transaction, name)

    def get_default(self) -> Profile:
        """The profile of applications that name none. Raises NotFound if none is the default."""
        with self.database.reading() as transaction:
            name = default_key(transaction, PROFILE)
            if name is None:
                raise NotFound("No profile is the default.")
            return read_profile(transaction, name)

    def create(
        self,
        name: str,
        *,
        user: str,
        description: str | EllipsisType | None = ...,
        copy_from: str | None = None,
        ai_infra: AiInfra | Given | None = None,
        genie_spaces: Iterable[GenieSpace | Given] | None = None,
        mlflow: Mlflow | Given | None = None,
        prompts: Prompts | Given | None = None,
    ) -> Profile:
        """Create a profile: a copy of another one, or else with defaults.

        What is given is laid over that; ``genie_spaces`` are all that it has.
        The default Genie space is a placeholder. The first profile is the
        default, any other isn't. Raises DuplicateName, Invalid, and NotFound
        for ``copy_from``.
        """
        parts = _Parts(ai_infra, genie_spaces, mlflow, prompts)

        def edit(draft: Draft) -> None:
            if copy_from is None:
                body: Body = {"metadata": {}, "spec": new_profile(name)}
            else:
                body = draft.copy(copy_from)
                body["spec"].pop("default", None)
            if not draft.roots:
                body["spec"]["default"] = True
            _describe(body, description)
            parts.lay_over(body["spec"])
            draft.add(name, body)

        self._write(KIND, user, edit)
        return self.get(name)

    def update(
        self,
        name: str,
        *,
        user: str,
        new_name: str | None = None,
        description: str | EllipsisType | None = ...,
        ai_infra: AiInfra | Given | None = None,
        genie_spaces: Iterable[GenieSpace | Given] | None = None,
        mlflow: Mlflow | Given | None = None,
        prompts: Prompts | Given | None = None,
    ) -> Profile:
        """Change what is given of a profile; all else stays.

        ``new_name`` renames it, and its identity and history stay; a
        ``description`` of None takes it away; ``genie_spaces`` replace those
        that it has. Raises NotFound, DuplicateName and Invalid.
        """
        parts = _Parts(ai_infra, genie_spaces, mlflow, prompts)

        def edit(draft: Draft) -> None:
            body = draft.take(name)
            _describe(body, description)
            parts.lay_over(body["spec"])
            if new_name is not None:
                draft.rename(name, new_name)

        self._write(KIND, user, edit)
        return self.get(name if new_name is None else new_name)

    def delete(self, name: str, *, user: str) -> None:
        """Delete a profile with its parts; its history stays.

        Raises NotFound, and Protected for the default and for what says
        prevent_destroy in git.
        """
        self._write(KIND, user, lambda draft: draft.remove(name))

    def set_default(self, name: str, *, user: str) -> Profile:
        """Make a profile the default instead of the one that is it. Raises NotFound."""

        def edit(draft: Draft) -> None:
            draft.take(name)["spec"]["default"] = True

        self._write(KIND, user, edit)
        return self.get(name)

    def duplicate(
        self,
        name: str,
        new_name: str,
        *,
        user: str,
        description: str | EllipsisType | None = ...,
    ) -> Profile:
        """Copy a profile under another name. Raises NotFound, DuplicateName and Invalid."""
        return self.create(new_name, user=user, description=description, copy_from=name)


class _Parts:
    """What is given of the parts of a profile."""

    def __init__(
        self,
        ai_infra: AiInfra | Given | None,
        genie_spaces: Iterable[GenieSpace | Given] | None,
        mlflow: Mlflow | Given | None,
        prompts: Prompts | Given | None,
    ) -> None:
        given = {"ai_infra": ai_infra, "mlflow": mlflow, "prompts": prompts}
        self.sections = {k: fields_of(part) for k, part in given.items() if part is not None}
        self.spaces = None if genie_spaces is None else [fields_of(s) for s in genie_spaces]

    def lay_over(self, spec: Body) -> None:
        """Put them into a profile's ``spec``."""
        for section, fields in self.sections.items():
            spec[section] = {**spec.get(section, {}), **fields}
        if self.spaces is not None:
            spec["genie_spaces"] = [space_document(fields) for fields in self.spaces]


def space_document(fields: Mapping[str, Any]) -> Body:
    """A Genie space as a profile's document has it, where what is absent is null or false."""
    document = {k: v for k, v in fields.items() if k != "is_default" and v is not None}
    if fields.get("is_default", False) is not False:
        document["default"] = fields["is_default"]
    return document


def space(resource: Resource) -> GenieSpace:
    """The Genie space that a row holds."""
    values: dict[str, Any] = resource.values
    return GenieSpace(**values)


def sorted_spaces(spaces: Iterable[GenieSpace]) -> list[GenieSpace]:
    """Genie spaces, the default first, then by id."""
    return sorted(spaces, key=lambda s: (s.is_default is not True, s.space_id))


def read_profile(transaction: Transaction, name: str) -> Profile:
    """A profile with its parts. Raises NotFound."""
    if is_storable(name):
        rows = read_root(transaction, _TYPES, address.join(PROFILE.domain, name))
        resources = (row.resource for row in rows.values())
        found = _profiles(resources, read_audit(transaction, PROFILE, name))
        if found:
            return found[0]
    raise NotFound(f"There is no profile {name!r}.")


def _profiles(resources: Iterable[Resource], audits: Mapping[str, Audit]) -> Profiles:
    """The profiles that rows make, by name."""
    rows: dict[str, dict[str, list[Resource]]] = {}
    for resource in resources:
        rows.setdefault(resource.root, {}).setdefault(resource.domain, []).append(resource)
    found = [_profile(rows[root], audit) for root, audit in audits.items()]
    return sorted(found, key=lambda p: p.name)


def _profile(rows: Mapping[str, Iterable[Resource]], audit: Audit) -> Profile:
    """The profile that its rows, by domain, make."""
    values: dict[str, Any] = {domain: next(iter(of)).values for domain, of in rows.items()}
    ai_infra, mlflow, prompts = (values.get(t.domain) for t in (AI_INFRA, MLFLOW, PROMPTS))
    return Profile(
        **values[PROFILE.domain],
        ai_infra=ai_infra and AiInfra(**ai_infra),
        genie_spaces=tuple(sorted_spaces(map(space, rows.get(GENIE_SPACE.domain, ())))),
        mlflow=mlflow and Mlflow(**mlflow),
        prompts=prompts and Prompts(**prompts),
        created_at=audit.created_at,
        created_by=audit.created_by,
        updated_at=audit.updated_at,
        updated_by=audit.updated_by,
        id=audit.row_id,
    )


def _describe(body: Body, description: str | EllipsisType | None) -> None:
    if description is None:
        body["metadata"].pop("description", None)
    elif not isinstance(description, EllipsisType):
        body["metadata"]["description"] = description
