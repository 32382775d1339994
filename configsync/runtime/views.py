"""Makes of a root's rows what applications read: one function a domain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, cast

from configsync.core import address
from configsync.core.resource import ResourceType
from configsync.core.sealed import is_sealed
from configsync.core.typed import Misfit, parse
from configsync.core.values import Json, Row
from configsync.runtime.content import Root, Table, row_of
from configsync.runtime.errors import Incomplete
from configsync.runtime.model import (
    AiInfra,
    ContextRule,
    Environment,
    GenieSpace,
    Missing,
    Mlflow,
    NegateRule,
    Profile,
    Project,
    Prompt,
    Prompts,
    Setting,
)


def view(table: Table, root: Root) -> Any:
    """The value that readers get of a root, made once."""
    if root.view is None:
        make = _MAKERS.get(table.type.domain)
        root.view = MappingProxyType(resources(table, root)) if make is None else make(table, root)
    return root.view


def resources(table: Table, root: Root) -> dict[str, Mapping[str, Json]]:
    """The values of a root and its parts, each by its address, the root's first."""
    row = row_of(table.type, root.cells)
    at = table.type.address(row, None)
    found: dict[str, Mapping[str, Json]] = {at: MappingProxyType(row)}
    for type_ in table.parts:
        for part in _rows(type_, root):
            found[type_.address(part, at)] = MappingProxyType(part)
    return found


def fresh(value: Json) -> Json:
    """A value that the caller may change: lists and mappings are new."""
    match value:
        case list():
            return [fresh(v) for v in value]
        case dict():
            return {k: fresh(v) for k, v in value.items()}
    return value


def _rows(type_: ResourceType, root: Root) -> Iterator[Row]:
    for cells in root.parts.get(type_.domain, ()):
        yield row_of(type_, cells)


def _part(table: Table, root: Root, domain: str) -> Iterator[dict[str, Any]]:
    (type_,) = (t for t in table.parts if t.domain == domain)
    return _rows(type_, root)


def _profile(table: Table, root: Root) -> Profile:
    row: dict[str, Any] = row_of(table.type, root.cells)
    at = address.join("profile", row["name"])

    def only(domain: str, make: Any) -> Any:
        for values in _part(table, root, domain):
            return make(**values)
        return Missing(f"{at}/{domain}")

    spaces = [GenieSpace(**values) for values in _part(table, root, "genie_space")]
    return Profile(
        name=row["name"],
        description=row["description"],
        is_default=row["is_default"],
        ai_infra=only("ai_infra", AiInfra),
        genie_spaces=tuple(sorted(spaces, key=lambda s: (s.is_default is not True, s.space_id))),
        mlflow=only("mlflow", Mlflow),
        prompts=only("prompts", Prompts),
        origin=root.origin,
    )


def _prompt(table: Table, root: Root) -> Prompt:
    row: dict[str, Any] = row_of(table.type, root.cells)
    return Prompt(
        name=row["prompt_name"],
        version=row["version"],
        content=row["prompt_content"],
        variables=tuple(row["variables"]),
        agent=row["agent_name"],
        type=row["prompt_type"],
        origin=root.origin,
    )


def _setting(table: Table, root: Root) -> Setting:
    row: dict[str, Any] = row_of(table.type, root.cells)
    at = address.join("setting", row["category"], row["setting_key"])
    return Setting(
        category=row["category"],
        key=row["setting_key"],
        value=_value(at, row),
        type=row["value_type"],
        description=row["description"],
        origin=root.origin,
    )


def _project(table: Table, root: Root) -> Project:
    row: dict[str, Any] = row_of(table.type, root.cells)
    at = address.join("project", row["project_code"])
    found = sorted(_part(table, root, "environment"), key=lambda e: cast(str, e["env_code"]))
    environments = tuple(Environment(**values) for values in found)
    settings = sorted(_part(table, root, "project_setting"), key=lambda s: str(s["setting_key"]))
    return Project(
        code=row["project_code"],
        project_name=row["project_name"],
        log_source_type=row["log_source_type"],
        description=row["description"],
        environments=environments,
        settings=MappingProxyType({s["setting_key"]: _value(at, s) for s in settings}),
        origin=root.origin,
        _by_code={e.env_code: e for e in environments},
    )


def _context_rule(table: Table, root: Root) -> ContextRule:
    return ContextRule(**cast("dict[str, Any]", row_of(table.type, root.cells)), origin=root.origin)


def _negate_rule(table: Table, root: Root) -> NegateRule:
    return NegateRule(**cast("dict[str, Any]", row_of(table.type, root.cells)), origin=root.origin)


def _value(at: str, row: dict[str, Any]) -> Json:
    if is_sealed(row["setting_value"]):
        raise Incomplete(
            f"The setting {row['setting_key']} of {at} is sensitive, so that history has no value "
            "of it at the revision that is held. Refresh, or load it at the start."
        )
    try:
        return parse(row["setting_value"], row["value_type"])
    except Misfit as error:
        raise Incomplete(
            f"The setting {row['setting_key']} of {at} is kept as {row['value_type']}, "
            f"and {error}. Somebody wrote it past configsync."
        ) from error


_MAKERS = {
    "profile": _profile,
    "prompt": _prompt,
    "setting": _setting,
    "project": _project,
    "context_rule": _context_rule,
    "negate_rule": _negate_rule,
}
