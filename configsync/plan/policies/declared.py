"""Policies of the settings, as checks of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import partial

from configsync.core.address import like, matches
from configsync.core.errors import UsageError
from configsync.core.plan import Action, Change
from configsync.core.policy import DeclaredPolicy
from configsync.core.resource import ResourceType
from configsync.core.typed import Misfit, parse
from configsync.core.values import Json
from configsync.plan.policies.policy import Finding, Policy, Proposal

_WILD = ("*", "?")

_VERBS = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.DELETE: "deleted",
    Action.SET_DEFAULT: "made the default",
}


def to_policy(declared: DeclaredPolicy, types: Mapping[str, ResourceType]) -> Policy:
    """The policy that an entry of the settings means.

    Raises UsageError if it names what no kind has, so that it could never hold.
    """
    _require_known(declared, types)
    summary = declared.message or _meaning(declared)
    return Policy(
        code=declared.code,
        severity=declared.severity,
        summary=summary,
        why=f"{_meaning(declared)}." if declared.message else "The team's settings ask for it.",
        check=partial(_check, declared),
        refuses=declared.refuses,
        allows=declared.allows,
        example_target=declared.target.replace("*", "").replace("?", "x"),
        declared=declared,
    )


def _require_known(declared: DeclaredPolicy, types: Mapping[str, ResourceType]) -> None:
    where = f"{declared.origin}: the policy {declared.code}"
    fields = {name for type_ in types.values() for name in type_.names}
    roots = {type_.step for type_ in types.values() if type_.parent is None}
    head = declared.address.split("/")[0]
    for what, name, known in (
        ("has a field", declared.field, fields),
        ("has a domain", declared.domain, set(types)),
        ("has addresses that begin with", None if any(s in head for s in _WILD) else head, roots),
    ):
        if name is not None and name not in known:
            raise UsageError(f"{where}: no kind {what} {name!r}.{_near(name, known)}")


def _near(name: str, names: set[str]) -> str:
    near = get_close_matches(name, sorted(names), 1)
    return f" Did you mean {near[0]}?" if near else ""


def _check(declared: DeclaredPolicy, proposal: Proposal) -> Iterator[Finding]:
    if not like(proposal.target, declared.target):
        return
    meant = [change for change in proposal.changes if _is_about(declared, change, proposal)]
    if declared.max_count is not None:
        if len(meant) > declared.max_count:
            summary = f"{_meaning(declared)}, and {len(meant)} would be"
            yield _finding(declared, summary, meant[declared.max_count])
        return
    for change in meant:
        wrong = _fault(declared, change)
        if wrong is not None:
            yield _finding(declared, wrong, change)


def _finding(declared: DeclaredPolicy, summary: str, change: Change) -> Finding:
    return Finding(summary, change, declared.field or "", declared.message, declared.help)


def _is_about(declared: DeclaredPolicy, change: Change, proposal: Proposal) -> bool:
    """Tell whether a change is one of those that a policy selects; a renamed one by either name."""
    # To make something the default is an update, as in a plan's summary.
    is_update = change.action is Action.SET_DEFAULT and Action.UPDATE in declared.actions
    if declared.actions and change.action not in declared.actions and not is_update:
        return False
    if declared.domain not in (None, change.domain):
        return False
    names = {change.address, change.previous_address or change.address}
    if not any(matches(at, declared.address) for at in names):
        return False
    if declared.field is not None and not _sets(change, declared.field):
        return False
    labels = proposal.labels(change) if declared.labels else {}
    return all(
        any(like(value, pattern) for value in labels.get(key, ()))
        for key, pattern in declared.labels.items()
    )


def _sets(change: Change, field: str) -> bool:
    """Tell whether a change gives a field another value."""
    if change.after is None:
        return False
    # A typed value is another one too where only its type is.
    names = (field, "value_type") if field == "setting_value" else (field,)
    return any(name in change.fields and _differs(*change.fields[name]) for name in names)


def _differs(old: Json, new: Json) -> bool:
    return old is not None or new is not None


def _fault(declared: DeclaredPolicy, change: Change) -> str | None:
    """What is wrong with a change that a policy is about, in words; None if it is allowed."""
    on_values = (declared.min, declared.max, declared.one_of, declared.matches)
    if declared.field is None:
        return f"{change.address} would be {_VERBS[change.action]}"
    name = f"{declared.field} of {change.address}"
    if all(condition is None for condition in on_values):
        return f"{name} would be set"
    value = _value(change, declared.field)
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if declared.min is not None or declared.max is not None:
        if not number:
            return f"{name} would be no number"
        assert isinstance(value, int | float)
        if declared.min is not None and value < declared.min:
            return f"{name} would be below {declared.min}"
        if declared.max is not None and value > declared.max:
            return f"{name} would be above {declared.max}"
    if declared.one_of is not None and not any(_same(value, one) for one in declared.one_of):
        return f"{name} would be none of {', '.join(map(repr, declared.one_of))}"
    if declared.matches is not None and not (
        isinstance(value, str) and like(value, declared.matches)
    ):
        return f"{name} wouldn't match {declared.matches!r}"
    return None


def _value(change: Change, field: str) -> Json:
    """The value that a field will have; of a setting, what its text means."""
    assert change.after is not None
    values = change.after.values
    value = values.get(field)
    if field == "setting_value" and (value is None or isinstance(value, str)):
        try:
            return parse(value, str(values.get("value_type", "string")))
        except Misfit:
            return value
    return value


def _same(value: Json, one: Json) -> bool:
    """Tell whether two values are one, however the number is spelled; true is no number."""
    if isinstance(value, bool) or isinstance(one, bool):
        return value is one
    return value == one


def _meaning(declared: DeclaredPolicy) -> str:
    """What a policy asks for, in a sentence without its full stop."""
    noun = declared.domain or "resource"
    where = f" at {declared.address}" if declared.address != "*" else ""
    where += "".join(f" with the label {k}={v}" for k, v in declared.labels.items())
    where += f" in {declared.target}" if declared.target != "*" else ""
    limit = declared.max_count
    if limit is not None:
        noun += "" if limit == 1 else "s"
        done = f"have {declared.field} set" if declared.field else f"be {_done(declared)}"
        return f"no more than {limit} {noun}{where} may {done} at once"
    if declared.field is None:
        return f"no {noun}{where} may be {_done(declared)}"
    when = f", where it is {_done(declared)}" if declared.actions else ""
    return f"{declared.field} of each {noun}{where} must {_asked(declared)}{when}"


def _done(declared: DeclaredPolicy) -> str:
    """What happens in the changes that a policy is about."""
    return " or ".join(_VERBS[action] for action in declared.actions) or "changed"


def _asked(declared: DeclaredPolicy) -> str:
    """What a policy asks of its field."""
    conditions = {
        "at least": declared.min,
        "at most": declared.max,
        "one of": declared.one_of and ", ".join(map(repr, declared.one_of)),
        "like": declared.matches and repr(declared.matches),
    }
    asked = " and ".join(f"{word} {v}" for word, v in conditions.items() if v is not None)
    return f"be {asked}" if asked else "not be set"
