"""Rules as a database may hold them: written as a document, they are the same rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st

from configsync.checks.schema import packaged
from configsync.compiler.documents import compile_document
from configsync.core.document import Document
from configsync.core.kind import API_VERSION, Kind
from configsync.core.resource import Resource, State
from configsync.edit.emit import lay_out
from configsync.kinds.context_rules import KIND as CONTEXT_RULES
from configsync.kinds.negate_rules import KIND as NEGATE_RULES
from configsync.kinds.negate_rules import Operator
from configsync.source.reader import read
from configsync.source.references import References

pieces = st.sampled_from([*"ab,: '\"#\n\r\t{}[]=é\u2028\x01", "HEARTBEAT", "no", "word " * 30])
texts = st.lists(pieces, max_size=8).map("".join)
names = texts.filter(lambda text: 0 < len(text) <= 255)
optional = st.one_of(st.none(), texts)
context_rules = st.fixed_dictionaries(
    {"context": names, "important": optional, "ignore": optional, "description": optional}
)
negate_rules = st.fixed_dictionaries(
    {"label": names, "operator": st.sampled_from(get_args(Operator)), "value": texts}
)


def state(kind: Kind, rows: list[dict[str, Any]]) -> State:
    (type_,) = kind.types
    return State(Resource(type_.address(row, None), type_.domain, row) for row in rows)


def compiled(kind: Kind, wanted: State) -> State:
    """What the document of some rules compiles to, long texts in files of their own."""
    assert kind.decompile is not None
    ((place, body),) = kind.decompile(wanted.values())
    assert place == kind.types[0].domain
    files = lay_out({"apiVersion": API_VERSION, "kind": kind.name, **body}, "rules")
    references = References(Path(), {})
    references.files.update(files)
    document = Document(kind.name, read(files["rules.yaml"], "rules.yaml").roots[0])
    assert references.resolve(document.body).diagnostics == []
    assert list(packaged(kind).check(document)) == []
    found = compile_document(document, kind, "owner")
    assert found.diagnostics == []
    return State(found.resources)


@given(st.lists(context_rules, min_size=1, max_size=4))
def test_context_rules_are_the_same_as_a_document(rows: list[dict[str, Any]]) -> None:
    wanted = state(CONTEXT_RULES, rows)
    assert compiled(CONTEXT_RULES, wanted).digest() == wanted.digest()


@given(st.lists(negate_rules, min_size=1, max_size=4))
def test_negate_rules_are_the_same_as_a_document(rows: list[dict[str, Any]]) -> None:
    wanted = state(NEGATE_RULES, [row for row in rows if len(row["value"]) <= 500])
    if wanted:
        assert compiled(NEGATE_RULES, wanted).digest() == wanted.digest()


def test_no_rules_are_no_document() -> None:
    for kind in (CONTEXT_RULES, NEGATE_RULES):
        assert kind.decompile is not None
        assert list(kind.decompile([])) == []
