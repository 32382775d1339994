"""ContextRules: for each context of log lines, which words matter and which are left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from configsync.core.document import Document
from configsync.core.kind import Compiled, Kind
from configsync.core.resource import Column, Resource, ResourceType
from configsync.core.values import Json, Text
from configsync.kinds.describe import TABLE, schema, spec

Word = Annotated[
    str,
    schema(
        minLength=1,
        pattern="^[^,]*$",
        description="A word of the list, without a comma: what is stored has one between words.",
    ),
]


@spec
class ContextRule:
    """What to look for in the log lines of one context."""

    context: Annotated[str, schema(minLength=1, maxLength=255)]
    """The context's name."""
    important: str | Annotated[list[Word], schema(minItems=1)] = ""
    """Words that mark a line as important: a list, or the text with commas that is stored."""
    ignore: str | Annotated[list[Word], schema(minItems=1)] = ""
    """Words that mark a line as noise: a list, or the text with commas that is stored."""
    description: str = ""
    """What the rule is for."""


@spec
class ContextRulesSpec:
    """The rules of contexts."""

    rules: Annotated[list[ContextRule], TABLE, schema(minItems=1)]
    """The rules; each context once."""


CONTEXT_RULE = ResourceType(
    domain="context_rule",
    kind="ContextRules",
    table="context_rules",
    columns=(
        Column("context", Text(255)),
        Column("important", Text(), nullable=True),
        Column("ignore", Text(), nullable=True),
        Column("description", Text(), nullable=True),
    ),
    key=("context",),
    active="is_active",
)

LONGEST = 100
"""Characters of a word that reads well in a list."""

WORDS = ("important", "ignore")
"""The columns that hold words with commas between them."""


def compile_rules(document: Document) -> Iterator[Compiled]:
    """Compile each rule to its row."""
    for index, rule in enumerate(document.body["spec"]["rules"]):
        values: dict[str, Json] = {name: rule.get(name) for name in CONTEXT_RULE.names}
        for name in WORDS:
            words = values[name]
            if isinstance(words, list):
                values[name] = ",".join(str(word) for word in words)
        yield Compiled(CONTEXT_RULE, values, ("spec", "rules", index))


def decompile_rules(resources: Iterable[Resource]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Turn rules back into one document, in the order of their addresses."""
    rules = sorted(resources, key=lambda rule: rule.address)
    if rules:
        metadata: dict[str, Any] = {"name": "context-rules"}
        if any(rule.prevent_destroy for rule in rules):
            metadata["prevent_destroy"] = True
        spec = {"rules": [write_rule(rule.values) for rule in rules]}
        yield CONTEXT_RULE.step, {"metadata": metadata, "spec": spec}


def write_rule(values: dict[str, Json]) -> dict[str, Any]:
    """A rule as people write it: words as a list if they are short and plain, null absent."""
    rule: dict[str, Any] = {k: v for k, v in values.items() if v is not None}
    for name in WORDS:
        words = str(rule.get(name, "")).split(",")
        if all(w.isprintable() and w == w.strip() and 0 < len(w) <= LONGEST for w in words):
            rule[name] = words
    return rule


KIND = Kind(
    name="ContextRules",
    title="Context rules",
    spec=ContextRulesSpec,
    types=(CONTEXT_RULE,),
    compile=compile_rules,
    list_keys={("spec", "rules"): "context"},
    decompile=decompile_rules,
    named=False,
)
