"""Compiles many files, in several processes where that is worth it."""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from itertools import repeat
from typing import TYPE_CHECKING

from configsync.compiler.file import FileCompiler, Settings
from configsync.compiler.records import FileRecord, encode_record, encode_resources
from configsync.core.diagnostic import Diagnostic
from configsync.source.files import read_text

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

MANY = 200
"""Files from which on starting processes costs less than it saves."""

CHUNK = 50
"""Files that a process is handed at once."""

MAX_PROCESSES = 8

Compiled = tuple[str, bytes, bytes]
"""A file's name, its record and its resources, as JSON."""

_settings: Settings | None = None


def compile_files(settings: Settings, names: list[str], resources: bool) -> Iterator[Compiled]:
    """Compile files, in their order. Without ``resources``, none are spelled out."""
    processes = min(os.cpu_count() or 1, MAX_PROCESSES)
    # A forked child of a process with threads may find their locks held for ever.
    alone = threading.active_count() == 1 and hasattr(os, "fork")
    if len(names) < MANY or processes < 2 or not alone:
        yield from _compile(settings, names, resources)
        return
    with _pool(settings, processes) as pool:
        chunks = [names[i : i + CHUNK] for i in range(0, len(names), CHUNK)]
        for result in pool.map(_compile_chunk, chunks, repeat(resources)):
            yield from result


def _pool(settings: Settings, processes: int) -> ProcessPoolExecutor:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # The children inherit the settings by fork: compiled schemas can't be sent.
    global _settings
    _settings = settings
    return ProcessPoolExecutor(processes, multiprocessing.get_context("fork"))


def _compile_chunk(names: list[str], resources: bool) -> list[Compiled]:
    assert _settings is not None
    return list(_compile(_settings, names, resources))


def _compile(settings: Settings, names: list[str], wanted: bool) -> Iterator[Compiled]:
    """Compile in this process; what is read is a tree, so collecting cycles would find none."""
    compiler = FileCompiler(settings)
    enabled = gc.isenabled()
    gc.disable()
    try:
        for name in names:
            text = read_text(settings.root, name)
            if isinstance(text, Diagnostic):
                yield name, encode_record(FileRecord(diagnostics=[text])), b"[]"
                continue
            record, resources = compiler.compile_file(name, text)
            spelled = encode_resources(resources) if wanted else b"[]"
            yield name, encode_record(record), spelled
    finally:
        if enabled:
            gc.enable()
