"""CS205: the MLflow experiment is not a path."""

from __future__ import annotations

from collections.abc import Iterator

from configsync.checks.rule import Finding, Rule
from configsync.core.diagnostic import Severity
from configsync.core.document import Document


def check(document: Document) -> Iterator[Finding]:
    for path, text in document.texts("spec", "mlflow", "experiment_name"):
        if not text.startswith("/"):
            yield Finding(
                path,
                f"the experiment's name {text} doesn't begin with /",
                "In a workspace an experiment is named by its path.",
                help='Write it as "/Workspace/Users/…" or "/Shared/…".',
            )


RULE = Rule(
    code="CS205",
    severity=Severity.ERROR,
    kind="Profile",
    summary="the MLflow experiment is not a path",
    why="Databricks refuses other names when the first run is traced, not when they are set.",
    bad="spec: {mlflow: {experiment_name: ai-slide-generator}}",
    good="spec: {mlflow: {experiment_name: /Shared/ai-slide-generator}}",
    check=check,
)
