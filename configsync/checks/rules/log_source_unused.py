"""CS232: an environment says where its logs are not."""

from __future__ import annotations

from collections.abc import Iterator

from configsync.checks.rule import Finding, Rule
from configsync.checks.rules.log_source import NEEDS, environments, name_of, says
from configsync.core.diagnostic import Severity
from configsync.core.document import Document


def check(document: Document) -> Iterator[Finding]:
    source = document.get(("spec", "log_source_type"))
    if not isinstance(source, str) or source not in NEEDS:
        return
    for path, environment in environments(document):
        if not says(environment, NEEDS[source]):
            continue  # Then this one may be meant, which CS231 says.
        for other, key in NEEDS.items():
            if other != source and key in environment:
                yield Finding(
                    (*path, key),
                    f"{key} of {name_of(environment)} isn't read",
                    f"log_source_type is {source}, and {key} is for projects where it is {other}.",
                    help=f"Remove it, or write log_source_type: {other}.",
                    key=True,
                )


RULE = Rule(
    code="CS232",
    severity=Severity.WARNING,
    kind="Project",
    summary="an environment says where its logs are not",
    why="Whoever reads it looks for the logs there, and changes it to no effect.",
    bad="spec: {log_source_type: file, environments: "
    "[{env_code: prod, log_base_path: /var/log, loki_namespace: mmbl}]}",
    good="spec: {log_source_type: file, environments: [{env_code: prod, log_base_path: /var/log}]}",
    check=check,
)
