"""Of several findings about one value, the ones that say most."""

from __future__ import annotations

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Severity


def most_telling(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """Of several findings about one value, keep those that say most.

    A fault of reading leaves nothing there to judge; an error is more than a
    warning; a rule knows why a value is wrong, the schema only that it is, and
    compiling only that it can't be stored.
    """
    unread: dict[str, list[Diagnostic]] = {}
    best: dict[tuple[object, str], tuple[bool, int]] = {}
    for found in diagnostics:
        if found.location is not None and found.path and found.code in _OF_READING:
            unread.setdefault(found.location.file, []).append(found)
        place = (found.location, found.path)
        best[place] = min(_rank(found), best.get(place, _rank(found)))
    kept = (
        d for d in diagnostics if _rank(d) == best[(d.location, d.path)] and not _follows(d, unread)
    )
    # A fault of a layer shows in every document that takes it in, and is one.
    distinct: dict[object, Diagnostic] = {}
    for d in kept:
        distinct.setdefault((d.code, d.location, d.path, d.summary), d)
    return list(distinct.values())


def _rank(found: Diagnostic) -> tuple[bool, int]:
    order = 2 if found.code in _OF_COMPILING else 1 if found.code in _OF_THE_SCHEMA else 0
    return (found.severity is not Severity.ERROR, order)


def _follows(found: Diagnostic, unread: dict[str, list[Diagnostic]]) -> bool:
    """Tell whether a finding only repeats that something there couldn't be read."""
    if found.location is None or found.code in _OF_READING:
        return False
    return any(
        found.location.line >= cause.location.line
        and found.path.startswith(cause.path)
        and found.path[len(cause.path) : len(cause.path) + 1] in ("", ".", "[")
        for cause in unread.get(found.location.file, ())
        if cause.location is not None
    )


_OF_READING = {
    c.code
    for c in (
        *(codes.ALIAS, codes.TAG, codes.BAD_KEY, codes.INEXACT, codes.NOT_FINITE, codes.BAD_LAYER),
        *(codes.BAD_FILE_REFERENCE, codes.BAD_VARIABLE_REFERENCE, codes.SCALAR_TOO_LONG),
    )
}
_OF_THE_SCHEMA = {
    c.code
    for c in (
        *(codes.WRONG_TYPE, codes.NOT_ALLOWED, codes.OUT_OF_RANGE, codes.BAD_TEXT),
        *(codes.BAD_LENGTH, codes.SCHEMA),
    )
}
_OF_COMPILING = {codes.UNSTORABLE.code, codes.DEFINED_TWICE.code}
