"""What a backup holds, and what was restored from one."""

from __future__ import annotations

from typing import Any

from configsync.render.escape import one_line


def backed_up(done: Any) -> str:
    """A backup that was written; see `configsync.usecases.backup.Copied`."""
    return (
        f"Backed up revision {done.revision} of {one_line(done.database)} to "
        f"{one_line(done.file)}: {_rows(done)}, {_size(done.bytes)}, read back.\n{_digest(done)}"
    )


def restored(done: Any) -> str:
    """A backup that was restored; see `configsync.usecases.backup.Copied`."""
    return (
        f"Restored revision {done.revision} from {one_line(done.file)} into "
        f"{one_line(done.database)}: {_rows(done)}, read back and the same.\n{_digest(done)}"
    )


def _rows(done: Any) -> str:
    filled = sum(1 for number in done.rows.values() if number)
    number = sum(done.rows.values())
    return (
        f"{number:,} {'row' if number == 1 else 'rows'} of "
        f"{filled} {'table' if filled == 1 else 'tables'}"
    )


def _size(number: int) -> str:
    return f"{number / 1_000_000:,.1f} MB" if number >= 100_000 else f"{number:,} bytes"


def _digest(done: Any) -> str:
    return f"Content  {done.content_digest}\n"
