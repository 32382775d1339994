"""Findings as JSON values, as they are kept and go between processes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location, Related, Severity
from configsync.core.secrets import CREDENTIAL


def lasting(diagnostics: Iterable[Diagnostic]) -> bool:
    """Tell whether findings are kept, as they last as long as the files stay as they are.

    A file that couldn't be read may be readable next time, and one that was
    referred to and is missing may be there. Of a file with a credential,
    nothing is kept: what it compiles to holds it.
    """
    passing = (codes.UNREADABLE.code, codes.BAD_FILE_REFERENCE.code, CREDENTIAL)
    return not any(d.code in passing for d in diagnostics)


def encode_diagnostic(diagnostic: Diagnostic) -> list[Any]:
    """A diagnostic as JSON values."""
    where = diagnostic.location
    return [
        diagnostic.code,
        diagnostic.severity.value,
        diagnostic.summary,
        diagnostic.detail,
        where and encode_location(where),
        diagnostic.path,
        diagnostic.help,
        [[r.message, encode_location(r.location)] for r in diagnostic.related],
    ]


def decode_diagnostic(content: list[Any]) -> Diagnostic:
    """The diagnostic that `encode_diagnostic` spelled."""
    code, severity, summary, detail, where, path, help, related = content
    return Diagnostic(
        code,
        Severity(severity),
        summary,
        detail,
        where and Location(*where),
        path,
        help,
        tuple(Related(message, Location(*place)) for message, place in related),
    )


def encode_location(location: Location) -> list[Any]:
    """A place as JSON values."""
    return [location.file, location.line, location.column]
