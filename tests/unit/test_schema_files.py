"""The schemas folder, which ships with the package, has what every kind generates."""

from __future__ import annotations

from pathlib import Path

import pytest

from configsync.core.kind import Kind
from configsync.kinds import all_kinds
from configsync.usecases.schema import schema_files

FOLDER = Path(__file__).parents[2] / "schemas"


@pytest.mark.parametrize("kind", all_kinds().values(), ids=all_kinds())
def test_the_files_of_a_kind_are_as_generated(kind: Kind) -> None:
    for name, text in schema_files([kind]).items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, "configsync schema --write"
