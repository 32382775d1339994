"""What tells findings apart from run to run, so that an old one isn't taken for new."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256

from configsync.core.diagnostic import Diagnostic


def fingerprints(diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
    """One for each diagnostic, in order; those that are the same but for their line are numbered.

    It stays the same when lines shift: it has code, file and node, not line,
    column or value. Where no node is named, the summary stands for it.
    """
    seen: Counter[str] = Counter()
    for diagnostic in diagnostics:
        file = diagnostic.location.file if diagnostic.location else ""
        parts = [diagnostic.code, file, diagnostic.path or diagnostic.summary]
        identity = sha256(json.dumps(parts).encode()).hexdigest()[:32]
        seen[identity] += 1
        yield f"{identity}:{seen[identity]}"
