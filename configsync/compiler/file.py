"""Compiles one file: read, follow references, check, compile."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from configsync.checks.engine import needs, outline, run_document_rules
from configsync.checks.rule import Rule
from configsync.checks.schema import Schema
from configsync.compiler.documents import compile_document
from configsync.compiler.ignores import find_ignores
from configsync.compiler.records import FileRecord
from configsync.core.diagnostic import Diagnostic
from configsync.core.document import Document, show_path
from configsync.core.kind import Kind
from configsync.core.resource import Resource
from configsync.source.files import read_text
from configsync.source.layers import is_abstract, unset_left
from configsync.source.load import parse
from configsync.source.references import Followed, References

USES = ("metadata", "uses")

_SPECIAL = re.compile(r"\$(?:csv|env|file|unset|var)")
"""What a text without escapes holds that refers to something, or removes it."""


@dataclass(slots=True)
class Settings:
    """What every file of a source is compiled with.

    ``schemas`` are those of `load_schemas`, by their files' names; None where
    one is unusable.
    ``environment`` are the names that ``$env`` may say.
    ``patched`` are the kinds and names that an overlay says something about.
    Without ``resources`` only findings are of interest.
    """

    root: Path
    owner: str
    kinds: Mapping[str, Kind]
    rules: Mapping[str, Rule]
    schemas: Mapping[str, Schema | None]
    variables: Mapping[str, Any]
    environment: frozenset[str] = frozenset()
    patched: frozenset[tuple[str, str]] = frozenset()
    aliases: bool = False
    resources: bool = True


@dataclass(slots=True)
class FileCompiler:
    """Compiles files one after the other, reading each text that they share once."""

    settings: Settings
    references: References = field(init=False)
    rules: dict[str, tuple[Rule, ...]] = field(default_factory=dict)
    """The rules that concern a document, by its kind."""
    needs: dict[str, tuple[tuple[str, ...], ...]] = field(default_factory=dict)
    """What the rules about all documents need of one, by its kind."""
    lines: tuple[str, Sequence[str]] = ("", ())
    """The file that a rule last found something within a text of, and its lines."""

    def __post_init__(self) -> None:
        self.references = References(
            self.settings.root, self.settings.variables, self.settings.environment
        )

    def compile_file(self, name: str, text: str) -> tuple[FileRecord, list[Resource]]:
        """Compile a file by itself.

        If one of its documents is a layer or lies over one, the record says so
        and holds nothing else.
        """
        settings = self.settings
        documents, problems = parse(text, name, settings.kinds, aliases=settings.aliases)
        if any(self._needs_others(d) for d in documents):
            return FileRecord(layered=True), []
        record = FileRecord(documents=len(documents), diagnostics=problems)
        self._find_ignores(name, text, record)
        resources: list[Resource] = []
        # An escape may stand for a $ or for any letter behind it.
        special = "\\" in text or ("$" in text and _SPECIAL.search(text) is not None)
        for document in documents:
            if special:
                record.diagnostics += unset_left(document)
            whole = None if special else text
            resources += self.compile_document(document, record, whole)
        return record, resources

    def start_record(self, name: str, text: str, documents: int) -> FileRecord:
        """A record for a file whose documents are layered."""
        record = FileRecord(documents=documents)
        self._find_ignores(name, text, record)
        return record

    def compile_document(
        self,
        document: Document,
        record: FileRecord,
        text: str | None = None,
        *,
        layered: bool = False,
    ) -> list[Resource]:
        """Compile one whole document, layers merged; what is found goes into the record.

        ``text`` is that of its file, if all of it stands there; else it may have
        references. ``layered`` tells that its values may come from several files.
        """
        settings = self.settings
        followed = self.references.resolve(document.body) if text is None else Followed()
        record.diagnostics += followed.diagnostics
        record.dependencies |= followed.files
        record.outlines.append(outline(document, self._needs(document.kind)))
        kind = settings.kinds[document.kind]
        found = self.check_schema(document, kind.schema_file)
        if found == [] and not followed.diagnostics:
            found = self._check_own_schema(document, kind)
        record.diagnostics += found or ()
        rules = self._rules(document.kind)
        record.diagnostics += run_document_rules(document, rules, self._lines_of, text)
        if found is None or found or followed.diagnostics:
            return []
        compiled = compile_document(
            document, kind, settings.owner, resources=settings.resources, layered=layered
        )
        record.diagnostics += compiled.diagnostics
        record.roots += compiled.roots
        for index, used in enumerate(document.get(USES) or ()):
            record.uses.append((used, document.locate((*USES, index))))
        return compiled.resources

    def check_texts(self, document: Document) -> list[Diagnostic]:
        """What the rules find that look at every text of a document, whole or not."""
        rules = [rule for rule in self._rules(document.kind) if rule.screen is not None]
        return run_document_rules(document, rules, self._lines_of)

    def check_schema(self, document: Document, file: str) -> list[Diagnostic] | None:
        """What doesn't meet the schema in a file; None where that is unusable."""
        found = self.settings.schemas.get(file)
        return None if found is None else list(found.check(document))

    def _lines_of(self, name: str) -> Sequence[str]:
        """The lines of a file, which is read again: seldom is a place in it needed."""
        if self.lines[0] != name:
            text = read_text(self.settings.root, name)
            self.lines = name, text.split("\n") if isinstance(text, str) else ()
        return self.lines[1]

    def _check_own_schema(self, document: Document, kind: Kind) -> list[Diagnostic] | None:
        """What doesn't meet the schema that the team has for this very document, if it has one.

        None where that is unusable.
        """
        if kind.subject is None:
            return []
        file = kind.own_schema_file(document.name or "")
        if file not in self.settings.schemas:
            return []
        schema = self.settings.schemas[file]
        if schema is None:
            return None
        subject = kind.subject(document)
        unseen = {show_path(subject.place((key,))) for key in subject.unseen}
        return [d for d in schema.check(document, subject) if d.path not in unseen]

    def _rules(self, kind: str) -> tuple[Rule, ...]:
        if kind not in self.rules:
            every = self.settings.rules.values()
            self.rules[kind] = tuple(rule for rule in every if rule.kind in (None, kind))
        return self.rules[kind]

    def _needs(self, kind: str) -> tuple[tuple[str, ...], ...]:
        if kind not in self.needs:
            self.needs[kind] = needs(kind, self._rules(kind))
        return self.needs[kind]

    def _needs_others(self, document: Document) -> bool:
        extends = document.get(("metadata", "extends"))
        patched = (document.kind, document.name or "") in self.settings.patched
        return extends is not None or patched or is_abstract(document)

    def _find_ignores(self, name: str, text: str, record: FileRecord) -> None:
        silent = (code for code, rule in self.settings.rules.items() if not rule.enforced)
        record.ignores, problems = find_ignores(text, name, silent)
        record.diagnostics += problems
