"""What benchmarks run on is the same for a seed, and valid."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from configsync.cli.main import run
from tests.benchmarks.corpus import write_corpus
from tests.benchmarks.estate import write_estate

PROFILES = 20
ESTATE = 100


def contents(folder: Path) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*.*")}


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

    assert validate(tmp_path / "one", capsys)["summary"]["documents"] == PROFILES


def test_an_estate_is_deterministic_valid_and_in_proportion(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    resources = [write_estate(tmp_path / name, ESTATE) for name in ("one", "other")]
    write_estate(tmp_path / "seeded", ESTATE, seed=1)
    files = contents(tmp_path / "one")
    assert files == contents(tmp_path / "other")
    assert files != contents(tmp_path / "seeded")
    assert validate(tmp_path / "one", capsys)["summary"]["files"] < len(files)

    assert run(["plan", "-C", str(tmp_path / "one"), "-o", "json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert resources == [plan["summary"]["create"]] * 2
    domains = Counter(change["domain"] for change in plan["changes"])
    assert domains["profile"] == ESTATE
    assert domains["prompt"] == ESTATE // 10
    assert domains["setting"] == ESTATE // 20
    assert domains["project"] == ESTATE // 50
    assert 2 <= domains["environment"] / domains["project"] <= 4
    assert domains["context_rule"] + domains["negate_rule"] == ESTATE // 2


def validate(folder: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """The report on a folder in which nothing is wrong."""
    assert run(["validate", "-C", str(folder), "-o", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["diagnostics"] == []
    return report
