"""Compiles files: what the cache doesn't have, the layers, and the rules about all of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches

from configsync.checks.engine import run_source_rules
from configsync.checks.rules import all_rules
from configsync.checks.schema import load_schemas
from configsync.compiler.cache import RECORD, RESOURCES
from configsync.compiler.compiled import Advance, CompiledSource
from configsync.compiler.documents import defined_twice
from configsync.compiler.file import FileCompiler, Settings
from configsync.compiler.findings import lasting
from configsync.compiler.fingerprint import Fingerprints, Freshness
from configsync.compiler.ignores import Ignore, apply_ignores
from configsync.compiler.layered import compile_layered, load_overlay
from configsync.compiler.pool import compile_files
from configsync.compiler.records import (
    NO_RESOURCES,
    FileRecord,
    decode_record,
    decode_resources,
)
from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location, Severity
from configsync.core.document import Document, show_path
from configsync.kinds import all_kinds
from configsync.source.project import Project, Target

MAX_PAIRS = 100_000
"""How many addresses are compared with each other: more takes longer than it helps."""


def compile_files_of(
    project: Project,
    target: Target,
    names: list[str],
    prints: Fingerprints | None,
    keys: dict[str, bytes],
    resources: bool,
    advance: Advance,
) -> CompiledSource:
    """Compile the files of a project's source; see `configsync.compiler.source`.

    With ``prints``, what the cache has is taken and what it lacks is kept.
    ``keys`` are the files' keys in it, or none where it is empty; those of what
    is compiled are put in as its content was read.
    """
    run = _Run(project, target, prints, keys, resources)
    run.compile_all(names, advance)
    run.check_all()
    return run.result


class _Run:
    """One compilation."""

    def __init__(
        self,
        project: Project,
        target: Target,
        prints: Fingerprints | None,
        keys: dict[str, bytes],
        resources: bool,
    ) -> None:
        self.project = project
        self.prints = prints
        self.keys = keys
        self.wants_resources = resources
        self.result = CompiledSource()
        self.records: dict[str, FileRecord] = {}
        schemas, faults = load_schemas(all_kinds().values(), project.root, project.schemas)
        self.patches, problems = load_overlay(
            project.root, target.overlay, all_kinds(), aliases=project.allow_aliases
        )
        self.result.diagnostics += [*faults, *problems]
        self.settings = Settings(
            root=project.root,
            owner=project.source,
            kinds=all_kinds(),
            rules=all_rules(),
            schemas=schemas,
            variables=target.vars,
            environment=project.environment,
            patched=frozenset((p.kind, p.name or "") for p in self.patches),
            aliases=project.allow_aliases,
            resources=resources,
        )

    def compile_all(self, names: list[str], advance: Advance) -> None:
        """Compile what the cache doesn't have, then what lies over other documents."""
        self.result.files = names
        self._take_known(names)
        missing = [n for n in names if n not in self.records]
        entries: dict[tuple[bytes, int], bytes] = {}
        advance(len(self.records), len(names))
        for name, key, spelled, resources in compile_files(self.settings, missing, self.prints):
            record = decode_record(spelled, name)
            self.keys[name] = key
            self._take(name, record, resources)
            advance(len(self.records), len(names))
            if lasting(record.diagnostics):
                entries[(key, RECORD)] = spelled
                if self.wants_resources:
                    entries[(key, RESOURCES)] = resources
        if self.prints is not None and entries:
            self.prints.cache.put(entries, 2 * len(names))
        layered = [n for n in names if self.records[n].layered]
        if layered or self.patches:
            self.result.layered = True
            self._compile_layered(layered)
        # The order of names, whichever way each record came.
        self.records = {name: self.records[name] for name in names}

    def check_all(self) -> None:
        """What only all files together show: rules about all, definitions in two places."""
        result = self.result
        places: dict[str, Location] = {}
        outlines: list[Document] = []
        ignores: list[Ignore] = []
        for record in self.records.values():
            result.documents += record.documents
            result.diagnostics += record.diagnostics
            result.dependencies |= record.dependencies
            ignores += record.ignores
            outlines += record.outlines
            for root in record.roots:
                first = places.setdefault(root.address, root.location)
                if first is not root.location:
                    found = defined_twice(root.address, root.location, first, root.path)
                    result.diagnostics.append(found)
        result.diagnostics += _named_alike(outlines)
        # A document with errors of its own defines nothing yet.
        if not any(d.severity is Severity.ERROR for d in result.diagnostics):
            result.diagnostics += _undefined(self.records.values(), places)
        result.diagnostics += run_source_rules(outlines, self.settings.rules.values())
        result.diagnostics = apply_ignores(result.diagnostics, ignores)

    def _take_known(self, names: list[str]) -> None:
        """Take what the cache has, where what it was made from is still the same."""
        if self.prints is None or not self.keys:
            return
        found = self.prints.cache.get(self.keys.values(), RECORD)
        wanted = self.wants_resources
        resources = self.prints.cache.get(self.keys.values(), RESOURCES) if wanted else {}
        fresh = Freshness(self.project.root)
        for name in names:
            key = self.keys[name]
            if key not in found or (wanted and key not in resources):
                continue
            try:
                record = decode_record(found[key], name)
                if fresh.holds(record.dependencies):
                    self._take(name, record, resources.get(key, NO_RESOURCES))
            except (ValueError, KeyError, TypeError):
                continue

    def _take(self, name: str, record: FileRecord, resources: bytes) -> None:
        if self.wants_resources:
            owner = self.project.source
            self.result.resources += decode_resources(resources, owner, record.dependencies)
        self.records[name] = record

    def _compile_layered(self, layered: list[str]) -> None:
        compiler = FileCompiler(self.settings)
        outlines = {name: record.outlines for name, record in self.records.items()}
        records, resources, problems = compile_layered(compiler, layered, outlines, self.patches)
        self.records |= records
        self.result.diagnostics += problems
        self.result.resources += resources


def _named_alike(documents: list[Document]) -> Iterator[Diagnostic]:
    """Documents of one name, of kinds whose names are no part of addresses.

    Layers and overlays find a document by its name; of the other kinds, two of
    one name define a resource twice.
    """
    path = ("metadata", "name")
    seen: dict[tuple[str, str], Location] = {}
    unnamed = {kind.name for kind in all_kinds().values() if not kind.named}
    for document in documents:
        if document.kind in unnamed and document.name is not None:
            where = document.locate(path)
            first = seen.setdefault((document.kind, document.name), where)
            if first is not where:
                what = f"{document.kind} {document.name}"
                yield defined_twice(what, where, first, show_path(path))


def _undefined(
    records: Iterable[FileRecord], places: Mapping[str, Location]
) -> Iterator[Diagnostic]:
    """What documents use, and none defines."""
    missing = [use for record in records for use in record.uses if use[0] not in places]
    near = _near(dict.fromkeys(used for used, _ in missing), places) if missing else {}
    for used, where in missing:
        meant = near.get(used)
        yield codes.UNDEFINED_USE.at(
            where,
            f"{used} is used and not defined",
            path="metadata.uses",
            help=f"Did you mean {meant}?" if meant else "Define it, or take it out of uses.",
        )


def _near(names: Iterable[str], known: Collection[str]) -> dict[str, str]:
    """The known address that each name may mean: of its domain, if it has one that is known."""
    domains: dict[str, list[str]] = {}
    for at in known:
        domains.setdefault(at.partition("/")[0], []).append(at)
    found: dict[str, str] = {}
    left = MAX_PAIRS
    for name in names:
        among = domains.get(name.partition("/")[0], known)
        left -= len(among)
        if left < 0:
            break
        if near := get_close_matches(name, among, 1, cutoff=0.8):
            found[name] = near[0]
    return found
