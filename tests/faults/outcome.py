"""Whether what an apply said is what the database has."""

from __future__ import annotations

from tests.faults.launcher import Ended


def said(ended: Ended) -> bool | None:
    """What an apply said: done, nothing changed, or (None) that it can't be told."""
    if ended.code == 0:
        assert "Applied as revision" in ended.out, ended
        return True
    assert ended.code in (1, 5), ended
    assert ended.err.startswith("Error: "), ended
    assert ended.err.count("\n") == 1, ended
    if "is unknown" in ended.err:
        assert "othing was changed" not in ended.err
        return None
    assert "othing was changed" in ended.err or "can't be reached" in ended.err, ended
    return False
