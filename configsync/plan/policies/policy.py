"""What a policy is: a code with a check of a plan, its reason and its examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from configsync.core.diagnostic import Severity
from configsync.core.plan import Action, Change, PlanOptions, Reason
from configsync.core.policy import DeclaredPolicy, Sample
from configsync.core.resource import Resource, ResourceType
from configsync.core.values import canonical_json

__all__ = ["Finding", "Policy", "Proposal", "Sample"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan, as policies see it: what would change in a target, and by what options.

    ``labels_by_root`` has, by the address of a root, each label of its document
    with the values that it had when it was applied and has now.
    """

    target: str
    changes: tuple[Change, ...]
    options: PlanOptions = field(default_factory=PlanOptions)
    labels_by_root: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)

    def labels(self, change: Change) -> Mapping[str, frozenset[str]]:
        """The labels of the document that a change is of: those it had, and those it has.

        Both, so that nobody gets past a policy by taking off a label in the same change.
        """
        found: dict[str, frozenset[str]] = {}
        for resource in (change.before, change.after):
            roots = self.labels_by_root.get(resource.root, {}) if resource else {}
            for key, values in roots.items():
                found[key] = found.get(key, frozenset()) | values
        return found


@dataclass(frozen=True, slots=True)
class Finding:
    """What a policy finds, before it is given its code and place.

    It is about the ``field`` of a ``change``, if it names one, or about the change;
    without one, about the whole plan. ``summary`` is a sentence without its full stop.
    """

    summary: str
    change: Change | None = None
    field: str = ""
    detail: str = ""
    help: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy about plans.

    ``check`` sees a plan before it is shown or applied, and yields what stands
    against it; it does nothing else. One that raises refuses the plan. Its
    examples are its tests, each the changes of one plan, for ``example_target``: it must
    find something in ``refuses``, and nothing in ``allows``. A policy whose examples
    don't hold isn't used, nor is any plan made then. ``declared`` is what the
    settings say, where it comes from them.
    """

    code: str
    severity: Severity
    summary: str
    why: str
    check: Callable[[Proposal], Iterator[Finding]]
    refuses: tuple[Sample, ...] = ()
    allows: tuple[Sample, ...] = ()
    example_target: str = "default"
    declared: DeclaredPolicy | None = None

    @property
    def origin(self) -> str:
        """Where it comes from: a line of the settings, or an installed module."""
        if self.declared is not None:
            return self.declared.origin
        return f"the module {self.check.__module__}"

    @property
    def bad(self) -> str | None:
        """The example that it refuses, as text."""
        return "\n".join(map(_shown, self.refuses)) or None

    @property
    def good(self) -> str | None:
        """The example that it allows, as text."""
        return "\n".join(map(_shown, self.allows)) or None


def broken_example(policy: Policy, types: Mapping[str, ResourceType]) -> str | None:
    """What is wrong with a policy's examples, in a few words; None if they hold.

    Whatever its check raises is raised.
    """
    for samples, wanted in ((policy.refuses, True), (policy.allows, False)):
        if not samples:
            continue
        for sample in samples:
            type_ = _type_at(sample.address, types)
            if type_ is None:
                return f"its example {sample.address!r} is the address of no kind"
            for name in {**sample.fields, **sample.before}:
                if name not in type_.names:
                    return f"its example {sample.address!r} has no field {name!r}"
        if bool(list(policy.check(_proposal(samples, policy, types)))) != wanted:
            return "its example of what it " + (
                "refuses isn't refused" if wanted else "allows isn't allowed"
            )
    return None


def _proposal(
    samples: tuple[Sample, ...], policy: Policy, types: Mapping[str, ResourceType]
) -> Proposal:
    changes = [_change(sample, types) for sample in samples]
    labels = {
        change.resource.root: {k: frozenset([v]) for k, v in sample.labels.items()}
        for sample, change in zip(samples, changes, strict=True)
        if sample.labels
    }
    return Proposal(policy.example_target, tuple(changes), labels_by_root=labels)


def _change(sample: Sample, types: Mapping[str, ResourceType]) -> Change:
    type_ = _type_at(sample.address, types)
    assert type_ is not None
    parent = type_.parent_address(sample.address)
    at, after, before = (sample.address, dict(sample.fields), dict(sample.before))
    if sample.action is Action.DELETE:
        before, after = {**before, **after}, {}
    old, new = (Resource(at, type_.domain, values, parent) for values in (before, after))
    return Change(
        at,
        sample.action,
        Reason.GIT,
        type_.kind,
        None if sample.action is Action.CREATE else old,
        None if sample.action is Action.DELETE else new,
    )


def _type_at(at: str, types: Mapping[str, ResourceType]) -> ResourceType | None:
    """The type of the resource at an address, by the form of that; None if it is none's."""
    steps = at.split("/")
    root = types.get(steps[0])
    if root is None or root.parent is not None:
        return None
    below = steps[1 + len(root.key) :]
    if not below:
        return root if len(steps) == 1 + len(root.key) else None
    part = types.get(below[0])
    fits = part is not None and part.parent == root and len(below) == 1 + len(part.key)
    return part if fits else None


def _shown(sample: Sample) -> str:
    text = f"{sample.action.value} {sample.address}"
    for name, value in sample.fields.items():
        old = f"{canonical_json(sample.before[name])} → " if name in sample.before else ""
        text += f" {name}={old}{canonical_json(value)}"
    for key, label in sample.labels.items():
        text += f" label={key}={label}"
    return text
