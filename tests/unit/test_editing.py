"""Which document an address leads to, for kinds whose documents' names are in no address."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from configsync.core.document import Document
from configsync.core.errors import UsageError
from configsync.core.kind import Compiled, Kind
from configsync.core.resource import Column, ResourceType
from configsync.core.values import Text
from configsync.edit.fields import Assignment
from configsync.kinds import all_kinds, register
from configsync.source.project import find_project
from configsync.usecases import edit, editing
from tests.conftest import Workspace

WORD = ResourceType(
    domain="banned_word",
    kind="Banned",
    table="banned_words",
    columns=(Column("lang", Text()), Column("word", Text()), Column("why", Text(), nullable=True)),
    key=("lang", "word"),
)


def compile_banned(document: Document) -> Iterator[Compiled]:
    for index, word in enumerate(document.body["spec"]["words"]):
        path = ("spec", "words", index)
        yield Compiled(WORD, {n: word.get(n) for n in WORD.names}, path)


BANNED = Kind(
    name="Banned",
    title="Words that an answer must not have",
    spec=dict,
    types=(WORD,),
    compile=compile_banned,
    named=False,
)
HEAD = "apiVersion: configsync/v1\nkind: Banned\nmetadata: {name: polite}\nspec:\n"
WORDS = (
    HEAD
    + "  words:\n    - {lang: en, word: a/b}  # both\n    - {lang: {$var: tongue}, word: mist}\n"
)
FILE = "profiles/polite.yaml"


@pytest.fixture
def banned(project: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A project with a document of such a kind, which only the editing knows."""
    kinds = register([*all_kinds().values(), BANNED])
    monkeypatch.setattr(editing, "all_kinds", lambda: kinds)
    project.write("configsync.toml", "[targets.de.vars]\ntongue = 'de'\n[targets.en]\n")
    project.write(FILE, WORDS)
    return project


def find(workspace: Workspace, address: str) -> Document:
    project = find_project(workspace.root)
    return editing.Editing(project, dry_run=True).find(address, list(project.targets.values()))


@pytest.mark.parametrize("address", ["banned_word/en/a%2Fb", "banned_word/de/mist"])
def test_a_resource_leads_to_the_document_that_defines_it(banned: Workspace, address: str) -> None:
    assert find(banned, address).file == FILE


@pytest.mark.parametrize(
    ("address", "found"),
    [
        (
            "banned_word/en/ab",
            r"There is no banned_word/en/ab .* Did you mean banned_word/en/a%2Fb\?",
        ),
        ("banned_word/fr/x", r"There is no banned_word/fr/x in profiles\.$"),
        (
            "banned/polite",
            r"is not the address of a document: banned_word/LANG/WORD, .*prompt/NAME",
        ),
        ("banned_word", "is not the address of a document"),
        ("profile/production/ai_infra", r"Did you mean profile/production\?"),
    ],
)
def test_an_address_that_leads_nowhere(banned: Workspace, address: str, found: str) -> None:
    with pytest.raises(UsageError, match=found):
        find(banned, address)


def test_what_two_documents_define_is_edited_in_none(banned: Workspace) -> None:
    banned.write("profiles/rude.yaml", WORDS.replace("polite", "rude"))
    with pytest.raises(UsageError, match=r"defined twice, at profiles/polite\.yaml:3:18 and at"):
        find(banned, "banned_word/en/a%2Fb")


def test_a_document_that_cannot_be_compiled_is_not_found(banned: Workspace) -> None:
    banned.write(FILE, HEAD + "  wrods: []\n")
    with pytest.raises(UsageError, match="There is no banned_word/en/x"):
        find(banned, "banned_word/en/x")


def test_its_fields_are_set_and_nothing_else_of_it(banned: Workspace) -> None:
    project = find_project(banned.root)
    targets = list(project.targets.values())
    wanted = [Assignment("words[0].why", "rude")]
    report = edit.set_fields(project, targets, "banned_word/en/a%2Fb", wanted, folder=banned.root)
    assert report.diagnostics == []
    text = (banned.root / FILE).read_text()
    assert text == WORDS.replace("word: a/b}", "word: a/b, why: rude}")
    at = "banned_word/de/mist"
    with pytest.raises(UsageError, match="A copy of Banned polite would define the same"):
        edit.duplicate(project, targets, at, "other")
    with pytest.raises(UsageError, match=r"Banned polite can't be renamed: its name is in no add"):
        edit.rename(project, targets, at, "other")
    with pytest.raises(UsageError, match="The kind Banned has no default"):
        edit.set_default(project, targets, at)
    assert os.listdir(banned.root / "profiles") == ["polite.yaml"]
