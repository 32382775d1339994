"""The schema check: documents against the JSON Schema of their kind.

A compiled validator says whether a document is valid. Only one that isn't goes
through ``jsonschema``, which says why; the words are ours (`wording`), so they
don't change with a library.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path as FilePath
from typing import Any

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location
from configsync.core.document import Document
from configsync.core.kind import Kind
from configsync.core.values import Json


class Schema:
    """The schema of a kind."""

    def __init__(self, content: dict[str, Any], basis: Schema | None = None) -> None:
        """``basis`` holds as well: a team may tighten the packaged schema, not loosen it."""
        self.content = content
        self.basis = basis
        self._compiled: Any = None

    def compiled(self) -> Any:
        """The validator, compiled on first use. Raises ValueError for an unusable schema."""
        if self._compiled is None:
            import jsonschema_rs

            self._compiled = jsonschema_rs.Draft202012Validator(self.content, retriever=_refuse)
        return self._compiled

    def check(self, document: Document) -> Iterator[Diagnostic]:
        """Yield what in the document doesn't meet the schema."""
        try:
            valid = self.compiled().is_valid(document.body)
        except ValueError:
            # Not every value that Python holds fits the compiled validator.
            valid = False
        if not valid:
            from configsync.checks import wording

            yield from wording.explain(self.content, document)
        elif self.basis is not None:
            yield from self.basis.check(document)


def load_schemas(
    kinds: Iterable[Kind], root: FilePath, folder: str
) -> tuple[dict[str, Schema | None], list[Diagnostic]]:
    """The schemas of kinds, by name; and that of its parts, by name and ``/partial``.

    The repository's own file in ``folder`` counts where it has one, else the
    packaged. An unusable one is None, with a diagnostic.
    """
    schemas: dict[str, Schema | None] = {}
    problems: list[Diagnostic] = []
    for kind in kinds:
        for name, file in ((kind.name, kind.schema_file), (f"{kind.name}/partial", kind.part_file)):
            found = _load(kind, root / folder, folder, file)
            if isinstance(found, Diagnostic):
                problems.append(found)
            schemas[name] = found if isinstance(found, Schema) else None
    return schemas, problems


def _load(kind: Kind, folder: FilePath, name: str, file: str) -> Schema | Diagnostic:
    where = Location(f"{name}/{file}", 1, 1)
    try:
        text = (folder / file).read_text(encoding="utf-8")
    except FileNotFoundError:
        return Schema(_packaged(kind, file))
    except (OSError, UnicodeDecodeError) as error:
        return codes.BAD_SCHEMA.at(where, f"{where.file} can't be read: {error}")
    try:
        content = json.loads(text)
        if not isinstance(content, dict):
            return codes.BAD_SCHEMA.at(where, f"{where.file} is not a JSON object")
        own = _packaged(kind, file)
        schema = Schema(content, Schema(own) if content != own else None)
        schema.compiled()
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
    return Schema(_packaged(kind, kind.schema_file))


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
