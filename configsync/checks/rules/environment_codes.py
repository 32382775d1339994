"""CS233: two environments' codes differ only in case or Unicode composition."""

from __future__ import annotations

from collections.abc import Iterator

from configsync.checks.rule import Finding, Rule
from configsync.checks.rules.log_source import environments
from configsync.checks.rules.unique_names import fold
from configsync.core.diagnostic import Related, Severity
from configsync.core.document import Document, Path


def check(document: Document) -> Iterator[Finding]:
    seen: dict[str, tuple[Path, str]] = {}
    for at, environment in environments(document):
        path, code = (*at, "env_code"), environment.get("env_code")
        if not isinstance(code, str):
            continue
        first, other = seen.setdefault(fold(code), (path, code))
        # The very same code is a resource defined twice (CS302).
        if other != code:
            yield Finding(
                path,
                f"the environment {code} differs from {other} only in case or composition",
                help="Give one of the two another code, or remove it.",
                related=(Related("the other environment", document.locate(first)),),
            )


RULE = Rule(
    code="CS233",
    severity=Severity.ERROR,
    kind="Project",
    summary="two environments' codes differ only in case or Unicode composition",
    why="prod and PROD are two rows to the database; an application that is asked for one would "
    "show the logs of the other.",
    bad="spec: {environments: [{env_code: prod, log_base_path: /a}, "
    "{env_code: PROD, log_base_path: /b}]}",
    good="spec: {environments: [{env_code: prod, log_base_path: /a}, "
    "{env_code: staging, log_base_path: /b}]}",
    check=check,
)
