"""Promote, whatever overlays say: what is written is what was shown, for one target alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from hypothesis import Phase, event, given, settings
from hypothesis import strategies as st

from tests.conftest import Result, Workspace
from tests.profiles import profile
from tests.properties.test_export import RELAXED
from tests.times import examples

SETTINGS = """
source = "slides"

[targets.staging]
database = "sqlite:///staging.db"
overlay = "overlays/staging"
vars = {endpoint = "small"}

[targets.prod]
database = "sqlite:///prod.db"
overlay = "overlays/prod"
vars = {endpoint = "large"}

[targets.canary]
database = "sqlite:///canary.db"
overlay = "overlays/canary"
vars = {endpoint = "large"}
"""
BASE = profile(
    default=True,
    spec__ai_infra__llm_endpoint={"$var": "endpoint"},
    spec__genie_spaces=[{"space_id": "first", "default": True}, {"space_id": "second"}],
)
BASE_SETTINGS = {"timeout": 30, "url": {"value": "http://a", "description": "Where"}, "tags": ["a"]}
RULES = [{"context": "cards", "ignore": "x"}, {"context": "fees", "important": "y"}]
NEGATED = [{"label": "event", "operator": "!=", "value": "heartbeat"}]
UNSET = {"$unset": True}


def _documents(**specs: dict[str, Any]) -> str:
    """Documents by their kinds, those that say nothing left out."""
    names = {"Profile": "production"}
    return "---\n".join(
        json.dumps(
            {
                "apiVersion": "configsync/v1",
                "kind": kind,
                "metadata": {"name": names.get(kind, "one")},
                "spec": spec,
            }
        )
        + "\n"
        for kind, spec in specs.items()
        if spec
    )


def _some(keys: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=keys)


TEXTS = st.sampled_from(["", "a: b", "# no", "two\nlines\n", "é\u202e", "{question}", "'\""])
SPACES = st.lists(
    st.one_of(
        st.builds(dict, space_id=st.sampled_from(["second", "third"]), description=TEXTS),
        st.just({"space_id": "second", "$unset": True}),
    ),
    min_size=1,
    max_size=2,
    unique_by=lambda space: space["space_id"],
)
PROFILES = _some(
    {
        "ai_infra": _some(
            {
                "llm_temperature": st.sampled_from([0, 0.25, 1]),
                "llm_max_tokens": st.sampled_from([1, 70000]),
                "llm_endpoint": st.sampled_from([{"$var": "endpoint"}, "fixed"]),
            }
        ),
        "genie_spaces": SPACES,
        "prompts": _some(
            {
                "slide_editing_instructions": TEXTS.filter(bool),
                "system_prompt": st.just({"$file": "text.md"}),
            }
        ),
    }
)
CATEGORIES = _some(
    {
        "timeout": st.sampled_from([UNSET, 5, "5", {"value": 5, "type": "float"}]),
        "url": st.sampled_from([UNSET, "http://b", {"description": "Else"}, {"value": {"a": 1}}]),
        "tags": st.sampled_from([["b"], ["a", "b"], UNSET]),
        "more": st.sampled_from([1, "a", {"value": {"x": None}, "type": "json"}]),
    }
)
CONTEXTS = _some(
    {
        "rules": st.lists(
            st.sampled_from(
                [
                    {"context": "cards", "$unset": True},
                    {"context": "fees", "description": "Fees"},
                    {"context": "mfs", "ignore": ["a", "b"]},
                ]
            ),
            min_size=1,
            unique_by=lambda rule: rule["context"],
        )
    }
)
NEGATIONS = _some(
    {
        "rules": st.lists(
            st.sampled_from([*NEGATED, {"label": "level", "operator": "=", "value": "debug"}]),
            min_size=1,
            unique_by=lambda rule: rule["label"],
        )
    }
)
OVERLAYS = st.builds(
    _documents,
    Profile=PROFILES,
    Settings=CATEGORIES,
    ContextRules=CONTEXTS,
    NegateRules=NEGATIONS,
)


class Project:
    """A project with three targets, each with its overlay."""

    def __init__(self, workspace: Workspace, overlays: dict[str, str]) -> None:
        self.workspace = workspace
        shutil.rmtree(workspace.root)
        workspace.write("configsync.toml", SETTINGS)
        documents = _documents(
            Settings=BASE_SETTINGS, ContextRules={"rules": RULES}, NegateRules={"rules": NEGATED}
        )
        workspace.write("profiles/all.yaml", f"{BASE}---\n{documents}")
        for target, text in overlays.items():
            workspace.write(f"overlays/{target}/README.md", "")
            workspace.write(f"overlays/{target}/text.md", f"For {target}, {{max_slides}}.\n")
            if text:
                workspace.write(f"overlays/{target}/all.yaml", text)

    def apply(self, target: str) -> Result:
        return self.workspace.run("apply", "--target", target, "--auto-approve", "--force")

    def plan(self, target: str) -> Any:
        return self.workspace.ok("plan", "--target", target, "--force", "-o", "json").json

    def promote(self, *arguments: str) -> Result:
        return self.workspace.run("promote", "staging", "prod", "-o", "json", *arguments)

    def files(self) -> dict[Path, bytes]:
        folders = (self.workspace.root / name for name in ("profiles", "overlays"))
        return {f: f.read_bytes() for d in folders for f in d.rglob("*") if f.is_file()}


@settings(RELAXED, max_examples=examples(3), phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(tried=OVERLAYS, own=OVERLAYS, other=OVERLAYS, include=st.booleans())
def test_what_is_written_is_what_was_shown(
    project: Workspace, tried: str, own: str, other: str, include: bool
) -> None:
    made = Project(project, {"staging": tried, "prod": own, "canary": other})
    if made.apply("staging").code or made.apply("prod").code:
        event("an overlay is invalid")
        return
    digests = {t: made.plan(t)["source_digest"] for t in ("staging", "canary")}
    options = ["--include-kept"] if include else []
    files = made.files()
    shown = made.promote(*options)
    assert made.files() == files
    written = made.promote("--write", *options)
    assert (written.code, written.json) == (shown.code, shown.json)
    for kept in written.json["kept"]:
        assert kept["by"] == "variable" or not include
    if written.code:
        event("refused")
        assert written.json["refusal"] or written.json["problems"] or written.code == 4
        assert made.files() == files
        return
    event("promoted" if written.json["changes"] else "nothing to promote")
    assert {t: made.plan(t)["source_digest"] for t in digests} == digests
    assert made.plan("prod")["changes"] == written.json["changes"]
    assert made.apply("prod").code == 0
    again = made.promote(*options).json
    # The edits have moved the lines.
    kept = ([k | {"location": None} for k in found["kept"]] for found in (written.json, again))
    assert (again["changes"], next(kept)) == ([], next(kept))
