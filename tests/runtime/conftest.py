"""What the tests of readers share: a project whose revisions all carry a number."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runtime import marked, writer


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """The folder of an empty project."""
    root = tmp_path / "source"
    root.mkdir()
    (root / "configsync.toml").write_text('source = "stress"\n')
    return root


@pytest.fixture
def apply(source: Path) -> Callable[[str, int], None]:
    """Applies a number to a database."""

    def applied(url: str, number: int) -> None:
        marked.write(source, number)
        assert writer.apply(source, url)

    return applied
