"""The schema check: documents against the JSON Schema of their kind.

A compiled validator says whether a document is valid. Only one that isn't goes
through ``jsonschema``, which says why; the words are ours (`wording`), so they
don't change with a library.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from pathlib import Path as FilePath
from typing import Any

import jsonschema_rs

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location
from configsync.core.document import Document
from configsync.core.kind import Kind
from configsync.core.values import Json


class Schema:
    """The schema of a kind, compiled."""

    def __init__(self, content: dict[str, Any]) -> None:
        self.content = content
        self._compiled = jsonschema_rs.Draft202012Validator(content, retriever=_refuse)

    def check(self, document: Document) -> Iterator[Diagnostic]:
        """Yield what in the document doesn't meet the schema."""
        try:
            valid = self._compiled.is_valid(document.body)
        except ValueError:
            # Not every value that Python holds fits the compiled validator.
            valid = False
        if not valid:
            from configsync.checks import wording

            yield from wording.explain(self.content, document)


def load_schema(kind: Kind, folder: FilePath, name: str) -> Schema | Diagnostic:
    """Load the schema of a kind: the repository's own where it has one, else the packaged.

    ``folder`` is the repository's folder of schemas, ``name`` what to call it
    in a diagnostic.
    """
    file = f"{kind.slug}.schema.json"
    where = Location(f"{name}/{file}", 1, 1)
    try:
        text = (folder / file).read_text(encoding="utf-8")
    except FileNotFoundError:
        return packaged(kind)
    except (OSError, UnicodeDecodeError) as error:
        return codes.BAD_SCHEMA.at(where, f"{where.file} can't be read: {error}")
    try:
        content = json.loads(text)
        if not isinstance(content, dict):
            return codes.BAD_SCHEMA.at(where, f"{where.file} is not a JSON object")
        return Schema(content)
    except json.JSONDecodeError as error:
        at = Location(where.file, error.lineno, error.colno)
        return codes.BAD_SCHEMA.at(at, f"{where.file} is not JSON: {error.msg}")
    except (ValueError, RecursionError) as error:
        first = str(error).splitlines()[0] if str(error) else "it nests too deeply"
        return codes.BAD_SCHEMA.at(
            where,
            f"{where.file} is not a usable JSON Schema: {first}",
            help="Regenerate it with configsync schema --write, then tighten it again.",
        )


@lru_cache
def packaged(kind: Kind) -> Schema:
    """The schema that ships with configsync, or that a plug-in kind's spec class gives."""
    text = packaged_text(f"{kind.slug}.schema.json")
    if text is not None:
        return Schema(json.loads(text))
    from configsync.checks.generate import generate

    return Schema(generate(kind))


def packaged_text(file: str) -> str | None:
    """A schema file as it ships in the wheel; in an editable install, the repository's."""
    package = resources.files("configsync")
    for folder in (package / "schemas", package / ".." / "schemas"):
        candidate = folder / file
        if candidate.is_file():
            return candidate.read_text(encoding="utf-8")
    return None


def _refuse(uri: str) -> Json:
    """A schema comes with a pull request: nothing that it names is fetched (rule 6.22)."""
    raise ValueError(f"references outside of the file are not followed: {uri}")
