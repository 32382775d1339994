"""CS224: the value of a sensitive setting stands in git."""

from __future__ import annotations

from collections.abc import Iterator

from configsync.checks.rule import Finding, Rule
from configsync.checks.rules.setting_types import settings_of
from configsync.core.diagnostic import Severity
from configsync.core.document import Document
from configsync.core.sealed import is_sealed
from configsync.core.secrets import SENSITIVE_VALUE
from configsync.kinds.typed import is_sensitive


def check(document: Document) -> Iterator[Finding]:
    for path, node in settings_of(document):
        # What isn't allowed of $env has a finding of its own.
        if is_sensitive(node) and not is_sealed(node.get("value")) and not _names_one(node):
            yield Finding(
                path,
                f"{path[-1]} is sensitive, and its value stands in the source",
                "Whoever may read the repository can read it, now and in every clone.",
                help="Write value: {$env: NAME}, and give NAME to whoever applies.",
                key=True,
            )


def _names_one(node: dict[str, object]) -> bool:
    value = node.get("value")
    return isinstance(value, dict) and value.keys() == {"$env"}


RULE = Rule(
    code=SENSITIVE_VALUE,
    severity=Severity.ERROR,
    kind="Settings",
    summary="the value of a sensitive setting stands in git",
    why="What is to be shown nowhere would be shown by the file itself, and by every clone of it.",
    bad="spec: {api_key: {value: hunter2, sensitive: true}}",
    good="spec: {api_key: {value: {$env: API_KEY}, sensitive: true}}",
    check=check,
    enforced=True,
)
