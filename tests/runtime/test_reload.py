"""What a reload changes, what it leaves, and what pinned snapshots keep."""

from __future__ import annotations

import gc
import logging
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from configsync.runtime import Change, ConfigClient, NotFound, load
from tests.conftest import Workspace, execute, with_database
from tests.profiles import profile
from tests.runtime.estate import connect, everything, write_estate
from tests.times import examples

HANDS = (
    "UPDATE config_ai_infra SET llm_max_tokens = llm_max_tokens + 1",
    "UPDATE config_profiles SET description = 'by hand' WHERE name = 'staging'",
    "UPDATE config_profiles SET name = 'moved' WHERE name = 'staging'",
    "UPDATE config_profiles SET name = 'staging' WHERE name = 'moved'",
    "UPDATE config_profiles SET is_default = false WHERE is_default",
    "UPDATE config_profiles SET is_default = true WHERE name = 'staging' "
    "AND NOT EXISTS (SELECT 1 FROM config_profiles WHERE is_default)",
    "DELETE FROM config_profiles WHERE name = 'staging'",
    "INSERT INTO config_profiles (name, is_default) SELECT 'new', false "
    "WHERE NOT EXISTS (SELECT 1 FROM config_profiles WHERE name = 'new')",
    "DELETE FROM config_profiles WHERE name = 'new'",
    "UPDATE config_genie_spaces SET space_id = space_id || 'x'",
    "DELETE FROM config_genie_spaces WHERE NOT is_default",
    "UPDATE config_prompts SET system_prompt = system_prompt || '!'",
    "UPDATE prompts_versioned SET is_active = NOT is_active",
    "UPDATE prompts_versioned SET prompt_name = 'other' WHERE prompt_name = 'verify'",
    "UPDATE app_settings SET setting_value = '31' WHERE setting_key = 'timeout'",
    "UPDATE app_settings SET is_active = NOT is_active WHERE setting_key = 'host'",
    "UPDATE app_settings SET category = 'renamed' WHERE setting_key = 'ratio'",
    "UPDATE projects SET is_active = NOT is_active",
    "UPDATE projects SET project_code = 'NCC'",
    "UPDATE environments SET env_code = 'live' WHERE env_code = 'prod'",
    "UPDATE environments SET is_active = NOT is_active WHERE env_code = 'staging'",
    "UPDATE project_settings SET setting_value = '8'",
    "DELETE FROM project_settings",
    "UPDATE context_rules SET important = 'other'",
    "DELETE FROM negate_rules",
    "INSERT INTO negate_rules (label, operator, value) SELECT 'x/y', '=', '%' "
    "WHERE NOT EXISTS (SELECT 1 FROM negate_rules WHERE label = 'x/y')",
)
"""What people do to tables past configsync."""


@settings(
    max_examples=examples(3),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(
    st.lists(st.lists(st.sampled_from(HANDS), min_size=1, max_size=4), max_size=4),
    st.sampled_from([0, load.FEW]),
)
def test_what_a_reload_gives_is_what_is_there(
    workspace: Workspace, rounds: list[list[str]], few: int
) -> None:
    """However it came about, content equals a fresh load, and a pinned one what it was.

    Whether roots are asked for one by one, or all at once.
    """
    workspace.monkeypatch.setattr(load, "FEW", few)
    if not (workspace.root / "profiles/others.yaml").exists():
        write_estate(workspace)
    with copied(workspace) as copy:
        _check_rounds(copy, rounds)


def _check_rounds(workspace: Workspace, rounds: list[list[str]]) -> None:
    with ExitStack() as clients:

        def client(lazy: bool = True) -> ConfigClient:
            return clients.enter_context(connect(workspace, lazy=lazy))

        eager, lazy = client(lazy=False), client()
        everything(lazy._content)
        pins = [(eager.pin(), everything(eager._content))]
        late = [(client().pin(), pins[0][1])]
        for statements in rounds:
            for statement in statements:
                workspace.sql(statement)
            eager.refresh()
            lazy.refresh()
            with connect(workspace) as fresh:
                now = everything(fresh._content)
                assert fresh.revision == eager.revision
            assert everything(eager._content) == now
            assert everything(lazy._content) == now
            pins.append((eager.pin(), now))
            late.append((client().pin(), now))
        for snapshot, then in pins:
            assert everything(snapshot._content) == then
        # What these are asked for only now is what it was at their revision.
        for snapshot, then in late:
            assert everything(snapshot._content) == then


@contextmanager
def copied(workspace: Workspace) -> Iterator[Workspace]:
    """A workspace's database once more, so that each example begins with the same."""
    if workspace.url is None:
        file = workspace.root / "copy.db"
        shutil.copyfile(workspace.root / "configsync.db", file)
        yield replace(workspace, url=f"sqlite:///{file}")
        file.unlink()
        return
    name = urlsplit(workspace.url).path[1:]
    copy = with_database(workspace.url, f"{name}_copy")
    server = with_database(workspace.url, "postgres")
    execute(server, f"CREATE DATABASE {name}_copy TEMPLATE {name}")
    yield replace(workspace, url=copy)
    execute(server, f"DROP DATABASE {name}_copy WITH (FORCE)")


def test_a_change_is_told_and_seen(workspace: Workspace) -> None:
    write_estate(workspace)
    with connect(workspace) as client:
        changes: list[Change] = []
        forget = client.on_change(changes.append)
        workspace.write(
            "profiles/staging.yaml", profile("staging", spec__ai_infra__llm_max_tokens=9)
        )
        workspace.ok("apply", "--auto-approve", "--actor", "tester")
        before = client.profile("production")
        assert client.refresh() == 2
        assert changes == [Change(2, 1, ("profile/staging/ai_infra",))]
        assert changes[0].touches("profile/stag*")
        assert not changes[0].touches("profile/production")
        assert client.profile("staging").ai_infra.llm_max_tokens == 9
        assert client.profile("staging").origin.revision == 2
        assert client.profile("production") is before  # What didn't change wasn't read again.
        forget()
        forget()
        workspace.sql("UPDATE config_ai_infra SET llm_max_tokens = 10")
        client.refresh()
        assert len(changes) == 1


def test_a_callback_that_fails_stops_no_other(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    write_estate(workspace)
    seen: list[int] = []

    def fails(change: Change) -> None:
        raise RuntimeError("mine")

    with connect(workspace) as client:
        client.on_change(fails)
        client.on_change(lambda change: seen.append(change.revision))
        workspace.sql("UPDATE config_ai_infra SET llm_max_tokens = 10")
        client.refresh()
        assert seen == [client.revision]
    assert "a callback failed after revision" in caplog.text


def test_pins_keep_their_revision_and_are_freed(workspace: Workspace) -> None:
    write_estate(workspace)
    with connect(workspace) as client:
        with client.pin() as snapshot:
            session = client.session("staging")
            workspace.sql("DELETE FROM config_profiles WHERE name = 'staging'")
            client.refresh()
            assert client.status().pinned == 1
            assert snapshot.profile("staging").name == session.profile.name == "staging"
            with pytest.raises(NotFound):
                client.profile("staging")
            with pytest.raises(NotFound):
                session.advance()
            assert session.revision == 1  # It stays as it was.
            assert session.use("production").name == "production"
            assert session.revision == 1
            assert session.advance()
            assert session.revision == client.revision
            assert not session.advance()
        del snapshot
        gc.collect()
        assert client.status().pinned == 0


def test_a_create_is_not_hidden_by_an_earlier_miss(workspace: Workspace) -> None:
    write_estate(workspace)
    with connect(workspace) as eager, connect(workspace, lazy=True) as lazy:
        for client in (eager, lazy):
            with pytest.raises(NotFound):
                client.profile("later")
        workspace.write("profiles/later.yaml", profile("later"))
        workspace.ok("apply", "--auto-approve", "--actor", "tester")
        for client in (eager, lazy):
            client.refresh()
            assert client.profile("later").name == "later"


def test_deleting_brings_no_default_of_the_code_unless_asked(workspace: Workspace) -> None:
    write_estate(workspace)
    spare = {
        "apiVersion": "configsync/v1",
        "kind": "Settings",
        "metadata": {"name": "ollama"},
        "spec": {"timeout": 99},
    }
    with connect(workspace, fallback=spare) as client:
        workspace.sql("DELETE FROM app_settings WHERE setting_key = 'timeout'")
        client.refresh()
        with pytest.raises(NotFound):
            client.setting("ollama", "timeout")
        assert client.setting("ollama", "timeout", default=1) == 1


def test_lazy_reads_only_what_is_asked_for(workspace: Workspace) -> None:
    write_estate(workspace)
    with connect(workspace, lazy=True, load=["setting/ollama/timeout", "prompt"]) as client:
        known = {d: list(t.roots) for d, t in client._content.tables.items() if t.roots}
        assert known == {"setting": [("ollama", "timeout")], "prompt": ["verify"]}
        assert client.default_profile().name == "production"
        client.load("profile/staging")
        assert set(client._content.tables["profile"].roots) == {"production", "staging"}
        workspace.sql("UPDATE config_ai_infra SET llm_max_tokens = 10")
        client.refresh()
        assert client.profile("staging").ai_infra.llm_max_tokens == 10


def test_following_needs_no_asking(workspace: Workspace) -> None:
    """By notification where the database tells, else by polling."""
    write_estate(workspace)
    with connect(workspace, poll=0.05, listen=True) as client:
        assert client.status().listening == (workspace.url is not None)
        seen = threading.Event()
        client.on_change(lambda change: seen.set())
        workspace.sql("UPDATE config_ai_infra SET llm_max_tokens = 11")
        assert seen.wait(20)
        assert client.profile("staging").ai_infra.llm_max_tokens == 11
        assert client.status().reloads == 1


def test_one_line_a_reload_without_values(
    workspace: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    write_estate(workspace)
    with connect(workspace) as client:
        workspace.sql("UPDATE config_prompts SET system_prompt = 'a secret'")
        with caplog.at_level(logging.INFO, logger="configsync.runtime"):
            revision = client.refresh()
    (record,) = caplog.records
    assert record.getMessage().startswith(f"reloaded revision={revision} previous=1 addresses=2 ")
    assert record.configsync["addresses"] == 2  # type: ignore[attr-defined]
    assert "secret" not in str(vars(record))


def test_threads_share_a_client_and_see_no_mixture(workspace: Workspace) -> None:
    write_estate(workspace)
    torn: list[object] = []
    done = threading.Event()

    def read(client: ConfigClient) -> None:
        last = 0
        while not done.is_set():
            with client.pin() as snapshot:
                tokens = {snapshot.profile(n).ai_infra.llm_max_tokens for n in snapshot.profiles()}
            if len(tokens) != 1 or min(tokens) < last:
                torn.append((tokens, last))
            last = max(tokens)
            done.wait(0.001)  # Who writes needs the processor too.

    _set_all(workspace, 1)
    with connect(workspace, poll=0.01, listen=True) as client:
        readers = [threading.Thread(target=read, args=(client,)) for _ in range(4)]
        for reader in readers:
            reader.start()
        for number in range(2, 12):
            _set_all(workspace, number)
        client.refresh()
        done.set()
        for reader in readers:
            reader.join()
        assert client.profile("staging").ai_infra.llm_max_tokens == 11
    assert torn == []


def _set_all(workspace: Workspace, number: int) -> None:
    """Change all profiles in one revision: a trigger of SQLite would make one of each row."""
    for name in ("production", "staging"):
        spaces = [{"space_id": "02"}, {"space_id": "01", "default": True, "space_name": "Usage"}]
        changes = {"spec__genie_spaces": spaces} if name == "production" else {}
        text = profile(
            name, default=name == "production", spec__ai_infra__llm_max_tokens=number, **changes
        )
        workspace.write(f"profiles/{name}.yaml", text)
    workspace.ok("apply", "--auto-approve", "--actor", "tester", "--force")
