"""The guides that ship with configsync: Markdown in ``configsync/docs``, and what they show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "docs"


@dataclass(frozen=True, slots=True)
class Guide:
    """One guide: its topic, its title, which tells what it is about, and all of its text.

    Where that is no ``markdown``, it is a file to copy.
    """

    topic: str
    title: str
    text: str
    markdown: bool


def all_guides() -> dict[str, Guide]:
    """The guides by topic, sorted."""
    files = sorted([*FOLDER.glob("*.md"), *FOLDER.glob("*.yml")])
    return {file.stem: _read(file) for file in files}


def _read(file: Path) -> Guide:
    text = file.read_text(encoding="utf-8")
    return Guide(file.stem, text.partition("\n")[0].removeprefix("# "), text, file.suffix == ".md")
