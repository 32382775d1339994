"""Documents of each kind can be formatted, layered, renamed and copied by configsync's commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from configsync.core import address as addresses
from tests.conformance.case import Case
from tests.conformance.subject import SETTINGS, desired, lay
from tests.conftest import Workspace


@pytest.fixture
def started(case: Case, project: Workspace) -> Workspace:
    """A project with the documents of a case, and no database."""
    project.write("configsync.toml", SETTINGS)
    lay(project.root, case.start)
    return project


def said(workspace: Workspace) -> dict[str, Any]:
    return {at: resource.values for at, resource in desired(workspace.root).items()}


def test_formatting_changes_nothing_that_is_said(case: Case, started: Workspace) -> None:
    for part in (case.start, *case.changed, case.added):
        lay(started.root, case.start, part)
        before = said(started)
        started.ok("fmt")
        started.ok("fmt", "--check")
        assert said(started) == before


def test_a_document_may_lie_over_a_base(case: Case, started: Workspace) -> None:
    before = said(started)
    for file in (started.root / "profiles").rglob("*.yaml"):
        layers = [layer for document in documents(file) for layer in based(case, document)]
        file.write_text("---\n".join(json.dumps(layer) + "\n" for layer in layers))
    assert said(started) == before
    for at in before:
        chains = started.ok("explain", at, "-o", "json").json["fields"].values()
        assert all(layer["layer"] in ("document", "base") for f in chains for layer in f["chain"])


def documents(file: Path) -> list[Any]:
    return list(yaml.safe_load_all(file.read_text(encoding="utf-8")))


def based(case: Case, document: Any) -> Iterator[Any]:
    """A document as two: a base that has all of its spec, and one that extends it."""
    if document["kind"] != case.kind.name:
        yield document
        return
    base = f"{document['metadata']['name']}-base"
    yield {**document, "metadata": {"name": base, "abstract": True}}
    metadata = {**document["metadata"], "extends": base}
    yield {**{k: v for k, v in document.items() if k != "spec"}, "metadata": metadata}


def test_the_commands_rename_and_duplicate(case: Case, started: Workspace) -> None:
    if not case.kind.named or len(case.kind.types[0].key) > 1:
        pytest.skip("no document of this kind is one resource with its parts")
    before = desired(started.root)
    lay(started.root, case.start, case.renamed)
    renamed = said(started)
    moves = {r.renamed_from: at for at, r in desired(started.root).items() if r.renamed_from}
    for command in ("rename", "duplicate"):
        lay(started.root, case.start)
        for old, new in moves.items():
            root = addresses.join(case.kind.types[0].domain, str(old))
            started.ok(command, root, addresses.split(new)[1])
        kept = {at: r.values for at, r in before.items() if command == "duplicate"}
        assert said(started).keys() == kept.keys() | renamed.keys()
        if command == "rename":
            assert said(started) == renamed
