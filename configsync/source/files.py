"""Files of a project: found in a fixed order, read under limits, never outside of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location
from configsync.source.limits import MAX_FILE_BYTES

# A link swapped in after the scan is not followed; opening a FIFO that nobody writes to
# doesn't hang. Windows has neither flag.
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)

SUFFIXES = (".yaml", ".yml")


def scan(
    root: Path, paths: tuple[str, ...], without: tuple[str, ...] = ()
) -> tuple[list[str], list[Diagnostic]]:
    """Find the YAML files below ``paths`` but not below ``without``, all relative to ``root``.

    Returns their names relative to ``root`` in sorted order, the same on every
    machine. Hidden files and folders are left out. A symbolic link, a device or
    a folder that can't be listed is a diagnostic: leaving it out in silence
    would look like a deletion.
    """
    found: dict[str, None] = {}
    problems: list[Diagnostic] = []
    for path in paths:
        start = os.path.normpath(path)
        if os.path.isabs(start) or start.split(os.sep)[0] == os.pardir:
            where = Location(path, 1, 1)
            problems.append(codes.UNREADABLE.at(where, f"{path} is outside of the project"))
        elif os.path.isdir(root / start):
            excluded = {os.path.normpath(w) for w in without}
            found |= dict.fromkeys(_walk(root, start, excluded, problems))
        elif os.path.lexists(root / start):
            found |= dict.fromkeys(_candidate(root, start, problems))
        else:
            problems.append(
                codes.UNREADABLE.at(
                    Location(path, 1, 1),
                    f"{path} doesn't exist",
                    "It is one of the paths of the source; to go on without it would plan the "
                    "deletion of all that came from it.",
                    help="Create it with a first profile, or correct paths in the settings. "
                    "configsync init starts a project.",
                )
            )
    return sorted(found), problems


def _walk(root: Path, folder: str, excluded: set[str], problems: list[Diagnostic]) -> Iterator[str]:
    if folder in excluded:
        return
    try:
        with os.scandir(root / folder) as listing:
            entries = sorted(listing, key=lambda entry: entry.name)
    except OSError as error:
        problems.append(_unreadable(folder, error.strerror or "it can't be listed"))
        return
    for entry in entries:
        if entry.name.startswith("."):
            continue
        name = entry.name if folder == "." else f"{folder}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(root, name, excluded, problems)
        elif entry.is_file(follow_symlinks=False) and name.isascii():
            # Told by the listing itself; anything odd is looked at below.
            if name.endswith(SUFFIXES) or name.lower().endswith(SUFFIXES):
                yield name
        elif entry.name.lower().endswith(SUFFIXES) or (entry.is_symlink() and entry.is_dir()):
            yield from _candidate(root, name, problems)


def _candidate(root: Path, name: str, problems: list[Diagnostic]) -> Iterator[str]:
    """Yield ``name`` in ``/`` spelling if it is a file of ours to read."""
    name = name.replace(os.sep, "/")
    try:
        name.encode()
    except UnicodeEncodeError:
        shown = os.fsencode(name).decode(errors="backslashreplace")
        problems.append(_unreadable(shown, "its name is not UTF-8"))
        return
    mode = os.lstat(root / name).st_mode
    if stat.S_ISREG(mode):
        yield name
    else:
        kind = "a symbolic link" if stat.S_ISLNK(mode) else "not a regular file"
        problems.append(_unreadable(name, f"it is {kind}"))


def read_text(root: Path, name: str) -> str | Diagnostic:
    """Read a file as strict UTF-8, to the byte: no newline is translated, no mark removed.

    ``name`` is relative to ``root``. What can't be read, is larger than
    `MAX_FILE_BYTES` or is not UTF-8 is a diagnostic.
    """
    return decode(read_bytes(root, name), name)


def read_bytes(root: Path, name: str) -> bytes | Diagnostic:
    """Read a file that `decode` then makes text of; at most one byte too many."""
    try:
        handle = os.open(os.path.join(root, name), _OPEN_FLAGS)
        try:
            about = os.fstat(handle)
            if not stat.S_ISREG(about.st_mode):
                return _unreadable(name, "it is not a regular file")
            # A file that grows meanwhile is read as it was when it was opened.
            return os.read(handle, min(about.st_size, MAX_FILE_BYTES) + 1)
        finally:
            os.close(handle)
    except (OSError, ValueError) as error:
        return _unreadable(name, getattr(error, "strerror", None) or "its name is not valid")


def decode(data: bytes | Diagnostic, name: str) -> str | Diagnostic:
    """The text of a file that `read_bytes` read; see `read_text`."""
    if isinstance(data, Diagnostic):
        return data
    if len(data) > MAX_FILE_BYTES:
        return codes.FILE_TOO_LARGE.at(
            Location(name, 1, 1),
            f"{name} is larger than 1 MiB",
            help="Split it into several files, or move long prompts out with $file.",
        )
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        before = data[: error.start].decode()
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        return codes.NOT_UTF8.at(
            Location(name, line, column),
            f"{name} is not UTF-8",
            f"Byte {error.start + 1} is 0x{data[error.start]:02x}, which begins no character.",
            help="Save the file in UTF-8.",
        )


def has_link(root: Path, name: str, plain: set[str]) -> bool:
    """Tell whether any part of a file's path is a symbolic link.

    ``plain`` remembers the parts that are none, for paths that share them.
    """
    steps = name.split("/")
    for path in ("/".join(steps[:end]) for end in range(1, len(steps) + 1)):
        if path not in plain:
            if os.path.islink(f"{root}/{path}"):
                return True
            plain.add(path)
    return False


def text_digest(text: str | Diagnostic) -> str:
    """Digest what `read_text` gave; a fault has a digest of its own."""
    content = text if isinstance(text, str) else f"\0{text.summary}"
    return blake2b(content.encode(), digest_size=16).hexdigest()


def _unreadable(name: str, reason: str) -> Diagnostic:
    words = {
        "No such file or directory": "it doesn't exist",
        "Is a directory": "it is a folder",
        "Permission denied": "you may not read it",
        "Too many levels of symbolic links": "it is a symbolic link",
        "Not a directory": "a part of its path is a file",
    }
    return codes.UNREADABLE.at(
        Location(name, 1, 1),
        f"{name} can't be read: {words.get(reason, reason)}",
        help="It must be a regular file within the project, which you may read.",
    )
