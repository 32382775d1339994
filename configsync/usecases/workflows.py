"""The workflows for GitHub that a project starts with, as files of its own.

Three of them and their action are those of configsync's repository, which the
wheel carries; there the action installs what lies around it, and in a project
a released version.
"""

from __future__ import annotations

from pathlib import Path

import configsync

ACTION = ".github/actions/configsync/action.yml"
PLAN, APPLY, DRIFT = (f".github/workflows/config-{name}.yml" for name in ("plan", "apply", "drift"))

VALIDATE = """\
# Checks the configuration of every pull request; findings show at their lines.
name: config-validate
on:
  pull_request:

permissions:
  contents: read

jobs:
  validate:
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          persist-credentials: false
      - uses: actions/setup-python@a26af69be951a213d495a4c3e4e4022e16d87065 # v5.6.0
        with:
          python-version: "3.13"
      - run: python -I -m pip install --quiet --disable-pip-version-check RELEASE
      - run: configsync validate -o github # for each target of the settings
"""

_AROUND = '"$GITHUB_ACTION_PATH/../../.."'
"""What the action installs in configsync's repository: the checkout that it is part of."""

_ABOUT = "# Pinned to a commit, it installs configsync of that commit.\n"


def workflow_files() -> dict[str, str]:
    """The workflows and their action, by their names in a project."""
    release = f"configsync=={configsync.__version__}"
    files = {".github/workflows/config-validate.yml": VALIDATE.replace("RELEASE", release)}
    files |= {name: _shipped(name) for name in (PLAN, APPLY, DRIFT)}
    files[ACTION] = _shipped(ACTION).replace(_AROUND, release).replace(_ABOUT, "")
    return files


def _shipped(name: str) -> str:
    """A file as it ships in the wheel; in an editable install, the repository's."""
    package = Path(configsync.__file__).parent
    inside = package / name.removeprefix(".")
    file = inside if inside.is_file() else package.parent / name
    return file.read_text(encoding="utf-8")
