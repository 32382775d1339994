"""Validate: load a project, check its documents and compile them."""

from __future__ import annotations

from dataclasses import dataclass

from configsync.checks.engine import run_rules
from configsync.checks.rules import all_rules
from configsync.checks.schema import Schema, load_schema
from configsync.compile import compile_documents
from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Severity, has_errors
from configsync.core.document import Document
from configsync.core.resource import State
from configsync.kinds import all_kinds
from configsync.source.load import load
from configsync.source.project import Project, Target


@dataclass(frozen=True, slots=True)
class Validation:
    """What was found: ``desired`` is whole only if there are no errors."""

    files: int
    documents: int
    desired: State
    diagnostics: tuple[Diagnostic, ...]

    @property
    def ok(self) -> bool:
        return not has_errors(self.diagnostics)

    def count(self, severity: Severity) -> int:
        """How many diagnostics have a severity."""
        return sum(d.severity is severity for d in self.diagnostics)


def validate(project: Project, target: Target) -> Validation:
    """Check everything that a project's source holds; every finding in one run.

    Opens no connection and runs nothing of the repository (rule 6.22).
    """
    kinds = all_kinds()
    source = load(project.root, project.paths, kinds, target.vars)
    diagnostics = list(source.diagnostics)
    valid, problems = _check_schemas(project, source.documents)
    diagnostics += problems
    diagnostics += run_rules(source.documents, all_rules().values())
    compilation = compile_documents(valid, kinds, project.source)
    diagnostics += compilation.diagnostics
    return Validation(
        files=len(source.files),
        documents=len(source.documents),
        desired=compilation.state(),
        diagnostics=tuple(sorted(_most_telling(diagnostics), key=lambda d: d.sort_key)),
    )


def _check_schemas(
    project: Project, documents: list[Document]
) -> tuple[list[Document], list[Diagnostic]]:
    """The documents that meet the schema of their kind, and what is wrong with the others."""
    schemas: dict[str, Schema | None] = {}
    valid: list[Document] = []
    problems: list[Diagnostic] = []
    for document in documents:
        if document.kind not in schemas:
            loaded = load_schema(
                all_kinds()[document.kind], project.root / project.schemas, project.schemas
            )
            if isinstance(loaded, Diagnostic):
                problems.append(loaded)
            schemas[document.kind] = loaded if isinstance(loaded, Schema) else None
        schema = schemas[document.kind]
        if schema is None:
            continue
        found = list(schema.check(document))
        problems += found
        if not found and not _has_reference(document):
            valid.append(document)
    return valid, problems


def _has_reference(document: Document) -> bool:
    """A reference that couldn't be followed still stands in its place, and was reported."""
    pending: list[object] = [document.body]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            if len(node) == 1 and next(iter(node)) in ("$file", "$var"):
                return True
            pending += node.values()
        elif isinstance(node, list):
            pending += node
    return False


def _most_telling(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """Of several codes for one value, keep the one that says most.

    A rule knows why a value is wrong; the schema only that it is; the column
    only that it doesn't fit.
    """

    def rank(diagnostic: Diagnostic) -> int:
        if diagnostic.code in _OF_THE_COLUMN:
            return 2
        return 1 if diagnostic.code in _OF_THE_SCHEMA else 0

    best: dict[tuple[object, str], int] = {}
    for diagnostic in diagnostics:
        place = (diagnostic.location, diagnostic.path)
        best[place] = min(rank(diagnostic), best.get(place, 2))
    return [d for d in diagnostics if rank(d) == best[(d.location, d.path)]]


_OF_THE_SCHEMA = {
    c.code
    for c in (codes.NOT_ALLOWED, codes.OUT_OF_RANGE, codes.BAD_TEXT, codes.BAD_LENGTH, codes.SCHEMA)
}
_OF_THE_COLUMN = {codes.UNSTORABLE.code}
