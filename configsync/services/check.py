"""The check of a document that a program makes: what `configsync validate` checks in files.

It is the schema, the rules and the columns themselves, so that a service takes
exactly what git may say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from configsync.checks.engine import run_document_rules, run_source_rules
from configsync.checks.rules import all_rules
from configsync.checks.schema import Schema, packaged
from configsync.checks.telling import most_telling
from configsync.compiler.documents import compile_document
from configsync.core.diagnostic import Diagnostic
from configsync.core.document import Document
from configsync.core.kind import Kind
from configsync.core.resource import Resource
from configsync.kinds import all_kinds
from configsync.services.nodes import to_document

OWNER = ""
"""What services write belongs to no source."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A document, what it compiles to, and everything that is wrong with it or may be.

    Where it doesn't meet its schema, which is an error, it compiles to nothing.
    """

    document: Document
    resources: tuple[Resource, ...]
    diagnostics: tuple[Diagnostic, ...]


def check(kind: Kind, address: str, body: Mapping[str, Any]) -> Checked:
    """Check a document, given by its ``metadata`` and ``spec``, and compile it."""
    document, found = to_document(kind.name, address, body)
    resources: list[Resource] = []
    if not found:
        missed = list(_schema(kind.name).check(document))
        found = [*missed, *run_document_rules(document, all_rules().values())]
        if not missed:
            compiled = compile_document(document, kind, OWNER)
            resources = compiled.resources
            found += compiled.diagnostics
    return Checked(document, tuple(resources), tuple(found))


def check_together(documents: Iterable[Document], about: Iterable[str]) -> list[Diagnostic]:
    """What the rules about all documents find in those whose roots are at some addresses."""
    about = set(about)
    # A finding about two documents is one about the later of them.
    ordered = sorted(documents, key=lambda d: d.file in about)
    found = run_source_rules(ordered, all_rules().values())
    return [d for d in found if d.location and d.location.file in about]


def telling(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """What to say of findings: of several about one value the best, and no places in files."""
    return tuple(replace(d, location=None, related=()) for d in most_telling([*found]))


def can_be_silenced(code: str) -> bool:
    """Tell whether a project may do without what a code stands for: a rule that is not enforced."""
    rule = all_rules().get(code)
    return rule is not None and not rule.enforced


@cache
def _schema(kind: str) -> Schema:
    return packaged(all_kinds()[kind])
