"""Policies that packages add: one that can't judge lets nothing pass, and is told by name."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.profiles import profile

REPOSITORY = Path(__file__).parents[2]

MODULE = """
from configsync.core.diagnostic import Severity
from configsync.core.plan import Action
from configsync.plan.policies.policy import Finding, Policy, Sample

def check(proposal):
    many = [c for c in proposal.changes if "tier" in proposal.labels(c)]
    if len(many) > 1:
        {many}
    for change in proposal.changes:
        if change.action is Action.DELETE:
            yield Finding(f"{{change.address}} would go", change)

DELETE, UPDATE = Sample("profile/a", Action.DELETE), Sample("profile/a")

def policy(code="ACME-1", refuses=(DELETE,), allows=(UPDATE,), check=check):
    return Policy(code, Severity.ERROR, "something goes", "It stays.", check, refuses, allows)

IT = {it}
"""


def run(
    folder: Path, command: str, *, many: str = "pass", it: str = "policy()", settings: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command where a package adds a policy, in a project with labels at each change."""
    about = folder / "site/acme-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[configsync.policies]\nit = acme:IT\n")
    (about.parent / "acme.py").write_text(MODULE.format(many=many, it=it))
    (folder / "profiles").mkdir()
    labelled = profile("a", default=True, metadata__labels={"tier": "x"})
    (folder / "profiles/a.yaml").write_text(labelled)
    (folder / "configsync.toml").write_text(settings)
    return subprocess.run(
        [sys.executable, "-m", "configsync", *command.split()],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(about.parent), str(REPOSITORY)])},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    ("many", "says"),
    [
        ("raise KeyError('weight')", "KeyError: 'weight'"),
        ("raise SystemExit(0)", "SystemExit: 0"),
        ("yield 'no'", "TypeError: it found a str, no Finding"),
        ("yield Finding(None)", "TypeError: the summary of a finding is a NoneType, no text"),
        ("yield Finding('x', 'profile/a')", "TypeError: what it found is about a str, no Change"),
    ],
)
def test_what_cannot_be_judged_is_refused(many: str, says: str, tmp_path: Path) -> None:
    done = run(tmp_path, "apply --auto-approve", many=many)
    assert done.returncode == 4, done
    assert f"error[CS420]: the policy ACME-1 can't judge the plan: {says}" in done.stdout
    assert "It comes from the module acme." in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("it", "says"),
    [
        ("1", "which is no Policy but of type int"),
        ("policy('CS401')", "has the code 'CS401', not 2 to 32 capital letters"),
        ("policy('a')", "has the code 'a', not"),
        ("policy(refuses=())", "it has no examples of what it refuses and what it allows"),
        ("policy(allows=(DELETE,))", "its example of what it allows isn't allowed"),
        ("policy(refuses=(UPDATE,))", "its example of what it refuses isn't refused"),
        ("policy(refuses=(Sample('nothing/a'),))", "its example 'nothing/a' is the address of no"),
        ("policy(check=lambda p: 1 / 0)", "its example can't be judged: ZeroDivisionError"),
        ("policy(check=lambda p: None)", "its example can't be judged: TypeError"),
    ],
)
def test_a_policy_that_cannot_be_used_is_told(it: str, says: str, tmp_path: Path) -> None:
    done = run(tmp_path, "plan", it=it)
    assert (done.returncode, done.stdout) == (1, "")
    assert says in done.stderr
    assert done.stderr.endswith("Update or uninstall the package at fault.\n")
    assert "Traceback" not in done.stderr


def test_a_code_is_taken_once(tmp_path: Path) -> None:
    done = run(tmp_path, "plan", settings='[[policies]]\ncode = "ACME-1"\n')
    assert done.returncode == 1
    assert "configsync.toml:2: the policy ACME-1: its code is taken." in done.stderr


REFUSE = """lambda p: (
    Finding("no", c, "name") for c in p.changes if c.domain == "profile" and c.after
)"""


@pytest.mark.parametrize(
    ("severity", "code", "shown"),
    [
        ("error", 4, "error[ACME-1]: no\n  --> profiles/a.yaml:5:13\n"),
        ("warning", 0, "warning[ACME-1]: no\n  --> profiles/a.yaml:5:13\n"),
        ("off", 0, ""),
    ],
)
def test_the_settings_weigh_it(severity: str, code: int, shown: str, tmp_path: Path) -> None:
    it = f"policy(refuses=(UPDATE,), allows=(DELETE,), check={REFUSE})"
    settings = f'severity = {{ACME-1 = "{severity}"}}\n'
    done = run(tmp_path, "plan", it=it, settings=settings)
    assert done.returncode == code, done
    assert done.stdout.startswith(shown or "+ profile/a")
