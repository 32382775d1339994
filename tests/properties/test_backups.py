"""Whatever a database has been through, a backup of it comes back the same, on either database."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from configsync.store.backup import copied_tables
from tests.conftest import Workspace, execute
from tests.profiles import profile
from tests.properties.test_states import STATES, write
from tests.times import examples

EXTERNAL = st.sampled_from(
    [
        "UPDATE config_ai_infra SET llm_temperature = 0.25",
        "UPDATE config_profiles SET description = 'é' || name",
        "DELETE FROM config_genie_spaces WHERE NOT is_default",
        "DELETE FROM config_profiles WHERE NOT is_default",
        "INSERT INTO config_profiles (name, is_default) VALUES ('past', false)",
        "DELETE FROM config_profiles WHERE name = 'past'",
    ]
)
STEPS = st.lists(STATES | EXTERNAL | st.just("rename"), min_size=1, max_size=4)


@settings(
    max_examples=examples(4),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(first=STATES, steps=STEPS)
def test_a_backup_comes_back_the_same(
    workspace: Workspace, other_pg_url: str, first: dict[str, Any], steps: list[Any]
) -> None:
    for step in (first, *steps):
        carry_out(workspace, step)
    made = workspace.ok("backup", "first.jsonl.gz", "--force", "-o", "json").json
    history = workspace.ok("history", "-o", "json").json["entries"]
    changes = workspace.run("plan", "-o", "json").json["changes"]
    empty(other_pg_url)
    source = "first.jsonl.gz"
    for number, url in enumerate((other_pg_url, "sqlite:///restored.db")):
        (workspace.root / "restored.db").unlink(missing_ok=True)
        to = ["--database", url]
        workspace.ok("restore", source, *to)
        source = f"{number}.jsonl"
        again = workspace.ok("backup", source, "--force", "-o", "json", *to).json
        assert again["content_digest"] == made["content_digest"]
        assert workspace.ok("history", "-o", "json", *to).json["entries"] == history
        assert workspace.run("plan", "-o", "json", *to).json["changes"] == changes


def carry_out(workspace: Workspace, step: Any) -> None:
    """Apply a state, rename the default profile, or write past configsync."""
    if isinstance(step, dict):
        write(workspace, step)
        apply(workspace)
    elif step == "rename":
        ((name,),) = workspace.sql("SELECT name FROM config_profiles WHERE is_default")
        workspace.write(
            "profiles/0.yaml", profile(f"{name}'", default=True, metadata__renamed_from=name)
        )
        apply(workspace)
    elif not step.startswith("INSERT") or not workspace.sql(
        "SELECT 1 FROM config_profiles WHERE name = 'past'"
    ):
        workspace.sql(step)


def apply(workspace: Workspace) -> None:
    """Apply what policies let pass; what they refuse is left as it is."""
    assert workspace.run("apply", "--auto-approve").code in (0, 4)


def empty(url: str) -> None:
    """Make a database as new, going past what keeps history."""
    tables = list(copied_tables())
    execute(
        url,
        "".join(f"ALTER TABLE {table} DISABLE TRIGGER USER;" for table in tables)
        + f"TRUNCATE {', '.join(tables)}",
    )
