"""Reads files that were given to us: plans and exports, of any size and anybody's."""

from __future__ import annotations

from pathlib import Path

from configsync.core.errors import UsageError

MAX_BYTES = 512 * 1024 * 1024
"""A plan or an export of 100,000 resources with long prompts stays below."""


def read_given(file: Path, form: str) -> str:
    """The text of a file of a form, as ``a plan file``. Raises UsageError if it can't be."""
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise UsageError(f"{file} is not {form}: it is too large.")
        return data.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not {form}: it is not UTF-8.") from error
    except OSError as error:
        raise UsageError(f"{file} can't be read: {error.strerror}.") from error
