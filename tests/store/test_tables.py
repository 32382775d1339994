"""The tables of prompts, settings, projects and rules, and the views of their history."""

from __future__ import annotations

import pytest

from tests.conftest import Workspace

PROMPT = """
apiVersion: configsync/v1
kind: Prompt
metadata: {{name: verify}}
spec: {{content: "{content}", agent: {agent}, variables: [trace]}}
"""
OTHERS = """
apiVersion: configsync/v1
kind: Settings
metadata: {name: ollama}
spec: {timeout: 30, temperature: 0.5}
---
apiVersion: configsync/v1
kind: Project
metadata: {name: MMBL}
spec:
  project_name: MMBL Bank
  log_source_type: file
  environments: [{env_code: prod, log_base_path: /var/log/mmbl}]
  settings: {max_lines: 500}
---
apiVersion: configsync/v1
kind: ContextRules
metadata: {name: context}
spec: {rules: [{context: payments, important: amount}]}
---
apiVersion: configsync/v1
kind: NegateRules
metadata: {name: noise}
spec: {rules: [{label: event, operator: "!=", value: heartbeat}]}
"""


@pytest.fixture
def applied(workspace: Workspace) -> Workspace:
    """A prompt with two versions and one resource of each other type, in the database."""
    workspace.write("profiles/others.yaml", OTHERS)
    for content in ("Check {trace}", "Check {trace} twice"):
        prompt = PROMPT.format(content=content, agent="verifier")
        workspace.write("profiles/prompt.yaml", prompt)
        workspace.ok("apply", "--auto-approve", "--actor", "alice")
    return workspace


REFUSED = (
    "UPDATE prompts_versioned SET prompt_content = 'Check nothing' WHERE version = 1",
    "UPDATE prompts_versioned SET prompt_content = 'Check nothing' WHERE is_active",
    "UPDATE prompts_versioned SET variables = '[]' WHERE version = 1",
    "UPDATE prompts_versioned SET version = 3 WHERE version = 1",
    "UPDATE prompts_versioned SET is_active = true",
    "INSERT INTO prompts_versioned (prompt_name, version, prompt_content, variables) "
    "VALUES ('verify', 3, 'a second active one', '[]')",
    "INSERT INTO prompts_versioned (prompt_name, version, prompt_content, variables, is_active) "
    "VALUES ('verify', 2, 'the same version', '[]', false)",
    "INSERT INTO prompts_versioned (prompt_name, version, prompt_content, variables) "
    "VALUES ('other', 0, 'before the first', '[]')",
    "UPDATE app_settings SET setting_key = 'timeout'",
    "UPDATE app_settings SET value_type = 'number'",
    "UPDATE app_settings SET setting_value = NULL, value_type = 'json'",
    "UPDATE projects SET log_source_type = 'ftp'",
    "INSERT INTO projects (project_code, project_name, log_source_type) "
    "VALUES ('MMBL', 'another', 'file')",
    "INSERT INTO environments (project_id, env_code) SELECT project_id, env_code FROM environments",
    "INSERT INTO environments (project_id, env_code) VALUES (4711, 'prod')",
    "INSERT INTO project_settings (project_id, setting_key, value_type) "
    "SELECT project_id, setting_key, 'int' FROM project_settings",
    "INSERT INTO context_rules (context) VALUES ('payments')",
    "INSERT INTO negate_rules (label, operator, value) VALUES ('event', '!=', 'heartbeat')",
)


@pytest.mark.parametrize("statement", REFUSED)
def test_the_database_refuses(applied: Workspace, statement: str) -> None:
    before = applied.sql("SELECT count(*) FROM config_history")
    with pytest.raises(Exception, match=r"(?i)constraint|violates|never changes"):
        applied.sql(statement)
    assert applied.sql("SELECT count(*) FROM config_history") == before


def test_prompt_history_has_the_texts_before_and_after(applied: Workspace) -> None:
    content = "Check {trace} twice"
    prompt = PROMPT.format(content=content, agent="judge")
    applied.write("profiles/prompt.yaml", prompt)
    applied.ok("apply", "--auto-approve", "--actor", "bob")
    rows = applied.sql(
        "SELECT prompt_name, version, action, old_content, new_content, old_version, new_version, "
        "changed_by, revision FROM prompt_history ORDER BY id"
    )
    assert rows == [
        ("verify", 1, "create", None, "Check {trace}", None, 1, "alice", 1),
        ("verify", 2, "update", "Check {trace}", content, 1, 2, "alice", 2),
        ("verify", 2, "update", content, content, 2, 2, "bob", 3),
    ]


def test_settings_history_has_the_values_before_and_after(applied: Workspace) -> None:
    applied.write("profiles/others.yaml", OTHERS.replace("timeout: 30, ", ""))
    applied.ok("apply", "--auto-approve", "--actor", "bob")
    applied.sql("UPDATE app_settings SET setting_value = '0.7' WHERE setting_key = 'temperature'")
    rows = applied.sql(
        "SELECT setting_key, action, old_value, new_value, value_type, revision "
        "FROM settings_history ORDER BY id"
    )
    assert rows == [
        ("temperature", "create", None, "0.5", "float", 1),
        ("timeout", "create", None, "30", "int", 1),
        ("timeout", "delete", "30", None, "int", 3),
        ("temperature", "update", "0.5", "0.7", "float", 4),
    ]


def test_what_was_deactivated_comes_back_in_its_own_row(applied: Workspace) -> None:
    columns = "id, setting_key, setting_value, is_active"
    rows = applied.sql(f"SELECT {columns} FROM app_settings ORDER BY id")
    applied.write("profiles/others.yaml", OTHERS.replace("timeout: 30, ", ""))
    applied.ok("apply", "--auto-approve")
    assert applied.sql("SELECT setting_key FROM app_settings WHERE NOT is_active") == [("timeout",)]
    applied.write("profiles/others.yaml", OTHERS)
    applied.ok("apply", "--auto-approve")
    assert applied.sql(f"SELECT {columns} FROM app_settings ORDER BY id") == rows


def test_a_purge_takes_every_version(applied: Workspace) -> None:
    (applied.root / "profiles/prompt.yaml").unlink()
    applied.ok("apply", "--auto-approve", "--purge")
    assert applied.sql("SELECT count(*) FROM prompts_versioned") == [(0,)]
    assert applied.sql("SELECT count(*) FROM prompt_history") == [(3,)]
    applied.ok("rollback", "--to", "2", "--auto-approve")
    assert applied.sql("SELECT version, prompt_content FROM prompts_versioned") == [
        (2, "Check {trace} twice")
    ]


def test_a_rename_to_what_is_deactivated_is_refused(applied: Workspace) -> None:
    """Its versions are not the source's to delete unseen: they are purged under their own name."""
    prompt = PROMPT.format(content="Check {trace} twice", agent="verifier")
    applied.write("profiles/prompt.yaml", prompt.replace("verify}", "check}"))
    applied.ok("apply", "--auto-approve")
    renamed = prompt.replace("{name: verify}", "{name: verify, renamed_from: check}")
    applied.write("profiles/prompt.yaml", renamed)
    for more in ([], ["--purge"]):
        refused = applied.run("apply", "--auto-approve", *more)
        assert (refused.code, "CS404" in refused.out) == (4, True)
    checked = prompt.replace("verify}", "check}")
    applied.write("profiles/prompt.yaml", f"{prompt}---{checked}")
    applied.ok("apply", "--auto-approve")
    applied.write("profiles/prompt.yaml", checked)
    applied.ok("apply", "--auto-approve", "--purge")
    applied.write("profiles/prompt.yaml", renamed)
    applied.ok("apply", "--auto-approve")
    rows = applied.sql("SELECT prompt_name, version, is_active FROM prompts_versioned")
    assert [(name, version, bool(active)) for name, version, active in rows] == [
        ("verify", 1, True)
    ]


def test_a_rollback_takes_back_what_uses_something_newer(applied: Workspace) -> None:
    prompt = PROMPT.format(content="Another", agent="verifier").replace("verify", "newer")
    applied.write("profiles/newer.yaml", prompt.replace("variables: [trace]", "variables: []"))
    used = OTHERS.replace("{name: ollama}", "{name: ollama, uses: [prompt/newer]}")
    applied.write("profiles/others.yaml", used)
    applied.ok("apply", "--auto-approve")
    applied.ok("rollback", "--to", "2", "--auto-approve")
    assert applied.sql("SELECT prompt_name FROM prompts_versioned WHERE is_active") == [("verify",)]


def test_a_rollback_publishes_a_text_again_whose_number_another_has(applied: Workspace) -> None:
    (applied.root / "profiles/prompt.yaml").unlink()
    applied.ok("apply", "--auto-approve", "--purge")
    other = PROMPT.format(content="Another {trace}", agent="verifier")
    applied.write("profiles/prompt.yaml", other)
    applied.ok("apply", "--auto-approve")
    applied.ok("rollback", "--to", "1", "--auto-approve")
    rows = "SELECT version, prompt_content FROM prompts_versioned WHERE is_active"
    assert applied.sql(rows) == [(2, "Check {trace}")]


def test_what_a_pinned_version_was_applied_with_is_drift_when_changed(applied: Workspace) -> None:
    pinned = PROMPT.format(content="", agent="").replace(
        '{content: "", agent: , variables: [trace]}', "{version: 1}"
    )
    applied.write("profiles/prompt.yaml", pinned)
    applied.ok("apply", "--auto-approve")
    applied.sql("UPDATE prompts_versioned SET agent_name = 'another' WHERE is_active")
    applied.ok("apply", "--auto-approve")
    rows = "SELECT version, agent_name FROM prompts_versioned WHERE is_active"
    assert applied.sql(rows) == [(1, "verifier")]


def test_an_ignored_text_is_ignored_with_its_number(applied: Workspace) -> None:
    applied.write(
        "configsync.toml",
        'source = "project"\n'
        'ignore = [{address = "prompt/*", fields = ["prompt_content"]}, '
        '{address = "setting/*", fields = ["setting_value"]}]\n',
    )
    applied.sql("UPDATE prompts_versioned SET is_active = false")
    applied.sql(
        "INSERT INTO prompts_versioned (prompt_name, version, prompt_content, variables, "
        "agent_name) VALUES ('verify', 3, 'Theirs', '[]', 'verifier')"
    )
    applied.sql("UPDATE app_settings SET setting_value = 'x', value_type = 'string'")
    applied.ok("plan", "--detailed-exitcode")
