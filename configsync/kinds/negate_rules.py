"""NegateRules: which log lines an analysis leaves out, by their labels.

A rule is all key, so that layers can't tell which of two rules the other one
changes: a layer's list replaces the one below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from configsync.core.document import Document
from configsync.core.kind import Compiled, Kind
from configsync.core.resource import Column, Resource, ResourceType
from configsync.core.values import Text
from configsync.kinds.describe import TABLE, schema, spec

Operator = Literal["=", "==", "!=", "=~", "!~", ">", ">=", "<", "<="]
"""Those that LogQL compares a label's value with: text, patterns, and numbers, durations or bytes
(https://grafana.com/docs/loki/latest/query/log_queries/#label-filter-expression). Its others, as
``|=`` and ``|~``, look at a whole line and take no label."""


@spec
class NegateRule:
    """What a label of a log line is compared with."""

    label: Annotated[str, schema(minLength=1, maxLength=255)]
    """The label's name."""
    operator: Operator
    """How its value is compared, as in LogQL; =~ and !~ take a pattern."""
    # It is part of an address, and an index of PostgreSQL holds no more than 2,704 bytes of one.
    value: Annotated[str, schema(maxLength=500)]
    """The text, pattern or number that it is compared with."""


@spec
class NegateRulesSpec:
    """The rules by which log lines are left out."""

    rules: Annotated[list[NegateRule], TABLE, schema(minItems=1)]
    """The rules; each combination of label, operator and value once."""


NEGATE_RULE = ResourceType(
    domain="negate_rule",
    kind="NegateRules",
    table="negate_rules",
    columns=(
        Column("label", Text(255)),
        Column("operator", Text(20)),
        Column("value", Text()),
    ),
    key=("label", "operator", "value"),
    active="is_active",
)


def compile_rules(document: Document) -> Iterator[Compiled]:
    """Compile each rule to its row."""
    for index, rule in enumerate(document.body["spec"]["rules"]):
        values = {name: rule[name] for name in NEGATE_RULE.names}
        yield Compiled(NEGATE_RULE, values, ("spec", "rules", index))


def decompile_rules(resources: Iterable[Resource]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Turn rules back into one document, in the order of their addresses."""
    rules = sorted(resources, key=lambda rule: rule.address)
    if rules:
        metadata: dict[str, Any] = {"name": "negate-rules"}
        if any(rule.prevent_destroy for rule in rules):
            metadata["prevent_destroy"] = True
        spec = {"rules": [dict(rule.values) for rule in rules]}
        yield NEGATE_RULE.step, {"metadata": metadata, "spec": spec}


KIND = Kind(
    name="NegateRules",
    title="Negate rules",
    spec=NegateRulesSpec,
    types=(NEGATE_RULE,),
    compile=compile_rules,
    decompile=decompile_rules,
    named=False,
)
