"""Settings: the values of one category, each under its key, of any type."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from configsync.core import address
from configsync.core.document import Document, Path
from configsync.core.kind import Compiled, Kind, Subject
from configsync.core.resource import Column, Resource, ResourceType
from configsync.core.values import Text
from configsync.kinds.describe import schema, spec
from configsync.kinds.typed import (
    COLUMNS,
    KEYS,
    VALUE,
    Short,
    ValueType,
    compile_value,
    decompile_value,
    is_sensitive,
    settle,
    typed_value,
    value_path,
)


@spec
class Setting:
    """A setting in full: with its type stated, a description, or a mapping for its value."""

    value: Any
    """The value: of any type, a mapping included."""
    type: ValueType = ""
    """The type that the application reads it as; by default that of the value."""
    description: str = ""
    """What the setting is for."""
    sensitive: bool = False
    """Whether only a keyed digest of the value is shown and kept anywhere but in the table that
    the application reads. The value is then {$env: NAME}."""


SettingsSpec = Annotated[
    dict[str, Short | Setting],
    KEYS,
    schema(description="The settings of the category, by their keys."),
]

SETTING = ResourceType(
    domain="setting",
    kind="Settings",
    table="app_settings",
    columns=(
        Column("category", Text(100)),
        Column("setting_key", Text(255)),
        *COLUMNS,
        Column("description", Text(), nullable=True),
    ),
    key=("category", "setting_key"),
    active="is_active",
    settle=settle,
    together=VALUE,
    sensitive="is_sensitive",
    sealed="setting_value",
)


def compile_settings(document: Document) -> Iterator[Compiled]:
    """Compile a category to a row for each of its settings."""
    category = document.body["metadata"]["name"]
    for key, node in document.body["spec"].items():
        path = ("spec", key)
        values, paths = compile_value(node, path)
        yield Compiled(
            SETTING,
            {
                "category": category,
                "setting_key": key,
                **values,
                "description": node.get("description") if isinstance(node, dict) else None,
            },
            path,
            paths={"category": ("metadata", "name"), "setting_key": path, **paths},
        )


def decompile_settings(resources: Iterable[Resource]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Turn settings back into documents, one a category; null is absent, empty text is not."""
    categories: dict[str, list[Resource]] = {}
    for resource in resources:
        categories.setdefault(str(resource.values["category"]), []).append(resource)
    for category, found in categories.items():
        metadata: dict[str, Any] = {"name": category}
        if any(r.prevent_destroy for r in found):
            metadata["prevent_destroy"] = True
        values = {str(r.values["setting_key"]): decompile_value(r.values) for r in found}
        spec = dict(sorted(values.items()))
        yield address.join(SETTING.domain, category), {"metadata": metadata, "spec": spec}


def subject(document: Document) -> Subject:
    """The values of a category by their keys, for the team's schema of it."""
    settings = document.body["spec"]

    def place(path: Path) -> Path:
        if not path:
            return ("spec",)
        key, *rest = path
        return (*value_path(settings.get(key), ("spec", key)), *rest)

    sensitive = frozenset(key for key, node in settings.items() if is_sensitive(node))
    return Subject({key: typed_value(node) for key, node in settings.items()}, place, sensitive)


KIND = Kind(
    name="Settings",
    title="Settings of a category",
    spec=SettingsSpec,
    types=(SETTING,),
    compile=compile_settings,
    decompile=decompile_settings,
    subject=subject,
)
