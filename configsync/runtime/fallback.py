"""The application's own configuration, for when there is neither database nor cache file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from configsync.compiler.source import compile_source
from configsync.core.diagnostic import Severity
from configsync.core.errors import UsageError
from configsync.core.resource import State
from configsync.kinds import resource_types
from configsync.runtime.content import Content, Key, Mark, empty_tables, is_default
from configsync.runtime.load import roots_of
from configsync.runtime.model import Origin, Source
from configsync.source.project import Project, Target

FILE = "fallback.yaml"


def fallback_content(
    given: Mapping[str, Any] | Sequence[Mapping[str, Any]] | str | os.PathLike[str],
) -> Content:
    """Compile a fallback, held to the schemas and rules that documents in git are held to.

    ``given`` is a document as YAML has it, a list of them, or the path of a
    YAML file of them; a list of texts is none. A single profile is the default.
    Raises UsageError, with what is wrong.
    """
    if isinstance(given, str | os.PathLike):
        path = Path(given).absolute()
        return _content(_compile(path.parent, path.name))
    documents = [given] if isinstance(given, Mapping) else list(given)
    if not documents:
        raise UsageError("The fallback has no document in it.")
    try:
        # JSON is YAML; of YAML's own, only the texts differ that JSON would escape in two halves.
        text = "".join(f"--- {json.dumps(d, ensure_ascii=False)}\n" for d in documents)
        data = text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise UsageError(f"The fallback is no document: {error}.") from error
    with TemporaryDirectory() as folder:
        (Path(folder) / FILE).write_bytes(data)
        return _content(_compile(Path(folder), FILE))


def _compile(folder: Path, name: str) -> State:
    project = Project(folder, "fallback", (name,))
    compiled = compile_source(project, Target(), cached=False)
    for found in compiled.diagnostics:
        if found.severity is Severity.ERROR:
            where = found.path or found.location
            at = f" ({where})" if where else ""
            raise UsageError(f"The fallback is not valid: {found.summary}{at}. {found.help or ''}")
    return compiled.state()


def _content(state: State) -> Content:
    tables = empty_tables(resource_types().values(), whole=True)
    defaults: dict[str, Key | None] = {}
    for domain, table in tables.items():
        table.roots = dict(roots_of(table, state, Origin(Source.FALLBACK)))
        if table.type.default is not None:
            keys = list(table.roots)
            marked = (k for k in keys if is_default(table.type, table.roots[k]))
            defaults[domain] = next(marked, keys[0] if len(keys) == 1 else None)
    return Content(Mark("", 0, ""), Source.FALLBACK, tables, defaults)
