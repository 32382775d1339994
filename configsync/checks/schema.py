"""The schema check: documents against the JSON Schema of their kind.

A compiled validator says whether a document is valid. Only one that isn't goes
through ``jsonschema``, which says why; the words are ours (`wording`), so they
don't change with a library.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from pathlib import Path as FilePath
from typing import Any, TypeAlias

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location
from configsync.core.document import Document
from configsync.core.kind import SCHEMA_SUFFIX, Kind, Subject
from configsync.core.values import Json

Source: TypeAlias = Callable[[], dict[str, Any]]
"""Where a schema comes from, if it is asked for."""


class Schema:
    """The schema of a kind."""

    def __init__(self, content: dict[str, Any] | Source, basis: Schema | None = None) -> None:
        """``basis`` holds as well: a team may tighten the packaged schema, not loosen it."""
        self._source = content
        self.basis = basis
        self._compiled: Any = None

    @cached_property
    def content(self) -> dict[str, Any]:
        """The schema as JSON, got on first use: most kinds have no document in a source."""
        return self._source() if callable(self._source) else self._source

    def compiled(self) -> Any:
        """The validator, compiled on first use. Raises ValueError for an unusable schema."""
        if self._compiled is None:
            import jsonschema_rs

            self._compiled = jsonschema_rs.Draft202012Validator(self.content, retriever=_refuse)
        return self._compiled

    def check(self, document: Document, subject: Subject | None = None) -> Iterator[Diagnostic]:
        """Yield what in the document, or in what a subject takes from it, misses the schema."""
        try:
            valid = self.compiled().is_valid(document.body if subject is None else subject.data)
        except ValueError:
            # Not every value that Python holds fits the compiled validator.
            valid = False
        if not valid:
            from configsync.checks import wording

            yield from wording.explain(self.content, document, subject)
        elif self.basis is not None:
            yield from self.basis.check(document)


def load_schemas(
    kinds: Iterable[Kind], root: FilePath, folder: str
) -> tuple[dict[str, Schema | None], list[Diagnostic]]:
    """The schemas of kinds, those of their parts, and a team's own of single documents.

    By their files' names in ``folder``. The repository's own file counts where
    it has one, else the packaged. An unusable one is None, with a diagnostic.
    """
    schemas: dict[str, Schema | None] = {}
    problems: list[Diagnostic] = []
    for kind in kinds:
        files: dict[str, Source | None] = {
            file: partial(_packaged, kind, file) for file in (kind.schema_file, kind.part_file)
        }
        if kind.subject is not None:
            # Found, not looked up: no document's name leads to a file elsewhere.
            own = (root / folder / kind.slug).glob(f"*{SCHEMA_SUFFIX}")
            files |= dict.fromkeys(sorted(f"{kind.slug}/{file.name}" for file in own))
        for file, packaged in files.items():
            found = _load(root / folder, folder, file, packaged)
            if isinstance(found, Diagnostic):
                problems.append(found)
            schemas[file] = found if isinstance(found, Schema) else None
    return schemas, problems


def _load(folder: FilePath, name: str, file: str, packaged: Source | None) -> Schema | Diagnostic:
    where = Location(f"{name}/{file}", 1, 1)
    try:
        text = (folder / file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        if packaged is not None and isinstance(error, FileNotFoundError):
            return Schema(packaged)
        return codes.BAD_SCHEMA.at(where, f"{where.file} can't be read: {error}")
    try:
        content = json.loads(text)
        if not isinstance(content, dict):
            return codes.BAD_SCHEMA.at(where, f"{where.file} is not a JSON object")
        if packaged is not None and content == packaged():
            return Schema(content)
        schema = Schema(content, None if packaged is None else Schema(packaged))
        schema.compiled()
    except json.JSONDecodeError as error:
        at = Location(where.file, error.lineno, error.colno)
        return codes.BAD_SCHEMA.at(at, f"{where.file} is not JSON: {error.msg}")
    except (ValueError, RecursionError) as error:
        first = str(error).splitlines()[0] if str(error) else "it nests too deeply"
        return codes.BAD_SCHEMA.at(
            where,
            f"{where.file} is not a usable JSON Schema: {first}",
            help="Regenerate it with configsync schema --write, then tighten it again."
            if packaged is not None
            else "Correct the file: what it says is no JSON Schema of draft 2020-12.",
        )
    return schema


def _packaged(kind: Kind, file: str) -> dict[str, Any]:
    """The schema that ships with configsync, or that a plug-in kind's spec class gives."""
    text = packaged_text(file)
    if text is not None:
        content: dict[str, Any] = json.loads(text)
        return content
    from configsync.checks.generate import generate

    return generate(kind, partial=file == kind.part_file)


def packaged(kind: Kind) -> Schema:
    """The schema of whole documents as it ships with configsync."""
    return Schema(partial(_packaged, kind, kind.schema_file))


def packaged_text(file: str) -> str | None:
    """A schema file as it ships in the wheel; in an editable install, the repository's."""
    package = FilePath(__file__).parents[1]
    for candidate in (package / "schemas" / file, package.parent / "schemas" / file):
        if candidate.is_file():
            return candidate.read_text(encoding="utf-8")
    return None


def _refuse(uri: str) -> Json:
    """A schema comes with a pull request: nothing that it names is fetched (rule 6.22)."""
    raise ValueError(f"references outside of the file are not followed: {uri}")
