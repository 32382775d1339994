"""The corpus that benchmarks run on is the same for a seed, and valid."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from configsync.cli.main import run
from tests.benchmarks.corpus import write_corpus

PROFILES = 20


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*.yaml")}


def test_the_corpus_is_deterministic_and_validates_clean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    resources = [write_corpus(tmp_path / name, PROFILES) for name in ("one", "other")]
    write_corpus(tmp_path / "seeded", PROFILES, seed=1)
    files = contents(tmp_path / "one")
    assert len(files) == PROFILES
    assert resources[0] == resources[1]
    assert files == contents(tmp_path / "other")
    assert files != contents(tmp_path / "seeded")
    assert sum(b"\n  default: true\n" in f for f in files.values()) == 1
    assert all(60 <= f.count(b"\n") <= 120 for f in files.values())

    assert run(["validate", "-C", str(tmp_path / "one"), "-o", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["diagnostics"] == []
    assert report["summary"]["documents"] == PROFILES
