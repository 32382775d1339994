"""What a database holds can be written as documents, and copied into the other database."""

from __future__ import annotations

from pathlib import Path

from tests.conformance.databases import DIALECTS
from tests.conformance.journey import Journey
from tests.conformance.opening import Opening
from tests.conformance.subject import SETTINGS, Subject
from tests.conftest import Workspace


def test_an_exported_database_has_nothing_to_change(
    travelled: tuple[Subject, Journey], tmp_path: Path
) -> None:
    one = travelled[0].workspace
    other = Workspace(tmp_path / "exported", one.capsys, one.monkeypatch, one.url)
    other.write("configsync.toml", SETTINGS)
    other.ok("export")
    planned = other.ok("plan", "--detailed-exitcode", "-o", "json").json
    assert (planned["changes"], planned["diagnostics"]) == ([], [])
    other.ok("fmt", "--check")


def test_a_backup_is_restored_into_the_other_database(
    opening: Opening, dialect: str, tmp_path: Path
) -> None:
    source, journey = opening.travelled(dialect)
    target = opening.empty(next(d for d in DIALECTS if d != dialect))
    file = str(tmp_path / "backup.jsonl.gz")
    made = source.json("backup", file)
    assert target.json("restore", file)["content_digest"] == made["content_digest"]
    target.lay(*journey.last.parts)
    assert target.require_settled() == source.by_hand.every_row()
    target.lay(*journey.start.parts)
    target.apply()
    assert target.json("history", "verify")["intact"]
