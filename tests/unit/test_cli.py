"""The command line itself: its help, where it runs, and what it makes of wrong words."""

from __future__ import annotations

import click
import pytest

from configsync.cli.main import cli
from tests.conftest import Workspace
from tests.profiles import profile

COMMANDS = cli.list_commands(click.Context(cli))


def test_help_lists_every_command_once(project: Workspace) -> None:
    shown = project.ok("--help").out
    assert [shown.count(f"\n  {name} ") for name in COMMANDS] == [1] * len(COMMANDS)


@pytest.mark.parametrize("before", [True, False])
def test_it_runs_elsewhere(project: Workspace, before: bool) -> None:
    project.write("there/profiles/a.yaml", profile("a", default=True))
    where = ["-C", "there"]
    for command in (["validate"], ["plan"], ["db", "status"]):
        project.ok(*(where + command if before else command + where))
    assert (project.root / "there/configsync.db").is_file()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["plann"], "Did you mean plan?"),
        (["plan", "--nonsense"], "--nonsense"),
        (["apply", "-o", "json"], "--auto-approve"),
        (["show"], "ADDRESS"),
    ],
)
def test_wrong_use_exits_with_one(project: Workspace, words: list[str], says: str) -> None:
    refused = project.run(*words)
    assert refused.code == 1
    assert says in refused.err


def test_a_repository_within_a_project_is_none_of_it(project: Workspace) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    project.write("inner/deeper/README.md", "")
    assert "1 file" in project.ok("validate", "-C", "inner/deeper").out
    (project.root / "inner/.git").mkdir()
    outside = project.run("validate", "-C", "inner/deeper")
    assert outside.code == 1
    assert "profiles doesn't exist" in outside.out
