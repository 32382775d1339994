"""Writes a file so that whoever reads it, or whatever ends us, finds the old one or the new one."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path


def replace_file(file: Path, data: bytes, mode: int | None = None) -> None:
    """Put a file in its place whole, with a mode, or that of one that was there.

    It is written aside, in the same folder, under a hidden name: what a kill
    leaves of it is no document to any later run. Raises OSError, and then has
    changed nothing.
    """
    aside = file.parent / f".{secrets.token_hex(8)}.new"
    try:
        # A new file gets the mode that the umask leaves.
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode or 0o666)
        with open(handle, "wb") as out:
            out.write(data)
        if mode is None and file.exists():
            os.chmod(aside, stat.S_IMODE(file.stat().st_mode))
        os.replace(aside, file)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
