"""What measures share: where they work, how much, and the projects that they measure on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.corpus import write_corpus
from tests.benchmarks.process import Run, find, progress

REPOSITORY = Path(__file__).parents[2]
SCHEMA = "schemas/profile.schema.json"
_KEPT = ("profiles", "schemas", ".git", "configsync.db")


@dataclass(frozen=True, slots=True)
class Project:
    """A project of generated profiles."""

    folder: Path
    profiles: int
    resources: int

    def files(self) -> list[str]:
        """The names of its profiles, relative to its folder."""
        found = (self.folder / "profiles").rglob("*.yaml")
        return sorted(str(f.relative_to(self.folder)) for f in found)

    def forget(self) -> None:
        """Leave only its sources, as in a fresh checkout, and a SQLite database: no cache."""
        for entry in self.folder.iterdir():
            if entry.name not in _KEPT:
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def cold(self, action: Callable[[], Run]) -> Callable[[], Run]:
        """The same action, each time in what a fresh checkout has."""

        def forgetting() -> Run:
            self.forget()
            return action()

        return forgetting


@dataclass(frozen=True, slots=True)
class Bench:
    """An empty folder to work in, how many profiles to measure with, and how many rounds."""

    folder: Path
    profiles: int
    rounds: int

    def project(
        self,
        name: str,
        profiles: int | None = None,
        write: Callable[[Path, int], int] = write_corpus,
    ) -> Project:
        """A new project, with the repository's schema, committed to git where git is installed.

        What is written into its folder is what ``write`` makes of a number of profiles.
        """
        number = self.profiles if profiles is None else profiles
        folder = self.folder / name
        progress(f"{name}: writing {number:,} profiles")
        resources = write(folder, number)
        (folder / "schemas").mkdir()
        shutil.copyfile(REPOSITORY / SCHEMA, folder / SCHEMA)
        _commit(folder)
        return Project(folder, number, resources)


def _commit(folder: Path) -> None:
    git = find("git")
    if git is None:
        progress("git is not installed: the projects are no checkouts")
        return
    identity = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Benchmark"), ("EMAIL", "benchmark@example.com"))
    }
    settings = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    for words in (["init", "-q"], ["add", *_KEPT[:2]], ["commit", "-q", "-m", "Profiles"]):
        environment = {**os.environ, **identity, **settings}
        subprocess.run([git, *words], cwd=folder, env=environment, check=True)
