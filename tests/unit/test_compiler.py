"""The compiler: ignore comments, severities, the cache and several processes."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from configsync.compiler import pool
from configsync.compiler.compiled import CompiledSource
from configsync.compiler.source import compile_source
from configsync.source.project import Target, find_project
from tests.conftest import Workspace
from tests.profiles import profile


def compiled(root: Path, *, cached: bool) -> CompiledSource:
    return compile_source(find_project(root), Target(), cached=cached)


def codes(workspace: Workspace, *arguments: str) -> list[tuple[str, str]]:
    found = workspace.run("validate", "-o", "json", *arguments).json["diagnostics"]
    return [(d["code"], d["severity"]) for d in found]


SHORT = """\
apiVersion: configsync/v1
kind: Profile
metadata: {name: production}
spec:
  default: true
  ai_infra: {llm_endpoint: databricks-claude, llm_temperature: 0.7, llm_max_tokens: 10}
  genie_spaces: [{space_id: one}]
  mlflow: {experiment_name: /Shared/x}
  prompts:
    BEFORE
    system_prompt: You make slides.AFTER
    slide_editing_instructions: "Return slides."
    user_prompt_template: "{question}"
"""


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("# no comment", "", [("CS207", "warning")]),
        ("# no comment", " # configsync: ignore CS207 the page has no limit", []),
        ("# configsync: ignore CS207 the page has no limit", "", []),
        ("# configsync: ignore CS207", "", [("CS140", "error"), ("CS207", "warning")]),
        ("# configsync: ignore CS999 x", "", [("CS140", "error"), ("CS207", "warning")]),
        ("# configsync: ignore CS209 x", "", [("CS140", "error"), ("CS207", "warning")]),
        ("# configsync: ignore CS301 x", "", [("CS140", "error"), ("CS207", "warning")]),
        ("# configsync: ignore", "", [("CS140", "error"), ("CS207", "warning")]),
        (
            "# configsync: ignore CS203 x",
            " # configsync: ignore CS207 x",
            [("CS141", "warning")],
        ),
    ],
)
def test_a_comment_silences_a_rule_for_a_reason(
    project: Workspace, before: str, after: str, expected: list[tuple[str, str]]
) -> None:
    project.write("profiles/a.yaml", SHORT.replace("BEFORE", before).replace("AFTER", after))
    assert codes(project) == expected
    assert codes(project) == expected, "the same from the cache"


def test_text_that_looks_like_such_a_comment_is_text(project: Workspace) -> None:
    block = "|\n      You make slides.\n      # configsync: ignore CS207 in a prompt\n"
    text = SHORT.replace("BEFORE", "# x").replace("You make slides.AFTER", block)
    project.write("profiles/a.yaml", text)
    assert codes(project) == [("CS207", "warning")]


def test_a_rule_about_all_documents_is_silenced_too(project: Workspace) -> None:
    project.write("profiles/a.yaml", profile("Production"))
    text = SHORT.replace("BEFORE", "# x").replace("You make slides.AFTER", "'{max_slides}'")
    project.write("profiles/b.yaml", text)
    assert codes(project) == [("CS210", "error")]
    comment = "# configsync: ignore CS210 the other one goes next week"
    project.write("profiles/b.yaml", text.replace("production}", f"production}} {comment}"))
    assert codes(project) == []


def test_settings_change_the_severity_of_a_rule(project: Workspace) -> None:
    project.write("profiles/a.yaml", SHORT.replace("BEFORE", "# x").replace("AFTER", ""))
    assert codes(project) == [("CS207", "warning")]
    assert codes(project, "--strict") == [("CS207", "error")]
    assert project.run("validate", "--strict").code == 1
    for severity, expected in (
        ("error", [("CS207", "error")]),
        ("info", [("CS207", "info")]),
        ("off", []),
    ):
        project.write("configsync.toml", f'severity = {{CS207 = "{severity}"}}')
        assert codes(project) == expected
    project.write("configsync.toml", 'severity = {CS301 = "off"}')
    refused = project.run("validate")
    assert refused.code == 1
    assert "only that of rules" in refused.err


def test_the_outcome_is_the_same_with_and_without_the_cache(project: Workspace) -> None:
    project.write("configsync.toml", "")
    project.write("profiles/p.md", "{max_slides}")
    steps: list[tuple[str, str | None]] = [
        ("profiles/a.yaml", profile("a", default=True)),
        ("profiles/b.yaml", profile("b", spec__prompts__system_prompt={"$file": "p.md"})),
        ("profiles/p.md", "no limit"),
        ("profiles/b.yaml", profile("b", default=True)),
        ("profiles/b.yaml", profile("a")),
        ("profiles/b.yaml", profile("b", spec__ai_infra__llm_temperature=0.755)),
        ("profiles/p.md", None),
        ("profiles/c.yaml", profile("c", metadata__extends="a", spec__mlflow=None)),
        ("profiles/a.yaml", "not: [yaml"),
        ("profiles/a.yaml", profile("a", metadata__abstract=True)),
        ("schemas/profile.schema.json", "{}"),
        ("schemas/profile.schema.json", "{"),
        ("schemas/profile.schema.json", None),
        ("profiles/a.yaml", None),
    ]
    for name, text in steps:
        if text is None:
            (project.root / name).unlink()
        else:
            project.write(name, text)
        fresh = compiled(project.root, cached=False)
        assert compiled(project.root, cached=True) == fresh, name
        assert compiled(project.root, cached=True) == fresh, name


@pytest.mark.parametrize("between", ["validate", "plan", "nothing"])
def test_what_a_file_refers_to_is_never_of_another_moment(project: Workspace, between: str) -> None:
    """The cache keeps one compilation of a file, and findings of several."""
    one, other = {"$file": "one.md"}, profile("other", default=True)
    project.write("profiles/one.yaml", profile("one", spec__prompts__system_prompt=one))
    for number, (text, limit) in enumerate([("a", 1), ("b", 2), ("a", 1), ("b", 2)]):
        text = f"At most {{max_slides}} {text}\n"
        project.write("profiles/one.md", text)
        project.write("profiles/other.yaml", other.replace("60000", str(limit)))
        if between != "nothing" and number:
            project.ok(between)
        found = compiled(project.root, cached=True).state()
        assert found["profile/one/prompts"].values["system_prompt"] == text
        assert found.digest() == compiled(project.root, cached=False).state().digest()


def test_a_broken_cache_is_no_cache(project: Workspace) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    project.ok("validate")
    project.write("profiles/a.yaml", profile("a", spec__mlflow__experiment_name="x"))
    for content in (b"", b"not a database", os.urandom(4096)):
        project.write(".configsync/cache.db", content)
        assert codes(project) == [("CS205", "error")]
    (project.root / ".configsync/cache.db").unlink()
    (project.root / ".configsync/cache.db").mkdir()
    assert codes(project) == [("CS205", "error")]


FORGING = {
    "trigger": """CREATE TRIGGER t AFTER INSERT ON entry BEGIN
        UPDATE entry SET value = CAST(replace(CAST(NEW.value AS TEXT), '0.7', '0.9') AS BLOB)
        WHERE key = NEW.key AND part = NEW.part; END""",
    "view": """ALTER TABLE entry RENAME TO kept;
        CREATE VIEW entry AS SELECT key, part,
        CAST(replace(CAST(value AS TEXT), '0.7', '0.9') AS BLOB) AS value FROM kept;
        CREATE TRIGGER t INSTEAD OF INSERT ON entry BEGIN
        INSERT OR REPLACE INTO kept VALUES (NEW.key, NEW.part, NEW.value); END""",
}


@pytest.mark.parametrize("how", FORGING)
def test_a_cache_that_changes_what_it_keeps_is_not_used(project: Workspace, how: str) -> None:
    """As a pull request may bring one: what is read from it has keys that we made."""
    project.write(
        "profiles/a.yaml", profile("a", default=True, spec__ai_infra__llm_temperature=0.7)
    )
    project.ok("validate")
    connection = sqlite3.connect(project.root / ".configsync/cache.db", isolation_level=None)
    connection.execute("DELETE FROM entry")
    connection.executescript(FORGING[how])
    connection.close()
    for _ in range(3):
        assert "0.7" in project.ok("plan").out


def test_a_cache_from_elsewhere_speaks_for_no_file(
    project: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    project.ok("validate")
    connection = sqlite3.connect(project.root / ".configsync/cache.db", isolation_level=None)
    connection.execute("UPDATE entry SET value = replace(value, 'profile/a', 'profile/evil')")
    connection.execute("UPDATE entry SET value = '[1, [], {}]' WHERE part = 2")
    connection.close()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "another account"))
    planned = project.ok("plan", "-o", "json").json
    assert {c["address"].split("/")[1] for c in planned["changes"]} == {"a"}


def test_the_secret_is_the_accounts_alone(project: Workspace) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    project.ok("validate")
    secret = Path(os.environ["XDG_CACHE_HOME"]) / "configsync" / "secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert len(secret.read_bytes()) == 32


def test_two_runs_at_once_agree(project: Workspace) -> None:
    for number in range(30):
        project.write(f"profiles/{number}.yaml", profile(f"p{number}", default=number == 0))
    command = [sys.executable, "-m", "configsync", "validate", "-o", "json"]
    runs = [
        subprocess.Popen(command, cwd=project.root, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    outputs = {run.communicate()[0] for run in runs}
    assert len(outputs) == 1
    assert all(run.returncode == 0 for run in runs)


def test_several_processes_find_what_one_finds(
    project: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(120):
        temperature = 0.755 if number % 7 == 0 else 0.5
        text = profile(f"p{number}", spec__ai_infra__llm_temperature=temperature)
        project.write(f"profiles/{number}.yaml", text)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    monkeypatch.setattr(pool, "MANY", 1)
    several = compiled(project.root, cached=False)
    monkeypatch.setattr(pool, "MANY", 10**6)
    assert compiled(project.root, cached=False) == several
    assert len(several.diagnostics) == 36  # the rule and the column, 18 times
