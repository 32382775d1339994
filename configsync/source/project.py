"""A project: its folder and the settings of configsync in it.

Settings stand in ``configsync.toml`` or under ``[tool.configsync]`` in
``pyproject.toml``; without any, the defaults of `Project` hold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from configsync.core import codes
from configsync.core.diagnostic import Severity
from configsync.core.errors import UsageError
from configsync.core.ignore import IgnoreRule
from configsync.core.secrets import masked

if TYPE_CHECKING:
    from configsync.core.policy import DeclaredPolicy

DEFAULT_DATABASE = "sqlite:///configsync.db"
DEFAULT_TARGET = "default"

_KEYS: dict[str, type] = {
    "source": str,
    "paths": list,
    "schemas": str,
    "targets": dict,
    "severity": dict,
    "allow_aliases": bool,
    "ignore": list,
    "policies": list,
    "env": list,
}
_TARGET_KEYS: dict[str, type] = {
    "database": str,
    "database_env": str,
    "overlay": str,
    "vars": dict,
    "policy": dict,
}


_LIMIT_KEYS: dict[str, type] = {
    "max_update_percent": int,
    "max_delete_percent": int,
    "threshold_from": int,
    "protected": bool,
}
_IGNORE_KEYS: dict[str, type] = {"address": str, "fields": list}

_WANTED: dict[type, str] = {
    str: "text",
    list: "a list",
    dict: "a table",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a plan for a target needs ``--force`` for (rule 6.15).

    Updating or deleting more than a percentage of the resources that the
    source owns, from ``threshold_from`` of them on; and, where the target is
    ``protected``, applying without a saved plan.
    """

    max_update_percent: int = 30
    max_delete_percent: int = 30
    threshold_from: int = 10
    protected: bool = False


@dataclass(frozen=True, slots=True)
class Target:
    """A database with its overlay and variables."""

    name: str = DEFAULT_TARGET
    database: str | None = None
    database_env: str | None = None
    overlay: str | None = None
    vars: Mapping[str, Any] = field(default_factory=dict)
    policy: Limits = Limits()


@dataclass(frozen=True, slots=True)
class Judging:
    """The commit whose policies judge plans, and whose database they ask.

    ``differs`` tells that the working tree has other policies, ``elsewhere`` that it has
    another database for the target. ``environment`` are the variables that the commit allows.
    """

    commit: str
    differs: bool
    elsewhere: bool = False
    environment: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Project:
    """A project's folder and settings; paths are relative to ``root``.

    ``severities`` are those of rules and policies whose own is overruled; None
    silences one. ``policies`` are those that the settings declare; with ``judging``,
    those of that commit's settings, as are the limits of targets.
    ``environment`` are the variables that sensitive settings may name, of which those
    that are ``withheld`` aren't read.
    """

    root: Path
    source: str
    paths: tuple[str, ...] = ("profiles",)
    schemas: str = "schemas"
    targets: Mapping[str, Target] = field(default_factory=dict)
    severities: Mapping[str, Severity | None] = field(default_factory=dict)
    allow_aliases: bool = False
    ignore: tuple[IgnoreRule, ...] = ()
    policies: tuple[DeclaredPolicy, ...] = ()
    judging: Judging | None = None
    environment: frozenset[str] = frozenset()

    @property
    def withheld(self) -> frozenset[str]:
        """The variables that a change allows itself, and its base doesn't."""
        judging = self.judging
        return frozenset() if judging is None else self.environment - judging.environment

    def target(self, name: str | None, environment: Mapping[str, str]) -> Target:
        """The target that is meant: ``name``, else CONFIGSYNC_TARGET, else the only one.

        Raises UsageError where several are configured and none is named.
        """
        name = name or environment.get("CONFIGSYNC_TARGET")
        if not name:
            if len(self.targets) > 1:
                known = ", ".join(sorted(self.targets))
                raise UsageError(f"Name a target with --target: {known}.")
            return next(iter(self.targets.values()), Target())
        if name not in self.targets and not (name == DEFAULT_TARGET and not self.targets):
            known = ", ".join(sorted(self.targets)) or "none"
            raise UsageError(f"There is no target {name}. The settings have: {known}.")
        return self.targets.get(name, Target())

    def checked_targets(self, name: str | None, environment: Mapping[str, str]) -> list[Target]:
        """The targets that a check of the source is for: the one that is meant, else all.

        Raises UsageError for a name that the settings don't have.
        """
        if name or environment.get("CONFIGSYNC_TARGET") or len(self.targets) < 2:
            return [self.target(name, environment)]
        return list(self.targets.values())

    def database(self, flag: str | None, target: Target, environment: Mapping[str, str]) -> str:
        """The database's URL: the flag, CONFIGSYNC_DATABASE, the target, DATABASE_URL, SQLite.

        Raises UsageError if the variable that the target names is not set.
        """
        if flag or environment.get("CONFIGSYNC_DATABASE"):
            return flag or environment["CONFIGSYNC_DATABASE"]
        if target.database_env is not None:
            if not environment.get(target.database_env):
                raise UsageError(
                    f"The target {target.name} takes its database from the environment variable "
                    f"{target.database_env}, which is not set."
                )
            return environment[target.database_env]
        return target.database or environment.get("DATABASE_URL") or DEFAULT_DATABASE


def find_project(start: Path) -> Project:
    """The project that a folder lies in: the nearest one above with settings or profiles.

    Where there is none in its repository, ``start`` itself with the defaults.
    Raises UsageError if ``start`` is no folder or the settings can't be understood.
    """
    start = start.resolve()
    if not start.is_dir():
        raise UsageError(f"{start} is not a folder.")
    for folder in (start, *start.parents):
        for name in ("configsync.toml", "pyproject.toml"):
            text = _read(folder / name)
            settings = None if text is None else _settings(text, name, str(folder / name))
            if text is not None and settings is not None:
                return _project(folder, settings, name, text)
        if (folder / "profiles").is_dir():
            return _project(folder, {}, "")
        # What lies around a repository is another's: neither read nor written from within.
        if (folder / ".git").exists():
            break
    return _project(start, {}, "")


def find_project_at(start: Path, commit: str) -> Project:
    """The project that a folder lay in at a commit, as `find_project` would have found it.

    Only settings are read, out of git; nothing is checked out. Raises UsageError if they
    can't be read or understood, and where a change could have put a link to other settings.
    """
    from configsync.source.checkout import (
        folder_in_repository,
        has_folder_at,
        link_in_repository,
        text_at,
    )

    link = link_in_repository(start)
    if link is not None:
        raise UsageError(
            f"{link} is a symbolic link, so what commit {commit[:12]} has in {start} can't be "
            "told. Name the folder that it leads to."
        )
    start = start.resolve()
    below = PurePath(folder_in_repository(start))
    for folder in (below, *below.parents):
        for name in ("configsync.toml", "pyproject.toml"):
            text = text_at(start, commit, (folder / name).as_posix())
            shown = f"{name} of commit {commit[:12]}"
            settings = None if text is None else _settings(text, name, shown)
            if text is not None and settings is not None:
                found = _project(start, settings, shown, text)
                return replace(found, policies=tuple(_of(found.policies, name, commit)))
        if has_folder_at(start, commit, (folder / "profiles").as_posix()):
            break
    return _project(start, {}, "")


def _of(policies: Iterable[DeclaredPolicy], file: str, commit: str) -> Iterator[DeclaredPolicy]:
    """Policies with the place where they stood at a commit."""
    for policy in policies:
        yield replace(policy, location=replace(policy.location, file=file), commit=commit)


def _read(file: Path) -> str | None:
    """The text of a file; None if there is none."""
    if not file.is_file():
        return None
    try:
        return file.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError) as error:
        raise UsageError(f"{file} can't be read: {error}") from error


def _settings(text: str, name: str, shown: str) -> dict[str, Any] | None:
    """The settings in a file's text; None if it has none."""
    import tomllib

    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{shown} can't be read: {error}") from error
    if name == "configsync.toml":
        return content
    tool = content.get("tool", {})
    found = tool.get("configsync") if isinstance(tool, dict) else None
    return found if isinstance(found, dict) else None


def _project(root: Path, settings: dict[str, Any], file: str, text: str = "") -> Project:
    check_keys(settings, _KEYS, file)
    paths = settings.get("paths", ["profiles"])
    if not paths or not all(isinstance(p, str) and p for p in paths):
        raise UsageError(f"{file}: paths must be a list of folders or files.")
    for path in paths:
        _inside(path, f"{file}: paths")
    _inside(settings.get("schemas"), f"{file}: schemas")
    targets = {}
    for name, content in settings.get("targets", {}).items():
        if not isinstance(content, dict):
            raise UsageError(f"{file}: targets.{name} must be a table.")
        check_keys(content, _TARGET_KEYS, f"{file}: targets.{name}")
        if "database" in content and "database_env" in content:
            raise UsageError(f"{file}: targets.{name} has both database and database_env.")
        _inside(content.get("overlay"), f"{file}: targets.{name}.overlay")
        policy = content.get("policy", {})
        check_keys(policy, _LIMIT_KEYS, f"{file}: targets.{name}.policy")
        targets[name] = Target(name, **{**content, "policy": Limits(**policy)})
    return Project(
        root=root,
        source=settings.get("source") or root.name or "root",
        paths=tuple(paths),
        schemas=settings.get("schemas", "schemas"),
        targets=targets,
        severities=_severities(settings.get("severity", {}), file),
        allow_aliases=settings.get("allow_aliases", False),
        ignore=tuple(_ignore_rules(settings.get("ignore", []), file)),
        policies=_policies(settings.get("policies", []), file, text, targets),
        environment=_environment(settings.get("env", []), targets.values(), file),
    )


def _policies(
    content: list[Any], file: str, text: str, targets: Mapping[str, Target]
) -> tuple[DeclaredPolicy, ...]:
    if not content:
        return ()
    from configsync.source.policies import read_policies

    return read_policies(content, file, text, targets or {DEFAULT_TARGET})


def _environment(names: list[Any], targets: Iterable[Target], file: str) -> frozenset[str]:
    """The names of variables; none of those that configsync itself takes a database from."""
    own = {"DATABASE_URL", *(t.database_env for t in targets)}
    for name in names:
        if not isinstance(name, str) or not name:
            raise UsageError(f"{file}: env must be a list of names of environment variables.")
        if name in own or name.startswith("CONFIGSYNC_"):
            raise UsageError(f"{file}: env has {name}, which is configsync's own.")
    return frozenset(names)


def _ignore_rules(content: list[Any], file: str) -> Iterator[IgnoreRule]:
    for number, rule in enumerate(content):
        where = f"{file}: ignore[{number}]"
        if not isinstance(rule, dict) or rule.keys() != _IGNORE_KEYS.keys():
            raise UsageError(f'{where} must be a table {{address = "GLOB", fields = [GLOB]}}.')
        check_keys(rule, _IGNORE_KEYS, where)
        fields = rule["fields"]
        if not fields or not all(isinstance(f, str) and f for f in fields):
            raise UsageError(f"{where}.fields must be a list of names of fields.")
        yield IgnoreRule(rule["address"], tuple(fields))


def _severities(content: dict[str, Any], file: str) -> dict[str, Severity | None]:
    """The severities of rules; what isn't a rule's is refused whatever the settings say."""
    severities: dict[str, Severity | None] = {}
    for code, value in content.items():
        if code in {c.code for c in codes.ALL}:
            raise UsageError(f"{file}: severity.{code}: only that of rules can be changed.")
        if value not in ("error", "warning", "info", "off"):
            raise UsageError(f"{file}: severity.{code} must be error, warning, info or off.")
        severities[code] = None if value == "off" else Severity(value)
    return severities


def _inside(path: str | None, where: str) -> None:
    """Settings come with a pull request: what they name lies within the project."""
    if path is None:
        return
    steps = PurePath(path).parts
    if not steps or PurePath(path).is_absolute() or ".." in steps or "://" in path:
        # A database's URL that was put in the wrong place would be shown as a place of findings.
        raise UsageError(f"{where}: the path must lie within the project, and is {masked(path)!r}.")


def check_keys(settings: Mapping[str, Any], keys: Mapping[str, type], where: str) -> None:
    """Raise UsageError for a key that isn't one of ``keys``, or has a value of another type."""
    for key, value in settings.items():
        if key not in keys:
            from difflib import get_close_matches

            near = get_close_matches(key, keys, 1)
            hint = f" Did you mean {near[0]}?" if near else f" Known are: {', '.join(keys)}."
            raise UsageError(f"{where}: unknown setting {key}.{hint}")
        wanted = (int, float) if keys[key] is float else keys[key]
        if not isinstance(value, wanted) or (isinstance(value, bool) and keys[key] is not bool):
            raise UsageError(f"{where}: {key} must be {_WANTED[keys[key]]}.")
