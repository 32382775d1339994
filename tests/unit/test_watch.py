"""What `configsync watch` refuses, and what commands are told."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from configsync.core import address
from configsync.runtime import Change
from configsync.usecases.reactions import ANY, environment, read_pid
from tests.conftest import Workspace


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "Name one: a COMMAND, --pid or --pid-file."),
        (["--pid", "7", "--pid-file", "app.pid"], "Name one"),
        (["--pid", "7", "--", "true"], "Name one"),
        (["--pid", "0"], "--pid"),
        (["--signal", "HUP", "--", "true"], "--signal goes with"),
        (["--signal", "STOP", "--pid", "7"], "--signal"),
        (["--poll", "nan", "--", "true"], "poll"),
        (["--poll", "0", "--", "true"], "--poll"),
        (["--select", "label=team=slides", "--", "true"], "Labels are known in git only"),
        (["--database", "mysql://there", "--", "true"], "not understood"),
        (["--target", "prod", "--", "true"], "There is no target prod"),
    ],
    ids=" ".join,
)
def test_wrong_use(project: Workspace, words: list[str], says: str) -> None:
    refused = project.run("watch", *words)
    assert refused.code == 1
    assert says in refused.err
    assert not (project.root / "configsync.db").exists()


segments = st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1)


@given(st.lists(segments, min_size=1, max_size=20))
def test_a_line_an_address(found: list[list[str]]) -> None:
    addresses = tuple(address.join("profile", *steps) for steps in found)
    told = environment(Change(2, 1, addresses))["CONFIGSYNC_ADDRESSES"].split("\n")
    assert not any(c < " " or c == "\x7f" for line in told for c in line)
    # Joined segments are escaped once, so that one way back gives them all.
    assert [[unquote(s) for s in at.split("/")] for at in told] == [
        ["profile", *steps] for steps in found
    ]


@pytest.mark.parametrize("count", [0, 5_000])
def test_unknown_or_too_many_addresses_are_any(count: int) -> None:
    addresses = tuple(f"setting/bulk/key_{number}" for number in range(count))
    assert environment(Change(2, None, addresses)) == {
        "CONFIGSYNC_REVISION": "2",
        "CONFIGSYNC_PREVIOUS_REVISION": "",
        "CONFIGSYNC_ADDRESSES": ANY,
    }


@pytest.mark.parametrize(
    "content", ["", "\n12", "0", "-1", "+7", "1e3", "7 8", "٣", "9" * 60, "x" * 100_000]
)
def test_no_process_id(tmp_path: Path, content: str) -> None:
    file = tmp_path / "app.pid"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match="no process id"):
        read_pid(file)


@pytest.mark.parametrize("content", ["7", "7\n", " 007\r\nmore\n"])
def test_process_ids(tmp_path: Path, content: str) -> None:
    file = tmp_path / "app.pid"
    file.write_text(content)
    assert read_pid(file) == 7
