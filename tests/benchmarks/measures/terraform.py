"""A plan with nothing changed: against Terraform, one terraform_data for each profile."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.benchmarks.bench import Bench
from tests.benchmarks.goals import PLAN_TERRAFORM
from tests.benchmarks.measures.plan import APPLY, PLAN
from tests.benchmarks.peers import program
from tests.benchmarks.process import Run, alternate, configsync, progress, run
from tests.benchmarks.result import Row, peaks, timed

PEER = "terraform"
MOST = PLAN_TERRAFORM.profiles
"""Terraform's time grows faster than the number of profiles: more would take hours."""

MAIN = """\
resource "terraform_data" "profile" {
  for_each = fileset(path.module, "profiles/**/*.yaml")
  input    = yamldecode(file("${path.module}/${each.key}"))
}
"""


def measure(bench: Bench) -> list[Row]:
    """Both after an apply of the same files, at most `MOST`; configsync on SQLite."""
    number = min(bench.profiles, MOST)
    project = bench.project("terraform", number)
    sides: dict[str, Callable[[], Run]] = {}
    peer = program(PEER)
    if peer is not None:
        sides[PEER] = _prepared(peer, bench.folder / "terraform-peer", project.folder)
    progress("terraform: applying once with configsync, to SQLite")
    run([*configsync(), *APPLY], project.folder)
    sides["configsync"] = partial(run, [*configsync(), *PLAN], project.folder)
    runs = alternate("terraform", bench.rounds, sides)
    own, others = runs["configsync"], runs.get(PEER, ())
    skipped = "" if peer else f"{PEER} is not installed"
    return [
        timed("plan, nothing changed", PEER, number, own, others, PLAN_TERRAFORM, skipped),
        peaks("plan, nothing changed", PEER, number, own, others, None, skipped),
    ]


def _prepared(peer: str, folder: Path, project: Path) -> Callable[[], Run]:
    """Apply the profiles with Terraform; returns its plan, ready to run."""
    folder.mkdir()
    shutil.copytree(project / "profiles", folder / "profiles")
    (folder / "main.tf").write_text(MAIN, encoding="utf-8")
    settings = folder / "cli.tfrc"
    settings.write_text("disable_checkpoint = true\n", encoding="utf-8")
    environment = {"TF_CLI_CONFIG_FILE": str(settings), "TF_IN_AUTOMATION": "1"}
    terraform = partial(run, folder=folder, environment=environment)
    terraform([peer, "init", "-input=false", "-no-color"])
    progress("terraform: applying once with terraform, which takes some times longer than a plan")
    terraform([peer, "apply", "-auto-approve", "-input=false", "-no-color"])
    words = [peer, "plan", "-input=false", "-no-color", "-detailed-exitcode"]
    return partial(terraform, words, says="No changes")
