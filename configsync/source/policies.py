"""Policies in the settings: ``[[policies]]``, each a code with what it is about and what it asks.

They decide what may reach a database, so nothing in them is left unread: what
can't be understood, or could never hold, is an error.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from configsync.core.address import like
from configsync.core.diagnostic import Location, Severity
from configsync.core.errors import UsageError
from configsync.core.plan import Action
from configsync.core.policy import DeclaredPolicy, Sample
from configsync.source.project import check_keys

_NAMES = ("target", "address", "domain", "field")
_TEXTS = ("code", "severity", "message", "help", *_NAMES, "matches")
_KEYS: dict[str, type] = {
    **dict.fromkeys(_TEXTS, str),
    "labels": dict,
    **dict.fromkeys(("actions", "one_of", "refuses", "allows"), list),
    **dict.fromkeys(("min", "max"), float),
    "max_count": int,
}
_SAMPLE_KEYS: dict[str, type] = {
    **dict.fromkeys(("address", "action"), str),
    **dict.fromkeys(("fields", "before", "labels"), dict),
}
_ON_VALUES = ("min", "max", "one_of", "matches")

CODE = re.compile(r"(?!CS[0-9])[A-Z][A-Z0-9_-]{1,31}")
"""A team's own code: capital letters, digits, ``-`` and ``_``; CS and a number are configsync's."""

CODE_WANTED = (
    "2 to 32 capital letters, digits, - or _, the first a letter, and not CS with a number"
)

_HEADER = re.compile(r"\s*\[\[\s*(?:tool\s*\.\s*configsync\s*\.\s*)?policies\s*\]\]")

_CODE_LINE = re.compile(r"\s*code\s*=")


def read_policies(
    content: list[Any], file: str, text: str, targets: Collection[str]
) -> tuple[DeclaredPolicy, ...]:
    """The policies of settings; ``text`` is all of the file, ``targets`` are the names in it.

    Raises UsageError for the first that isn't sound.
    """
    found: dict[str, DeclaredPolicy] = {}
    for number, (entry, line) in enumerate(zip(content, _lines(text, len(content)), strict=True)):
        where = f"{file}:{line}: policies[{number}]"
        if not isinstance(entry, dict):
            raise UsageError(f"{where} must be a table.")
        policy = _policy(entry, Location(file, line, 1), where)
        if policy.code in found:
            raise UsageError(f"{where}: the code {policy.code} is taken by another policy.")
        if not any(like(target, policy.target) for target in targets):
            known = ", ".join(sorted(targets))
            raise UsageError(f"{where}: target {policy.target!r} is none of the targets: {known}.")
        found[policy.code] = policy
    return tuple(found.values())


def _lines(text: str, number: int) -> list[int]:
    """The line of each entry's code; 1 where they aren't written as tables of their own."""
    lines = text.split("\n")
    heads = [n for n, line in enumerate(lines, 1) if _HEADER.match(line)]
    if len(heads) != number:
        return [1] * number
    ends = [*heads[1:], len(lines) + 1]
    return [
        next((n for n in range(head, end) if _CODE_LINE.match(lines[n - 1])), head)
        for head, end in zip(heads, ends, strict=True)
    ]


def _policy(entry: Mapping[str, Any], location: Location, where: str) -> DeclaredPolicy:
    check_keys(entry, _KEYS, where)
    if not CODE.fullmatch(entry.get("code", "")):
        raise UsageError(f"{where}: code must be {CODE_WANTED}.")
    where += f" ({entry['code']})"
    if entry.get("severity", "error") not in ("error", "warning"):
        raise UsageError(f"{where}: severity must be error or warning.")
    for name in _NAMES:
        if entry.get(name) == "":
            raise UsageError(f"{where}: {name} must not be empty.")
    policy = DeclaredPolicy(
        **{
            **entry,
            "location": location,
            "severity": Severity(entry.get("severity", "error")),
            "labels": _labels(entry.get("labels", {}), where),
            "actions": tuple(_actions(entry, where)),
            "one_of": tuple(entry["one_of"]) if "one_of" in entry else None,
            "refuses": tuple(_samples(entry.get("refuses", []), f"{where}: refuses")),
            "allows": tuple(_samples(entry.get("allows", []), f"{where}: allows")),
        }
    )
    _require_conditions(entry, policy, where)
    return policy


def _require_conditions(entry: Mapping[str, Any], policy: DeclaredPolicy, where: str) -> None:
    """Raise UsageError for conditions that can't apply, or not together."""
    asked = [name for name in _ON_VALUES if name in entry]
    if asked and policy.field is None:
        raise UsageError(f"{where}: {asked[0]} is about the value of a field; name it in field.")
    if asked and policy.max_count is not None:
        raise UsageError(f"{where}: max_count counts changes, so it can't stand beside {asked[0]}.")
    if policy.field is not None and Action.DELETE in policy.actions:
        raise UsageError(f"{where}: a delete sets no field; leave out field or the action delete.")
    for name in ("min", "max"):
        if name in entry and not math.isfinite(entry[name]):
            raise UsageError(f"{where}: {name} must be a finite number.")
    if policy.min is not None and policy.max is not None and policy.min > policy.max:
        raise UsageError(f"{where}: min is above max, so that no value would do.")
    if policy.max_count is not None and policy.max_count < 0:
        raise UsageError(f"{where}: max_count must be 0 or more.")
    if policy.one_of is not None:
        if not policy.one_of:
            raise UsageError(f"{where}: one_of is empty, so that no value would do.")
        if not all(isinstance(v, str | int | float | bool) for v in policy.one_of):
            raise UsageError(f"{where}: one_of must be a list of texts, numbers, true or false.")


def _labels(labels: Mapping[str, Any], where: str) -> dict[str, str]:
    if not all(isinstance(value, str) for value in labels.values()):
        raise UsageError(f"{where}: labels must be a table of texts.")
    return dict(labels)


def _actions(entry: Mapping[str, Any], where: str) -> Iterator[Action]:
    if entry.get("actions") == []:
        raise UsageError(f"{where}: actions is empty, so that no change would be meant.")
    for name in entry.get("actions", []):
        if name not in list(Action):
            raise UsageError(f"{where}: actions are {', '.join(Action)}; not {name!r}.")
        yield Action(name)


def _samples(content: list[Any], where: str) -> Iterator[Sample]:
    for sample in content:
        if not isinstance(sample, dict) or "address" not in sample:
            raise UsageError(
                f"{where} must be a list of changes: {{address = …, action = …, fields = {{…}}}}."
            )
        check_keys(sample, _SAMPLE_KEYS, where)
        action = sample.get("action", Action.UPDATE.value)
        if action not in list(Action):
            raise UsageError(f"{where}: action must be one of {', '.join(Action)}.")
        labels = _labels(sample.get("labels", {}), where)
        fields, before = sample.get("fields", {}), sample.get("before", {})
        yield Sample(sample["address"], Action(action), fields, before, labels)
