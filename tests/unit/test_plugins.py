"""Packages that add a kind or a rule which can't be used: told by name, and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from configsync.core.kind import Kind
from configsync.core.resource import Column, ResourceType
from configsync.core.values import Text
from configsync.kinds import register

REPOSITORY = Path(__file__).parents[2]

TYPE = """
from configsync.core.kind import Kind
from configsync.core.resource import Column, ResourceType
from configsync.core.values import Text
from configsync.kinds.profile import KIND as PROFILE

def kind(name="Flag", domain="flag", table="flags", key="name", of=None):
    columns = (Column(key, Text(100)),)
    type_ = ResourceType(domain, of or name, table, columns, (key,))
    return Kind(name, name, dict, (type_,), lambda document: iter(()))
"""
RULE = """
from configsync.checks.rule import Rule
from configsync.core.diagnostic import Severity

RULE = Rule("CS201", Severity.ERROR, "x", "y", "", "", check=lambda document: iter(()))
"""
ADDS = "the package acme-flags adds acme:"


@pytest.mark.parametrize(
    ("group", "module", "says"),
    [
        (
            "kinds",
            "import nowhere",
            f"{ADDS}IT to configsync.kinds, which can't be loaded: "
            "ModuleNotFoundError: No module named 'nowhere'",
        ),
        ("kinds", "raise SystemExit('no')", "which can't be loaded: SystemExit: no"),
        ("kinds", "def IT(:", "which can't be loaded: SyntaxError: invalid syntax"),
        ("kinds", "OTHER = 1", "AttributeError: module 'acme' has no attribute 'IT'"),
        ("kinds", "IT = {}", f"{ADDS}IT to configsync.kinds, which is no Kind but of type dict"),
        (
            "kinds",
            f"{TYPE}IT = PROFILE",
            "the kinds Profile and Profile both have the name profile",
        ),
        (
            "kinds",
            f"{TYPE}IT = kind(domain='prompts')",
            "the kinds Flag and Profile both have the domain prompts",
        ),
        (
            "kinds",
            f"{TYPE}IT = kind(table='config_prompts')",
            "the kinds Flag and Profile both have the table config_prompts",
        ),
        ("kinds", f"{TYPE}IT = kind(key='a b')", "the kind Flag has the name 'a b', where tables"),
        ("kinds", f"{TYPE}IT = kind(of='Other')", "the kind Flag lists flag, of Other"),
        ("rules", "import nowhere", f"{ADDS}IT to configsync.rules, which can't be loaded: Module"),
        ("rules", "IT = 1", "which is no Rule but of type int"),
        ("rules", f"{RULE}IT = RULE", "the code CS201 is taken twice"),
    ],
)
def test_a_package_that_cannot_be_used_is_told(
    group: str, module: str, says: str, tmp_path: Path
) -> None:
    about = tmp_path / "site/acme_flags-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-flags\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[configsync.{group}]\nit = acme:IT\n")
    (about.parent / "acme.py").write_text(module)
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles/a.yaml").write_text("apiVersion: configsync/v1\nkind: Profile\n")
    done = subprocess.run(
        [sys.executable, "-m", "configsync", "validate"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(about.parent), str(REPOSITORY)])},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: ")
    assert says in done.stderr
    assert done.stderr.endswith(". Update or uninstall the package at fault.\n")
    assert "Traceback" not in done.stderr


def a_type(domain: str, parent: ResourceType | None = None) -> ResourceType:
    columns = (Column("name", Text()),)
    return ResourceType(domain, "Flag", domain, columns, ("name",), parent, "flag_id")


FLAG, ELSEWHERE = a_type("flag"), a_type("elsewhere")
PART = a_type("part", FLAG)


@pytest.mark.parametrize(
    ("types", "says"),
    [
        ((), "no resource type"),
        ((PART, FLAG), "part below flag, where a parent comes first"),
        ((FLAG, a_type("part", ELSEWHERE)), "part below elsewhere, where a parent comes first"),
        ((FLAG, PART, a_type("deeper", PART)), "and no parent itself"),
        ((FLAG, FLAG), "both have the domain flag"),
    ],
)
def test_types_that_make_no_tables_are_refused(types: tuple[ResourceType, ...], says: str) -> None:
    kind = Kind("Flag", "Flag", dict, types, lambda document: iter(()))
    with pytest.raises(ValueError, match=says):
        register([kind])
