"""Whether what an apply said is what the database has."""

from __future__ import annotations

from tests.faults.launcher import Ended

LIBPQ = "WARNING:  terminating connection due to immediate shutdown command\n"
"""What libpq itself prints, where a server that ends says so while a connection begins."""


def said(ended: Ended) -> bool | None:
    """What an apply said: done, nothing changed, or (None) that it can't be told."""
    if ended.code == 0:
        assert "Applied as revision" in ended.out, ended
        return True
    assert ended.code in (1, 5), ended
    error = ended.err.removeprefix(LIBPQ)
    assert error.startswith("Error: "), ended
    assert error.count("\n") == 1, ended
    if "is unknown" in ended.err:
        assert "othing was changed" not in ended.err
        return None
    assert "othing was changed" in ended.err or "can't be reached" in ended.err, ended
    return False
