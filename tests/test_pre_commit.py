"""The hooks, run by pre-commit itself at real commits of a scratch repository, without a network.

The manifest is the one that stands here, to the byte. Only the language is
overridden, as a configuration may: the hooks run the configsync of this
environment instead of one that would have to be downloaded.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.profiles import profile

REPOSITORY = Path(__file__).parents[1]
MANIFEST = ".pre-commit-hooks.yaml"
CONFIGURATION = ".pre-commit-config.yaml"
PROFILE = "profiles/production.yaml"
IDS = ("configsync-validate", "configsync-fmt")


class Repository:
    """A git repository whose commits go through pre-commit."""

    def __init__(self, root: Path, environment: dict[str, str]) -> None:
        self.root = root
        self.environment = environment
        root.mkdir()
        self.run("git", "init", "-q")

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command in it; what it says is in ``stdout``."""
        return subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=check,
        )

    def write(self, name: str, text: str) -> None:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def commit(self) -> subprocess.CompletedProcess[str]:
        """Commit all that there is, as far as the hooks let it."""
        self.run("git", "add", "--all")
        return self.run("git", "commit", "-m", "Change the profiles", check=False)

    @property
    def commits(self) -> int:
        return int(self.run("git", "rev-list", "--all", "--count").stdout)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """An identity, this environment's programs, and a store of pre-commit's that is empty."""
    roles = ("AUTHOR", "COMMITTER")
    return {
        **os.environ,
        **{f"GIT_{role}_NAME": "tester" for role in roles},
        **{f"GIT_{role}_EMAIL": "tester@example.org" for role in roles},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
    }


@pytest.fixture
def repository(tmp_path: Path, environment: dict[str, str]) -> Repository:
    """A repository with a formatted profile and the hooks, all committed."""
    published = Repository(tmp_path / "published", environment)
    shutil.copy(REPOSITORY / MANIFEST, published.root)
    published.commit()
    revision = published.run("git", "rev-parse", "HEAD").stdout.strip()
    hooks = [{"id": id, "language": "system"} for id in IDS]
    where = {"repo": str(published.root), "rev": revision, "hooks": hooks}
    consumer = Repository(tmp_path / "consumer", environment)
    consumer.write(CONFIGURATION, yaml.safe_dump({"repos": [where]}))
    consumer.write(".gitignore", ".configsync/\n")
    consumer.write(PROFILE, profile(default=True))
    consumer.run("configsync", "fmt")
    consumer.run("pre-commit", "install")
    first = consumer.commit()
    assert first.returncode == 0, first.stdout
    return consumer


def edit(repository: Repository, old: str, new: str) -> None:
    text = (repository.root / PROFILE).read_text(encoding="utf-8")
    assert old in text
    repository.write(PROFILE, text.replace(old, new))


def test_the_manifest_is_valid() -> None:
    command = [sys.executable, "-m", "pre_commit", "validate-manifest", MANIFEST]
    subprocess.run(command, cwd=REPOSITORY, check=True)
    hooks = yaml.safe_load((REPOSITORY / MANIFEST).read_text(encoding="utf-8"))
    assert [(hook["id"], hook["language"]) for hook in hooks] == [(id, "python") for id in IDS]


def test_a_good_commit_passes(repository: Repository) -> None:
    edit(repository, "llm_temperature: 0.7", "llm_temperature: 0.5")
    done = repository.commit()
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("Passed") == 2
    assert repository.commits == 2


def test_an_invalid_profile_stops_the_commit(repository: Repository) -> None:
    edit(repository, "llm_temperature", "llm_temprature")
    done = repository.commit()
    assert done.returncode == 1
    assert f"--> {PROFILE}:" in done.stdout
    assert "Did you mean llm_temperature?" in done.stdout
    assert repository.commits == 1


def test_the_whole_project_is_checked(repository: Repository) -> None:
    """A file that is fine by itself, and isn't beside the others."""
    repository.write("profiles/second.yaml", profile("second", default=True))
    repository.run("configsync", "fmt")
    done = repository.commit()
    assert done.returncode == 1
    assert "CS209" in done.stdout
    assert repository.commits == 1


def test_deleting_a_prompt_that_is_used_stops_the_commit(repository: Repository) -> None:
    repository.write("profiles/system.md", "Make at most {max_slides} slides.\n")
    prompt = {"$file": "system.md"}
    repository.write(PROFILE, profile(default=True, spec__prompts__system_prompt=prompt))
    repository.run("configsync", "fmt")
    assert repository.commit().returncode == 0
    (repository.root / "profiles/system.md").unlink()
    done = repository.commit()
    assert done.returncode == 1
    assert f"--> {PROFILE}:" in done.stdout
    assert repository.commits == 2


def test_what_is_not_formatted_is_formatted_to_be_committed_again(repository: Repository) -> None:
    before = (repository.root / PROFILE).read_text(encoding="utf-8")
    edit(repository, "llm_temperature: 0.7", "llm_temperature:    0.7")
    stopped = repository.commit()
    assert stopped.returncode == 1
    assert "files were modified by this hook" in stopped.stdout
    assert f"{PROFILE}\n1 file changed" in stopped.stdout
    assert (repository.root / PROFILE).read_text(encoding="utf-8") == before
    assert repository.commits == 1


def test_only_files_of_the_commit_are_formatted(repository: Repository) -> None:
    draft = profile("draft")
    repository.write("profiles/draft.yaml", draft)
    edit(repository, "llm_temperature: 0.7", "llm_temperature: 0.5")
    repository.run("git", "add", PROFILE)
    repository.run("git", "commit", "-m", "Change one profile")
    assert (repository.root / "profiles/draft.yaml").read_text(encoding="utf-8") == draft


def test_yaml_of_others_is_left_alone(repository: Repository) -> None:
    text = "a:    1\n"
    repository.write("compose.yaml", text)
    done = repository.commit()
    assert done.returncode == 0, done.stdout
    assert (repository.root / "compose.yaml").read_text(encoding="utf-8") == text
