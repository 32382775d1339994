"""Drift as metrics, in the text format that Prometheus' node exporter reads from a file.

All are gauges. One file a target: the labels tell the targets apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from configsync.core.drift import DriftReport
from configsync.render.escape import one_line


def render(report: DriftReport, target: str, at: datetime) -> str:
    """The metrics of a report that was made ``at`` a time.

    What isn't known has no metric, rather than 0: without a repository that is
    valid, what is pending; before the first apply, when that was.
    """
    known = {"target": target, "database": report.database, "source": report.owner or ""}
    labels = ",".join(f'{name}="{_label(value)}"' for name, value in known.items())
    return "".join(
        f"# HELP {name} {help}\n# TYPE {name} gauge\n{name}{{{labels}}} {value!r}\n"
        for name, help, value in _metrics(report, at)
    )


def _metrics(report: DriftReport, at: datetime) -> Iterator[tuple[str, str, float]]:
    """Each metric with what it is, in configsync's own words."""
    yield (
        "configsync_drift_resources",
        "Resources that differ in the database from what was applied.",
        len(report.drift),
    )
    yield (
        "configsync_unmanaged_resources",
        "Resources in the database that no source owns.",
        len(report.unmanaged),
    )
    if report.compared:
        yield (
            "configsync_pending_changes",
            "Changes that git would make on the next apply.",
            len(report.pending),
        )
    yield "configsync_database_revision", "The newest revision.", report.revision
    if report.last_apply is not None:
        yield (
            "configsync_last_apply_revision",
            "The newest revision that came from git, not past it.",
            report.last_apply.revision,
        )
        yield (
            "configsync_last_apply_timestamp_seconds",
            "When that was made, in Unix time.",
            datetime.fromisoformat(report.last_apply.at).timestamp(),
        )
    yield (
        "configsync_drift_check_timestamp_seconds",
        "When these metrics were made, in Unix time.",
        at.timestamp(),
    )


def _label(value: str) -> str:
    """A label's value, between quotes; what isn't a character is spelled as an escape."""
    text = one_line(value).encode(errors="backslashreplace").decode()
    return text.replace("\\", "\\\\").replace('"', '\\"')
