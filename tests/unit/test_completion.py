"""Completion, as real shells ask for it."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
from pathlib import Path
from select import select

import click
import pytest

from configsync.cli import complete
from configsync.cli.explain import command
from tests.profiles import profile
from tests.unit.test_imports import HEAVY

SETTINGS = """
[targets.prod]
overlay = "overlays/prod"
[targets.staging]
"""
ASK = """
eval "$(configsync completion bash)"
compopt() { COMPREPLY+=("$1 $2"); }
while read -r -a words; do
    COMP_WORDS=(configsync "${words[@]}")
    [[ ${words[-1]} == -- ]] && COMP_WORDS[-1]=
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
    _configsync_completion configsync
    echo "${COMPREPLY[*]}"
done
"""
"""Completes each line of its input, of which ``--`` stands for an empty last word."""

COMPLETED = {
    "va": "validate",
    "blame --lock": "",
    "plan --o": "--output --out",
    "plan -o j": "json",
    "db --": "roles status upgrade",
    "plan --target --": "prod staging",
    "explain profile/one/": "profile/one/ai_infra profile/one/genie_space/s1 profile/one/mlflow "
    "profile/one/prompts",
    "plan --select profile/two/ml": "profile/two/mlflow",
    "set profile/": "profile/one profile/two",
    "rename s": "setting/ollama",
    "rules CS20": "CS201 CS202 CS203 CS204 CS205 CS206 CS207 CS208 CS209",
    "schema Pro": "Profile Project Prompt",
    "import sl": "slide-generator",
    "docs q": "quickstart",
    "completion --": "bash zsh fish",
    "apply some.pl": "-o default",
    "nonsense --nonsense x": "",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "configsync.toml").write_text(SETTINGS)
    (tmp_path / "profiles/one.yaml").write_text(
        profile("one", default=True, spec__genie_spaces=[{"space_id": "s1", "default": True}])
    )
    (tmp_path / "profiles/two.yaml").write_text(profile("two"))
    (tmp_path / "profiles/ollama.yaml").write_text(
        "apiVersion: configsync/v1\nkind: Settings\nmetadata: {name: ollama}\nspec: {timeout: 30}\n"
    )
    return tmp_path


def environment() -> dict[str, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path}


def bash(root: Path, *lines: str) -> list[str]:
    """What bash completes lines to; requires that nothing is said besides."""
    done = subprocess.run(
        ["bash", "--norc", "-c", ASK],
        cwd=root,
        input="".join(f"{line}\n" for line in lines),
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def ask(root: Path, *words: str, shell: str = "zsh") -> str:
    """What the command tells a shell; requires that nothing is said besides."""
    asked = {
        "_CONFIGSYNC_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": " ".join(("configsync", *words)),
        "COMP_CWORD": words[-1] if shell == "fish" else str(len(words)),
    }
    done = subprocess.run(
        [sys.executable, "-m", "configsync"],
        cwd=root,
        env={**environment(), **asked},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_bash_completes(root: Path) -> None:
    assert dict(zip(COMPLETED, bash(root, *COMPLETED), strict=True)) == COMPLETED


def test_a_key_at_a_prompt_completes(root: Path) -> None:
    reader, terminal = pty.openpty()
    with subprocess.Popen(
        ["bash", "--norc", "-i"],
        cwd=root,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**environment(), "TERM": "dumb", "PS1": "> ", "INPUTRC": os.devnull},
        start_new_session=True,
    ) as process:
        os.close(terminal)
        os.write(reader, b'eval "$(configsync completion bash)"; echo rea""dy\n')
        wait_for(reader, "ready")
        os.write(reader, b"configsync explain profile/tw\t/ml\t")
        wait_for(reader, "configsync explain profile/two/mlflow ")
        os.write(reader, b"\x15exit\n")
        process.wait(20)
        os.close(reader)


def wait_for(reader: int, text: str) -> str:
    """What a terminal shows until it shows a text, within 20 seconds."""
    shown = ""
    while text not in shown:
        ready, _, _ = select([reader], [], [], 20)
        assert ready, shown
        # It rings where there are several ways to go on.
        shown += os.read(reader, 65536).decode().replace("\a", "")
    return shown


def test_other_folders_complete_by_their_project(root: Path, tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "configsync.toml").write_text("[targets.here]\n[targets.there]")
    lines = (f"-C {inner} plan --target h", f"plan -C {inner} --target t", "plan --target s")
    assert bash(root, *lines) == ["here", "there", "staging"]


def test_what_is_whole_completes_beside_what_is_broken(root: Path) -> None:
    (root / "profiles/one.yaml").write_text("kind: [\n")
    assert bash(root, "set pro") == ["profile/two"]
    (root / "configsync.toml").write_text("[targets")
    assert bash(root, "plan --target --", "set pro", "va") == ["", "", "validate"]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("configsync.toml", "[targets"),
        ("configsync.toml", "paths = 7"),
        ("profiles/one.yaml", "kind: [\n"),
        ("profiles/two.yaml", "\0\udcff"),
        ("profiles/two.yaml", profile("one")),
        ("schemas/profile.schema.json", "{"),
        ("overlays/prod/one.yaml", "- -"),
    ],
)
def test_a_broken_project_says_nothing(
    root: Path,
    file: str,
    text: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (root / file).parent.mkdir(parents=True, exist_ok=True)
    (root / file).write_text(text, errors="surrogateescape")
    monkeypatch.chdir(root)
    monkeypatch.setenv("CONFIGSYNC_TARGET", "prod")
    context = click.Context(command)
    for completer in (complete.targets, complete.addresses, complete.documents):
        assert completer(context, command.params[0], "setting/nothing") == []
    assert capsys.readouterr() == ("", "")


def test_no_word_is_offered_that_a_shell_would_obey(root: Path) -> None:
    names = ["$(touch hit)", "a;b", "`id`", "*", "a b", "'a'", "\x1b[31m", "-o", "~"]
    (root / "profiles/two.yaml").write_text("---\n".join(map(profile, names)))
    (root / "configsync.toml").write_text(
        "".join(f"[targets.{_toml(name)}]\n" for name in (*names, "other"))
    )
    assert bash(root, "set profile/", "plan --target --") == ["profile/-o profile/one", "other"]


def _toml(text: str) -> str:
    return '"' + "".join(f"\\u{ord(c):04x}" for c in text) + '"'


def test_too_many_files_are_not_compiled(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    context = click.Context(command)
    assert complete.documents(context, command.params[0], "profile/o") == ["profile/one"]
    monkeypatch.setattr(complete, "MOST_FILES", 2)
    assert complete.documents(context, command.params[0], "profile/o") == []


@pytest.mark.parametrize(
    ("words", "never"),
    [
        (("va",), HEAVY | {"yaml", "jsonschema", "tomllib"}),
        (("plan", "--o"), HEAVY | {"yaml", "jsonschema", "tomllib"}),
        (("plan", "--target", "p"), HEAVY | {"yaml", "jsonschema"}),
        (("explain", "profile/one/m"), HEAVY),
    ],
)
def test_it_loads_little(root: Path, words: tuple[str, ...], never: set[str]) -> None:
    asked = {
        "_CONFIGSYNC_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(("configsync", *words)),
        "COMP_CWORD": str(len(words)),
    }
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "configsync"],
        cwd=root,
        env={**environment(), **asked},
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith("plain,")
    loaded = set(re.findall(r"\| +(\w+)", done.stderr))
    assert "click" in loaded
    assert not loaded & never


def test_every_shell_is_told(root: Path) -> None:
    zsh = ask(root, "explain", "profile/two/m").splitlines()
    assert zsh == ["plain", "profile/two/mlflow", "_"]
    assert ask(root, "completion", "f", shell="fish").split()[-1].endswith("fish")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_understands_its_script(shell: str, root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "configsync", "completion", shell],
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert f"_CONFIGSYNC_COMPLETE={shell}_complete" in done.stdout
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed here, so that its script was only printed")
    script = root / f"script.{shell}"
    script.write_text(done.stdout)
    checked = subprocess.run([shell, "-n", str(script)], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")
