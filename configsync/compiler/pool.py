"""Compiles many files, in several processes where that is worth it."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

from configsync.compiler.file import FileCompiler, Settings
from configsync.compiler.fingerprint import Fingerprints
from configsync.compiler.records import (
    NO_RESOURCES,
    FileRecord,
    encode_record,
    encode_resources,
)
from configsync.core.diagnostic import Diagnostic
from configsync.source.files import decode, read_bytes

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

MANY = 200
"""Files from which on starting processes costs less than it saves."""

CHUNK = 100
"""Files that a process is handed at once."""

MAX_PROCESSES = 8

Compiled = tuple[str, bytes, bytes, bytes]
"""A file's name, its key in the cache, and its record and resources as JSON."""

_work: tuple[Settings, Fingerprints | None] | None = None


def compile_files(
    settings: Settings, names: list[str], prints: Fingerprints | None
) -> Iterator[Compiled]:
    """Compile files, in their order. Without ``prints`` their keys are empty.

    Resources are spelled out only if the settings want them.
    """
    processes = min(os.cpu_count() or 1, MAX_PROCESSES)
    # A forked child of a process with threads may find their locks held for ever.
    alone = threading.active_count() == 1 and hasattr(os, "fork")
    if len(names) < MANY or processes < 2 or not alone:
        yield from _compile(settings, names, prints)
        return
    with _pool(settings, prints, processes) as pool:
        chunks = [names[i : i + CHUNK] for i in range(0, len(names), CHUNK)]
        for result in pool.map(_compile_chunk, chunks):
            yield from result


def _pool(settings: Settings, prints: Fingerprints | None, processes: int) -> ProcessPoolExecutor:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # The children inherit these by fork: compiled schemas can't be sent.
    global _work
    _work = (settings, prints)
    return ProcessPoolExecutor(processes, multiprocessing.get_context("fork"))


def _compile_chunk(names: list[str]) -> list[Compiled]:
    assert _work is not None
    settings, prints = _work
    return list(_compile(settings, names, prints))


def _compile(
    settings: Settings, names: list[str], prints: Fingerprints | None
) -> Iterator[Compiled]:
    """Compile in this process; what is read is a tree, so collecting cycles would find none."""
    compiler = FileCompiler(settings)
    enabled = gc.isenabled()
    gc.disable()
    try:
        for name in names:
            content = read_bytes(settings.root, name)
            key = b"" if prints is None else prints.of_file(name, content)
            text = decode(content, name)
            if isinstance(text, Diagnostic):
                yield name, key, encode_record(FileRecord(diagnostics=[text])), NO_RESOURCES
                continue
            record, resources = compiler.compile_file(name, text)
            spelled = NO_RESOURCES
            if settings.resources:
                spelled = encode_resources(resources, record.dependencies)
            yield name, key, encode_record(record), spelled
    finally:
        if enabled:
            gc.enable()
