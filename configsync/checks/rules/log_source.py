"""CS231: an environment doesn't say where its logs are."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from configsync.checks.rule import Finding, Rule
from configsync.core.diagnostic import Severity
from configsync.core.document import Document, Path

NEEDS = {"file": "log_base_path", "loki": "loki_namespace"}
"""What an environment says of its logs, by the type of their source."""


def environments(document: Document) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The environments of a project, with their paths."""
    found = document.get(("spec", "environments"))
    for index, environment in enumerate(found if isinstance(found, list) else ()):
        if isinstance(environment, dict):
            yield ("spec", "environments", index), environment


def name_of(environment: dict[str, Any]) -> str:
    """What to call an environment in a summary."""
    code = environment.get("env_code")
    return f"the environment {code}" if isinstance(code, str) and code else "the environment"


def says(environment: dict[str, Any], key: str) -> bool:
    """Tell whether an environment has something at a key that isn't blank."""
    value = environment.get(key)
    return bool(value.strip()) if isinstance(value, str) else value is not None


def check(document: Document) -> Iterator[Finding]:
    source = document.get(("spec", "log_source_type"))
    needed = NEEDS.get(source) if isinstance(source, str) else None
    if needed is None:
        return
    for path, environment in environments(document):
        # One that is misspelt is an unknown key, and no second mistake.
        if says(environment, needed) or get_close_matches(needed, environment.keys() - {needed}):
            continue
        others = [k for k in NEEDS.values() if k != needed and says(environment, k)]
        blank = needed in environment
        name = name_of(environment)
        yield Finding(
            (*path, needed) if blank else path,
            f"{needed} of {name} is blank" if blank else f"{name} has no {needed}",
            f"log_source_type is {source}: an environment's logs are found by its {needed}."
            + "".join(f" Its {k} isn't read." for k in others),
            help=f"Write {needed} in place of {others[0]}."
            if others
            else f"Write its {needed}."
            if blank
            else f"Add {needed}.",
        )


RULE = Rule(
    code="CS231",
    severity=Severity.ERROR,
    kind="Project",
    summary="an environment doesn't say where its logs are",
    why="Asked for this environment, the application would find no logs, or those of another one.",
    bad="spec: {log_source_type: loki, environments: [{env_code: prod, log_base_path: /var/log}]}",
    good="spec: {log_source_type: loki, environments: [{env_code: prod, loki_namespace: ncc}]}",
    check=check,
)
