"""Every prompt that a database may hold becomes a document that is valid and gives the same row."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from configsync.checks.engine import run_document_rules
from configsync.checks.rules import all_rules
from configsync.checks.schema import packaged
from configsync.compiler.documents import compile_document
from configsync.core.document import Document
from configsync.core.resource import Resource
from configsync.core.values import Json
from configsync.edit.emit import emit
from configsync.kinds import all_kinds
from configsync.source.reader import read
from configsync.usecases.import_ import whole
from tests.properties.test_template import MIXED, NAMES, TEXTS

KIND = all_kinds()["Prompt"]
RULES = all_rules().values()
CONTENTS = (MIXED | TEXTS | st.builds("".join, st.lists(NAMES | MIXED))).filter(bool)
DECLARED = st.lists(st.sampled_from("ab") | NAMES, unique=True, max_size=3)


@given(CONTENTS, DECLARED, st.none() | TEXTS, st.none() | TEXTS)
@example("Spend ${a}", ["a"], None, None)
@example("$a {a}", ["a"], None, None)
@example("{{ a }}", ["a"], "", "")
@example("$$ {{", [], None, None)
def test_a_row_survives_its_document(
    content: str, variables: list[str], agent: str | None, kind: str | None
) -> None:
    values: dict[str, Json] = {
        "prompt_name": "verify",
        "version": 7,
        "prompt_content": content,
        "variables": list(variables),
        "agent_name": agent,
        "prompt_type": kind,
    }
    assert KIND.decompile is not None
    ((at, body),) = KIND.decompile([Resource("prompt/verify", "prompt", values)])
    assert at == "prompt/verify"
    try:
        text = emit(whole("Prompt", body))
    except ValueError:
        # What YAML can't hold is no configuration.
        return
    document = Document("Prompt", read(text, "a.yaml").roots[0])
    assert list(packaged(KIND).check(document)) == []
    assert run_document_rules(document, RULES) == []
    compiled = compile_document(document, KIND, "tests")
    assert compiled.diagnostics == []
    # Which version it is, the database decides.
    assert [r.values for r in compiled.resources] == [{**values, "version": None}]
