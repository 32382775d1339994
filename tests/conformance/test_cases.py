"""Each kind has a case, and each case says enough."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from configsync.core.resource import State
from configsync.kinds import all_kinds
from tests.conformance import case as cases
from tests.conformance.case import CASES, Case
from tests.conformance.subject import desired, lay

NO_CASES = {"__pycache__", "plugin"}


def compiled(root: Path, *parts: Path) -> State:
    lay(root, *parts)
    return desired(root)


def complaints(case: Case, root: Path) -> list[str]:
    """All that a case leaves out."""
    found = list(case.missing())
    if found:
        return found
    start = compiled(root, case.start)
    changed = [compiled(root, case.start, part) for part in case.changed]
    found += cases.not_begun(case, start)
    found += cases.not_changed(case, start, changed)
    found += cases.not_added(case, start, compiled(root, case.start, case.added))
    if case.kind.named:
        found += cases.not_renamed(case, start, compiled(root, case.start, case.renamed))
    found += [
        f"{case.kind.name}/invalid/{path.name} says of no line which error it has"
        for path in case.invalid
        if not cases.expected_errors(path)
    ]
    return found


def test_a_case_is_whole(any_case: Case, tmp_path: Path) -> None:
    found = complaints(any_case, tmp_path)
    if found:
        pytest.fail("\n".join(found), pytrace=False)


def test_each_folder_is_the_case_of_a_kind() -> None:
    folders = {f.name for f in CASES.iterdir() if f.is_dir()} - NO_CASES
    assert folders <= set(all_kinds())


# What the suite says of a kind that brings less.

PROFILE = Case(all_kinds()["Profile"], CASES / "Profile")


@pytest.fixture
def copy(tmp_path: Path) -> Case:
    """The case of profiles, to take something away from."""
    return Case(PROFILE.kind, shutil.copytree(PROFILE.folder, tmp_path / "Profile"))


def test_a_kind_without_a_case_is_told_what_to_write(tmp_path: Path) -> None:
    found = complaints(Case(PROFILE.kind, tmp_path / "Profile"), tmp_path)
    assert [line.partition(" is missing: ")[0] for line in found] == [
        f"Profile/{part}/" for part in ("start", "changed", "added", "renamed", "invalid")
    ]


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        (
            "changed/production.yaml",
            "2147483647",
            "60000",
            "Profile/changed/ has no other value of ai_infra.llm_max_tokens",
        ),
        (
            "changed/production.yaml",
            "0003",
            "0002",
            "Profile/changed/ has no genie_space that start/ lacks",
        ),
        (
            "start/production.yaml",
            "  description: What",
            "  # What",
            "Profile/start/ has no value of profile.description",
        ),
        (
            "renamed/production.yaml",
            "  renamed_from: production\n",
            "",
            "Profile/renamed/ has no document with renamed_from",
        ),
        (
            "invalid/values.yaml",
            "  # CS",
            "  # ",
            "Profile/invalid/values.yaml says of no line which error it has",
        ),
    ],
)
def test_a_case_that_leaves_something_out_is_told(
    copy: Case, tmp_path: Path, file: str, old: str, new: str, complaint: str
) -> None:
    path = copy.folder / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    assert complaint in complaints(copy, tmp_path)


def test_a_case_that_adds_what_it_began_with_is_told(copy: Case, tmp_path: Path) -> None:
    shutil.rmtree(copy.added)
    shutil.copytree(copy.start, copy.added)
    assert complaints(copy, tmp_path) == ["Profile/added/ adds no profile"]
