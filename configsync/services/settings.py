"""Application settings: typed values under a category and a key."""

from __future__ import annotations

from datetime import datetime
from types import EllipsisType
from typing import Any, TypeAlias

from configsync.core import address
from configsync.core.resource import Resource
from configsync.core.revision import HistoryEntry
from configsync.core.sealed import is_sealed
from configsync.core.typed import Misfit, parse
from configsync.core.values import Json
from configsync.kinds.settings import KIND, SETTING
from configsync.kinds.typed import is_sensitive, read
from configsync.services.errors import Invalid, NotFound, Protected
from configsync.services.model import Setting
from configsync.services.service import Service
from configsync.services.write import Body, Draft, is_storable
from configsync.source.scalars import MAX_INTEGER_DIGITS
from configsync.store.read import read_root

Settings: TypeAlias = list[Setting]
Entries: TypeAlias = list[HistoryEntry]
"""By these names, since within the service ``list`` is a method."""


LONGEST = 10**4300
"""Python writes no whole number of more digits."""


class SettingsService(Service):
    """Reads settings with the types that they are kept with, and changes them.

    Null is a value, and not the absence of one. Writes are as those of
    `ProfileService`. Raises Invalid where what somebody wrote into the table is
    no value of its type.
    """

    def list(self, category: str | None = None) -> Settings:
        """All settings, or those of a category, by category and key."""
        return self._read() if category is None else self._read(category)

    def get(self, category: str, key: str, default: Json | EllipsisType = ...) -> Json:
        """The value of a setting, or ``default`` where there is none.

        Raises NotFound, and Protected for a sensitive one.
        """
        for setting in self._read(category, key):
            if setting.sensitive:
                raise Protected(
                    f"The setting {key!r} of {category!r} is sensitive: its value is for the "
                    "application, which reads it by configsync.runtime."
                )
            return setting.value
        if isinstance(default, EllipsisType):
            raise NotFound(f"There is no setting {key!r} in the category {category!r}.")
        return default

    def get_category(self, category: str) -> dict[str, Json]:
        """The values of a category by their keys, without the sensitive ones.

        Raises NotFound if it has no setting.
        """
        found = self._read(category)
        if not found:
            raise NotFound(f"There is no setting in the category {category!r}.")
        return {setting.key: setting.value for setting in found if not setting.sensitive}

    def set(
        self,
        category: str,
        key: str,
        value: Json,
        *,
        user: str,
        type: str | None = None,
        description: str | EllipsisType | None = ...,
    ) -> Setting:
        """Set a value, of a new setting or one that there is.

        A setting keeps its type unless another is given (``string``, ``int``,
        ``float``, ``bool``, ``json``); a new one has by default that of the
        value. Raises Invalid, also for a value that the type can't hold unaltered.
        """

        def edit(draft: Draft) -> None:
            spec: Body = {}
            if draft.has(category):
                spec = draft.take(category)["spec"]
            else:
                draft.add(category, {"metadata": {}, "spec": spec})
            node: Body = {"type": type}
            if key in spec:
                before = spec[key]
                if is_sensitive(before):
                    raise Protected(
                        f"The setting {key!r} of {category!r} is sensitive: its value comes from "
                        "the environment of who applies git."
                    )
                node["type"] = type or read(before)[1]
                if isinstance(before, dict) and "description" in before:
                    node["description"] = before["description"]
            if not isinstance(description, EllipsisType):
                node["description"] = description
            given = {k: v for k, v in node.items() if v is not None}
            spec[key] = {"value": value, **given}
            if given.get("type", "int") == "int" and _is_long(value):
                # As a document has digits that YAML doesn't carry as a number.
                spec[key] |= {"value": str(value), "type": "int"}

        state = self._write(KIND, user, edit)
        return _setting(state[address.join(SETTING.domain, category, key)])

    def delete(self, category: str, key: str, *, user: str) -> None:
        """Delete a setting: its row is deactivated, and its history stays.

        Raises NotFound, and Protected for what says prevent_destroy in git.
        """

        def edit(draft: Draft) -> None:
            spec = draft.take(category)["spec"] if draft.has(category) else {}
            if key not in spec:
                raise NotFound(f"There is no setting {key!r} in the category {category!r}.")
            del spec[key]
            if not spec:
                draft.remove(category)

        self._write(KIND, user, edit)

    def history(
        self,
        category: str | None = None,
        key: str | None = None,
        *,
        user: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int | None = 100,
    ) -> Entries:
        """What was changed in settings, newest first, at most ``limit`` entries.

        Of a category, or of one of its keys; by one user; from ``since`` on,
        before ``until``.
        """
        steps = [SETTING.domain, *([] if category is None else [category])]
        pattern = address.join(*steps, "*" if key is None or category is None else key)
        return self._history(pattern, user=user, since=since, until=until, limit=limit)

    def _read(self, *steps: str) -> Settings:
        """The settings below the first steps of an address, by category and key."""
        if not all(map(is_storable, steps)):
            return []
        types = {SETTING.domain: SETTING}
        with self.database.reading() as transaction:
            rows = read_root(transaction, types, address.join(SETTING.domain, *steps))
        found = (_setting(row.resource) for row in rows.values())
        return sorted(found, key=lambda s: (s.category, s.key))


def _is_long(value: Json) -> bool:
    """Tell whether a value is a whole number of more digits than YAML carries."""
    return isinstance(value, int) and 10**MAX_INTEGER_DIGITS <= abs(value) < LONGEST


def _setting(row: Resource) -> Setting:
    values: dict[str, Any] = row.values
    kept_as = values["value_type"]
    sensitive = is_sealed(values["setting_value"])
    try:
        value = None if sensitive else parse(values["setting_value"], kept_as)
    except Misfit as error:
        raise Invalid(f"{row.address} is kept as {kept_as}, and {error}.") from error
    return Setting(
        category=values["category"],
        key=values["setting_key"],
        value=value,
        type=kept_as,
        description=values["description"],
        sensitive=sensitive,
    )
