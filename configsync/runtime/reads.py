"""The reads that a client and a pinned snapshot share: memory only, but for what is lazy."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, TypeVar, cast, overload

from configsync.core import address
from configsync.core.values import Json
from configsync.runtime.content import Content, Key, root_at
from configsync.runtime.errors import Incomplete, NotFound
from configsync.runtime.model import (
    ContextRule,
    Flag,
    NegateRule,
    Origin,
    Profile,
    Project,
    Prompt,
    Setting,
    Source,
)
from configsync.runtime.views import fresh, resources, view

T = TypeVar("T")

FLAGS = "features"
"""The category of settings that `Reads.enabled_for` looks into."""

_ABSENT: Any = object()
_TRUE = ("1", "true", "yes", "on")
_FALSE = ("0", "false", "no", "off")


class Reads:
    """Reads of one revision at a time. All may be called from any thread."""

    __slots__ = ("_content",)

    _content: Content

    @property
    def revision(self) -> int:
        """The revision that reads see; 0 with a fallback, and before the first."""
        return self._content.mark.revision

    @property
    def source(self) -> Source:
        """Where the revision came from: the database, the cache file or the fallback."""
        return self._content.source

    def profile(self, name: str) -> Profile:
        """A profile with all of its parts. Raises NotFound."""
        try:
            # Nothing but a lookup: a call more would double what this takes.
            return self._content.profiles[name]
        except KeyError:
            return cast(Profile, self._view("profile", name))

    def default_profile(self) -> Profile:
        """The profile of applications that name none. Raises NotFound if none is the default."""
        content = self._content
        key = content.default("profile")
        if key is None:
            raise NotFound("There is no default profile.")
        return content.profiles.get(key) or cast(Profile, self._view("profile", key, content))

    def profiles(self) -> list[str]:
        """The names of all profiles, sorted."""
        return cast("list[str]", list(self._content.roots("profile")))

    def prompt(self, name: str) -> Prompt:
        """The active version of a prompt. Raises NotFound."""
        return cast(Prompt, self._view("prompt", name))

    def project(self, code: str) -> Project:
        """A project with its environments and settings. Raises NotFound."""
        return cast(Project, self._view("project", code))

    @overload
    def setting(self, category: str, key: str) -> Any: ...
    @overload
    def setting(self, category: str, key: str, default: T) -> T | Any: ...
    @overload
    def setting(self, category: str, key: str, *, type: type[T]) -> T: ...
    @overload
    def setting(self, category: str, key: str, default: T, *, type: type[T]) -> T: ...
    def setting(
        self, category: str, key: str, default: Any = _ABSENT, *, type: type[Any] | None = None
    ) -> Any:
        """A setting's value, of the type that it has in the database; lists and mappings are new.

        ``default`` is returned where there is no such setting, and only then:
        without it, NotFound is raised. With ``type``, Incomplete is raised for
        a value of another (an int is a float too; a bool is no int).
        """
        try:
            found = cast(Setting, self._view("setting", (category, key))).value
        except NotFound:
            if default is _ABSENT:
                raise
            return default
        if type is float and _is_of(found, int):
            with suppress(OverflowError):
                found = float(cast(int, found))
        if type is not None and not _is_of(found, type):
            raise Incomplete(
                f"The setting {category}/{key} is {found.__class__.__name__}, "
                f"where {type.__name__} is asked for."
            )
        return fresh(found)

    def setting_entry(self, category: str, key: str, default: Any = _ABSENT) -> Setting:
        """A setting with its type, its description and where its value came from.

        As `setting`, with a ``default`` that is asked for where there is none.
        """
        try:
            return cast(Setting, self._view("setting", (category, key)))
        except NotFound:
            if default is _ABSENT:
                raise
            return Setting(category, key, default, None, None, Origin(Source.DEFAULT))

    def settings(self, category: str) -> dict[str, Json]:
        """The values of a category's settings by key, sorted; empty if it has none."""
        content = self._content
        return {
            key[1]: fresh(cast(Setting, self._view("setting", key, content)).value)
            for key in content.roots("setting")
            if key[0] == category
        }

    def context_rules(self) -> tuple[ContextRule, ...]:
        """All context rules, by context."""
        return tuple(self._all("context_rule"))

    def negate_rules(self) -> tuple[NegateRule, ...]:
        """All negate rules, by label, operator and value."""
        return tuple(self._all("negate_rule"))

    def resource(self, at: str) -> Mapping[str, Json]:
        """The values of any resource, of a plug-in kind too, by its address. Raises NotFound."""
        content = self._content
        domain, *keys = address.split(at)
        table = content.tables.get(domain)
        if table is not None and len(keys) >= len(table.type.key):
            own = keys[: len(table.type.key)]
            root = content.root(domain, own[0] if len(own) == 1 else tuple(own))
            found = None if root is None else resources(table, root).get(at)
            if found is not None:
                return found
        raise NotFound(f"There is no {at}.")

    def addresses(self, pattern: str = "*") -> list[str]:
        """The addresses of all roots that a pattern selects, sorted; ``*`` stands for any text."""
        content = self._content
        found = (
            root_at(table.type, key)
            for domain, table in content.tables.items()
            for key in content.roots(domain)
        )
        return sorted(at for at in found if address.matches(at, pattern))

    def origin(self, at: str) -> Origin:
        """Where the value at a root's address came from. Raises NotFound."""
        content = self._content
        domain, *keys = address.split(at)
        root = None
        if domain in content.tables:
            root = content.root(domain, keys[0] if len(keys) == 1 else tuple(keys))
        if root is None:
            raise NotFound(f"There is no {at}.")
        return root.origin

    def enabled_for(self, feature: str, default: bool = False) -> Flag:
        """Whether an application should use what the database has for a feature: a rollout flag.

        The environment variable ``USE_DB_<FEATURE>`` decides where it is set
        (1, true, yes, on; 0, false, no, off), else the setting
        ``features/use_db_<feature>`` where it is a bool, else ``default``.
        """
        name = f"use_db_{feature}".lower()
        told = os.environ.get(name.upper(), "?").strip().lower()
        if told in _TRUE or told in _FALSE:
            return Flag(told in _TRUE, Origin(Source.ENVIRONMENT))
        found = self.setting_entry(FLAGS, name, default)
        if isinstance(found.value, bool):
            return Flag(found.value, found.origin)
        return Flag(default, Origin(Source.DEFAULT))

    def _all(self, domain: str) -> Iterator[Any]:
        content = self._content
        table = content.tables[domain]
        for root in content.roots(domain).values():
            yield view(table, root)

    def _view(self, domain: str, key: Key, content: Content | None = None) -> Any:
        content = content or self._content
        table = content.tables[domain]
        try:
            return table.views[key]
        except KeyError:
            root = content.root(domain, key)
        if root is None:
            raise _not_found(domain, key)
        found = table.views[key] = view(table, root)
        return found


def _not_found(domain: str, key: Key) -> NotFound:
    name = key if isinstance(key, str) else "/".join(key)
    return NotFound(f"There is no {domain.replace('_', ' ')} {name!r}.")


def _is_of(value: Any, type_: type[Any]) -> bool:
    return isinstance(value, type_) and (type_ is not int or not isinstance(value, bool))
