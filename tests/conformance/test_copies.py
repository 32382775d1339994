"""What a database holds can be written as documents, and copied into the other database."""

from __future__ import annotations

import re
from pathlib import Path

from configsync.core import address
from configsync.core.typed import parse
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


def test_an_address_leads_to_its_values_in_json(travelled: tuple[Subject, Journey]) -> None:
    subject = travelled[0]
    roots = subject.json("export", "-o", "json")["roots"]
    for resource in subject.json("show", "*", "-o", "json")["resources"]:
        (root,) = (root for root in roots if address.within(resource["address"], root))
        found = roots[root]
        for step in address.split(resource["address"])[len(address.split(root)) :]:
            found = found[step]
        values = resource["values"]
        if "value_type" in values:
            assert found == parse(values["setting_value"], values["value_type"])
        else:
            assert values.items() <= found.items()


def test_each_root_has_environment_variables(travelled: tuple[Subject, Journey]) -> None:
    subject = travelled[0]
    for root in subject.json("export", "-o", "json")["roots"]:
        lines = subject.workspace.ok("export", root, "-o", "env", "--prefix", "APP_").out
        assert re.match("export APP_[A-Z0-9_]+='", lines)


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
