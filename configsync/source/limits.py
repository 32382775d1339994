"""What a file may hold (rule 6.19): files come from strangers' pull requests."""

from __future__ import annotations

MAX_FILE_BYTES = 1024 * 1024
MAX_SCALAR_BYTES = 256 * 1024
MAX_DEPTH = 64
MAX_NODES = 100_000
