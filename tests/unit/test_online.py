"""validate --online, endpoints and genie-spaces against a workspace on this machine."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from configsync.databricks import workspace as asking
from tests import databricks
from tests.conftest import Result, Workspace
from tests.databricks import ENDPOINTS, EXPERIMENT, FOLDER, ME, SPACES, FakeWorkspace, Reply, error
from tests.profiles import profile

SPACE = "01effebcc2781b6b"

FORBIDDEN = error(403, "PERMISSION_DENIED", "not yours")
NO_API = error(404, "ENDPOINT_NOT_FOUND", "No API found")
BUSY = error(429, "REQUEST_LIMIT_EXCEEDED", "slow down", Retry_After="3600")
BROKEN = error(500, "INTERNAL_ERROR", "oh dear")
GATEWAY = Reply(502, b"<html><title>502 Bad Gateway</title></html>")
HANG = Reply(hang=True)
DRIP = Reply(drip=True)
ENDLESS = Reply(content={"spaces": [], "next_page_token": "again"})
JUNK = Reply(content=b"<html>Sign in</html>")
OTHER_JUNK = Reply(content={"endpoints": 5, "spaces": 5, "experiment": 5})
ODD = Reply(content=["a", "list"])

UNKNOWN = [
    (FORBIDDEN, "the workspace forbids it: not yours"),
    (NO_API, "the workspace refused: No API found"),
    (BUSY, "the workspace is asked too often: slow down"),
    (BROKEN, "the workspace fails: oh dear"),
    (GATEWAY, "the workspace refused: 502 Bad Gateway"),
    (HANG, "the workspace doesn't answer: it is silent"),
    (DRIP, "the workspace took too long to answer"),
    (JUNK, "what the workspace answered can't be understood"),
    (OTHER_JUNK, "what the workspace answered can't be understood"),
    (ODD, "what the workspace answered can't be understood"),
]
"""What a workspace may do instead of answering, and how it is told."""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeWorkspace]:
    """A workspace that has all that a minimal profile names."""
    asking.require_library()  # It takes seconds to load, which no test is to count.
    with databricks.running(tmp_path, monkeypatch) as server:
        server.endpoints = ["zeta", "databricks-claude", "alpha"]
        server.spaces = {SPACE: "Usage"}
        server.experiments = {"/Shared/slides": "active"}
        server.folders = {"/Shared": "DIRECTORY"}
        yield server


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes seconds takes less: nobody answers here who did not at once."""
    monkeypatch.setattr(asking, "REQUEST_TIMEOUT", 0.7)
    monkeypatch.setattr(asking, "LONGEST_PAUSE", 0.5)
    monkeypatch.setattr(asking, "RUN_TIMEOUT", 4)


def found(result: Result) -> list[tuple[str, str, int, str]]:
    """Code, path, line and summary of what a validation found."""
    return [
        (d["code"], d["path"], (d["location"] or {"line": 0})["line"], d["summary"])
        for d in result.json["diagnostics"]
    ]


def test_what_is_there_is_no_finding(project: Workspace, fake: FakeWorkspace) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    assert "0 errors, 0 warnings" in project.ok("validate", "--online", "--strict").out


PLACED = """\
apiVersion: configsync/v1
kind: Profile
metadata: {name: base, abstract: true}
spec:
  ai_infra: {llm_endpoint: databricks-cloude, llm_temperature: 0.7, llm_max_tokens: 5}
  prompts:
    system_prompt: "{max_slides}"
    slide_editing_instructions: b
    user_prompt_template: "{question}"
---
apiVersion: configsync/v1
kind: Profile
metadata: {name: one, extends: base}
spec:
  default: true
  genie_spaces:
    - space_id: 01effebcc2781b6b
      default: true
    - space_id: gone
  mlflow: {experiment_name: /Shared/deleted}
---
apiVersion: configsync/v1
kind: Profile
metadata: {name: two, extends: base}
spec:
  ai_infra:
    llm_endpoint: alpha
  genie_spaces: [{space_id: hidden}]
  mlflow:
    experiment_name: "/Users/{username}/gone/slides"
"""


def test_what_is_missing_is_an_error_where_it_is_named(
    project: Workspace, fake: FakeWorkspace
) -> None:
    fake.hidden = {"hidden"}
    fake.experiments = {"/Shared/deleted": "deleted"}
    project.write("profiles/a.yaml", PLACED)
    result = project.run("validate", "--online", "-o", "json")
    assert result.code == 1
    space, stage = "spec.genie_spaces[1].space_id", "spec.mlflow.experiment_name"
    folder = "/Users/ann@example.com/gone"
    assert found(result) == [
        (
            "CS501",
            "spec.ai_infra.llm_endpoint",
            5,
            "the workspace has no serving endpoint databricks-cloude",
        ),
        ("CS502", space, 19, "the workspace has no Genie space gone"),
        ("CS503", stage, 20, "the experiment /Shared/deleted is deleted"),
        ("CS503", stage, 30, f"the experiment's folder {folder} is not in the workspace"),
    ]
    assert result.json["diagnostics"][0]["help"] == "Did you mean databricks-claude?"
    assert result.json["diagnostics"][1]["location"]["column"] == 17


def test_a_value_of_another_file_is_shown_there(project: Workspace, fake: FakeWorkspace) -> None:
    head, _, rest = PLACED.partition("---\n")
    project.write("profiles/base.yaml", head)
    project.write("profiles/all.yaml", rest.partition("---\n")[0].replace("gone", "hidden"))
    fake.hidden = {"hidden"}
    fake.experiments = {"/Shared/deleted": "active"}
    result = project.run("validate", "--online", "-o", "json")
    (finding,) = result.json["diagnostics"]
    assert finding["location"] == {"file": "profiles/base.yaml", "line": 5, "column": 28}


@pytest.mark.parametrize(
    ("path", "folder", "finding"),
    [
        ("/new", None, None),
        ("/Workspace/new", None, None),
        ("/Shared/new", "DIRECTORY", None),
        ("/Shared/new", "REPO", None),
        ("/Shared/new", "NOTEBOOK", "the experiment's folder /Shared is no folder, but a notebook"),
        ("/Shared/", None, "no experiment can have the path /Shared/"),
        ("/", None, "no experiment can have the path /"),
        ("/Shared//a", None, "no experiment can have the path /Shared//a"),
        ("/Shared/../a", None, "no experiment can have the path /Shared/../a"),
    ],
)
def test_paths_of_experiments(
    project: Workspace, fake: FakeWorkspace, path: str, folder: str | None, finding: str | None
) -> None:
    fake.folders = {"/Shared": folder} if folder else {}
    project.write("profiles/a.yaml", profile("a", default=True, spec__mlflow__experiment_name=path))
    told = [summary for *_, summary in found(project.run("validate", "--online", "-o", "json"))]
    assert told == ([finding] if finding else [])


@pytest.mark.parametrize(("reply", "reason"), UNKNOWN)
def test_what_isnt_answered_is_unknown(
    project: Workspace, fake: FakeWorkspace, impatient: None, reply: Reply, reason: str
) -> None:
    fake.faults["/api/2.0/"] = reply
    project.write("profiles/a.yaml", profile("a", default=True))
    project.write("profiles/b.yaml", profile("b", spec__ai_infra__llm_endpoint="zeta"))
    began = time.monotonic()
    result = project.run("validate", "--online", "-o", "json")
    assert time.monotonic() - began < 8
    assert result.code == 0
    assert result.err == ""
    assert [(code, line) for code, _, line, _ in found(result)] == [("CS504", 0)] * 3
    told = {summary for *_, summary in found(result)}
    first = f"2 serving endpoints could not be checked: {reason}"
    assert first in told
    if not reply.drip:  # That takes all of the time that there is.
        assert told == {
            first,
            f"1 Genie space could not be checked: {reason}",
            f"1 experiment could not be checked: {reason}",
        }


def test_the_unknown_is_an_error_for_the_strict(project: Workspace, fake: FakeWorkspace) -> None:
    fake.faults[SPACES] = FORBIDDEN
    project.write("profiles/a.yaml", profile("a", default=True))
    result = project.run("validate", "--online", "--strict")
    assert result.code == 1
    assert "error[CS504]: 1 Genie space could not be checked" in result.out
    assert "1 error, 0 warnings" in result.out


def test_one_that_is_forbidden_leaves_the_others_known(
    project: Workspace, fake: FakeWorkspace
) -> None:
    fake.faults[f"{ENDPOINTS}/theirs"] = FORBIDDEN
    for name in ("theirs", "gone"):
        project.write(
            f"profiles/{name}.yaml",
            profile(name, default=name == "gone", spec__ai_infra__llm_endpoint=name),
        )
    told = [summary for *_, summary in found(project.run("validate", "--online", "-o", "json"))]
    assert told == [
        "1 serving endpoint could not be checked: the workspace forbids it: not yours",
        "the workspace has no serving endpoint gone",
    ]


def test_who_asks_may_be_unknown(project: Workspace, fake: FakeWorkspace) -> None:
    fake.faults[ME] = FORBIDDEN
    project.write(
        "profiles/a.yaml",
        profile("a", default=True, spec__mlflow__experiment_name="/Users/{username}/slides"),
    )
    told = [summary for *_, summary in found(project.run("validate", "--online", "-o", "json"))]
    assert told == ["1 experiment could not be checked: the workspace forbids it: not yours"]


def test_who_is_asked_to_wait_a_moment_does(project: Workspace, fake: FakeWorkspace) -> None:
    fake.faults[ENDPOINTS] = [error(429, "REQUEST_LIMIT_EXCEEDED", "slow down", Retry_After="1")]
    assert project.ok("endpoints").out == "databricks-claude\nalpha\nzeta\n"
    assert fake.requests[ENDPOINTS] == 2


def test_requests_dont_grow_with_the_number_of_profiles(
    project: Workspace, fake: FakeWorkspace
) -> None:
    fake.endpoints = [f"endpoint-{n}" for n in range(19)]
    fake.spaces = {f"{n:032x}": f"Space {n}" for n in range(250)}
    documents = [
        profile(
            f"p{n}",
            default=n == 0,
            spec__ai_infra__llm_endpoint=f"endpoint-{n % 20}",
            spec__genie_spaces=[{"space_id": f"{n % 250:032x}"}],
            spec__mlflow__experiment_name=f"/Shared/{n % 5}",
        )
        for n in range(1000)
    ]
    project.write("profiles/all.yaml", "---\n".join(documents))
    result = project.run("validate", "--online", "-o", "json")
    assert len(found(result)) == 50  # Everybody who names the twentieth.
    asked = {path: n for path, n in fake.requests.items() if path.startswith("/api/")}
    assert asked == {
        ENDPOINTS: 1,
        f"{ENDPOINTS}/endpoint-19": 1,
        SPACES: 3,
        EXPERIMENT: 5,
        FOLDER: 1,
    }


def test_nothing_to_ask_asks_nobody(project: Workspace, fake: FakeWorkspace) -> None:
    project.write("profiles/a.yaml", "apiVersion: configsync/v1\nkind: Profile\n")
    project.run("validate", "--online")
    project.write("profiles/a.yaml", profile("a", default=True))
    project.ok("validate")
    assert not fake.requests


def test_listings(project: Workspace, fake: FakeWorkspace) -> None:
    fake.spaces = {"b1": "Usage", "a2": "Sales\n::error::\u202e", "a1": "Sales and more"}
    fake.page = 2
    assert project.ok("endpoints").out == "databricks-claude\nalpha\nzeta\n"
    assert project.ok("endpoints", "-o", "json").json["endpoints"] == [
        {"name": "databricks-claude", "databricks": True},
        {"name": "alpha", "databricks": False},
        {"name": "zeta", "databricks": False},
    ]
    assert project.ok("genie-spaces").out.splitlines() == [
        "a2  Sales␊::error::<U+202E>",
        "a1  Sales and more",
        "b1  Usage",
    ]
    titles = [s["title"] for s in project.ok("genie-spaces", "-o", "json").json["genie_spaces"]]
    assert titles == ["Sales\n::error::\u202e", "Sales and more", "Usage"]


@pytest.mark.parametrize("command", ["endpoints", "genie-spaces"])
def test_an_unreachable_workspace_lists_nothing_and_says_so(
    project: Workspace, fake: FakeWorkspace, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    for case in ("broken", "refused", "refused by the settings' file"):
        if case == "broken":
            fake.faults["/api/"] = BROKEN
        elif case == "refused":
            with socket.create_server(("127.0.0.1", 0)) as free:
                host = f"http://127.0.0.1:{free.getsockname()[1]}"
            monkeypatch.setenv("DATABRICKS_HOST", host)
        else:
            monkeypatch.delenv("DATABRICKS_HOST")
            monkeypatch.delenv("DATABRICKS_TOKEN")
            file = project.write("cfg", f"[DEFAULT]\nhost = {host}\ntoken = secret\n")
            monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(file))
        began = time.monotonic()
        result = project.ok(command)
        assert time.monotonic() - began < 3
        assert result.out == ""
        assert result.err.startswith("Warning: the Databricks workspace can't be reached: ")
        assert project.ok(command, "-o", "json").json[command.replace("-", "_")] == []
    assert project.ok("validate", "--online").out.count("could not be checked") == 3


@pytest.mark.parametrize("command", ["endpoints", "genie-spaces"])
@pytest.mark.parametrize("reply", [FORBIDDEN, NO_API, JUNK, OTHER_JUNK])
def test_a_listing_that_is_refused_is_an_error(
    project: Workspace, fake: FakeWorkspace, command: str, reply: Reply
) -> None:
    fake.faults["/api/"] = reply
    result = project.run(command)
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("Error: The Databricks workspace lists nothing: ")


def test_pages_without_end_end(project: Workspace, fake: FakeWorkspace) -> None:
    fake.faults[SPACES] = ENDLESS
    assert "Genie spaces has no end" in project.run("genie-spaces").err
    assert fake.requests[SPACES] == 2
    fake.faults[SPACES] = [
        Reply(content={"spaces": [], "next_page_token": str(n)}) for n in range(200)
    ]
    assert "Genie spaces has no end" in project.run("genie-spaces").err
    assert fake.requests[SPACES] == 102


@pytest.mark.parametrize("command", [["endpoints"], ["genie-spaces"], ["validate", "--online"]])
def test_what_is_lacking_here_is_said(
    project: Workspace, fake: FakeWorkspace, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    project.write("profiles/a.yaml", profile("a", default=True))
    for name in ("DATABRICKS_HOST", "DATABRICKS_TOKEN"):
        monkeypatch.delenv(name)
    result = project.run(*command)
    assert (result.code, result.out) == (1, "")
    assert "Set DATABRICKS_HOST and DATABRICKS_TOKEN" in result.err
    monkeypatch.setitem(sys.modules, "databricks.sdk", None)
    result = project.run(*command)
    assert (result.code, result.out) == (1, "")
    assert "pip install 'configsync[databricks]'" in result.err


def test_the_workspaces_token_is_never_told(
    project: Workspace, fake: FakeWorkspace, caplog: pytest.LogCaptureFixture
) -> None:
    """What the environment is trusted with is in no output, whatever the level of the log."""
    caplog.set_level("DEBUG")
    project.write("profiles/a.yaml", profile("a", default=True))
    for reply in (FORBIDDEN, BROKEN, JUNK):
        fake.faults["/api/"] = reply
        for command in (["endpoints"], ["genie-spaces"], ["validate", "--online"]):
            result = project.run(*command)
            assert "secret" not in result.out + result.err
    assert "secret" not in caplog.text
