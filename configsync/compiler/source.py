"""Compiles a whole source: its files, the layers among them, and the rules about all of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any

import configsync
from configsync.checks.engine import run_source_rules
from configsync.checks.rules import all_rules
from configsync.checks.schema import load_schemas
from configsync.compiler.cache import Cache
from configsync.compiler.documents import defined_twice
from configsync.compiler.file import FileCompiler, Settings
from configsync.compiler.ignores import Ignore, apply_ignores
from configsync.compiler.layered import compile_layered, load_overlay
from configsync.compiler.pool import compile_files
from configsync.compiler.records import (
    FileRecord,
    decode_diagnostic,
    decode_record,
    decode_resources,
    encode_diagnostic,
)
from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location
from configsync.core.document import Document
from configsync.core.resource import Resource, State
from configsync.core.values import canonical_json
from configsync.kinds import all_kinds
from configsync.source.files import MAX_FILE_BYTES, read_text, scan
from configsync.source.project import Project, Target
from configsync.source.references import text_digest

RECORD, RESOURCES, OUTCOME = 0, 1, 2
"""The parts of a cache entry."""


@dataclass(slots=True)
class CompiledSource:
    """What a source compiles to: the desired state is whole only without errors."""

    files: int = 0
    documents: int = 0
    diagnostics: list[Diagnostic] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)

    def state(self) -> State:
        """The desired state."""
        return State(self.resources)


def compile_source(
    project: Project,
    target: Target,
    *,
    resources: bool = True,
    cached: bool = True,
    advance: Callable[[int, int], None] = lambda done, total: None,
) -> CompiledSource:
    """Compile a project's source for a target.

    Without ``resources`` only findings are of interest. The outcome is the
    same with and without the cache. ``advance`` is told how many of how many
    files are done.
    """
    cache = Cache.open(project.root) if cached else None
    try:
        return _Compiler(project, target, cache, resources, advance).run()
    finally:
        if cache is not None:
            cache.close()


class _Compiler:
    """One run."""

    def __init__(
        self,
        project: Project,
        target: Target,
        cache: Cache | None,
        resources: bool,
        advance: Callable[[int, int], None],
    ) -> None:
        self.project = project
        self.target = target
        self.cache = cache
        self.wants_resources = resources
        self.advance = advance
        self.result = CompiledSource()
        self.ignores: list[Ignore] = []
        self.records: dict[str, FileRecord] = {}

    def run(self) -> CompiledSource:
        names, problems = scan(self.project.root, self.project.paths, self._overlays())
        self.result.files = len(names)
        self.result.diagnostics += problems
        if not names and not problems:
            self.result.diagnostics.append(
                codes.NO_DOCUMENTS.at(
                    None,
                    f"no YAML files in {', '.join(self.project.paths)}",
                    help="Write a first profile, or set paths in the settings of configsync.",
                )
            )
        base = self._base()
        keys = self._keys(base, names)
        outcome_key = self.cache.key("outcome", *keys.values()) if self.cache else b""
        if not self.wants_resources and self._take_outcome(outcome_key):
            return self.result
        self._compile(names, keys)
        self._check_all()
        self._keep_outcome(outcome_key)
        return self.result

    def _overlays(self) -> tuple[str, ...]:
        """The folders of all targets' overlays: they patch the source and are no part of it."""
        targets = [*self.project.targets.values(), self.target]
        return tuple(t.overlay for t in targets if t.overlay is not None)

    def _base(self) -> bytes:
        """What every file's record depends on besides the file."""
        project, target = self.project, self.target
        schemas, problems = load_schemas(all_kinds().values(), project.root, project.schemas)
        self.result.diagnostics += problems
        patches, problems = load_overlay(project.root, target.overlay, all_kinds())
        self.result.diagnostics += problems
        self.patches = patches
        self.settings = Settings(
            root=project.root,
            owner=project.source,
            kinds=all_kinds(),
            rules=all_rules(),
            schemas=schemas,
            variables=target.vars,
            patched=frozenset((p.kind, p.name or "") for p in patches),
        )
        return canonical_json(
            [
                version("configsync"),
                _code_stamp(),
                sorted(self.settings.kinds),
                sorted(self.settings.rules),
                {name: s and s.content for name, s in schemas.items()},
                _spelled(target.vars),
                project.source,
                [canonical_json([p.kind, p.body]) + str(p.body.mark) for p in patches],
            ]
        ).encode()

    def _keys(self, base: bytes, names: list[str]) -> dict[str, bytes]:
        """The cache's key for each file; a file that can't be read has none of its own."""
        if self.cache is None:
            return {}
        start, root = self.cache.key(base), str(self.project.root)
        keys = {}
        for name in names:
            try:
                with open(f"{root}/{name}", "rb", buffering=0) as file:
                    content = file.read(MAX_FILE_BYTES + 1)
            except OSError as error:
                content = b"\0" + str(error.errno).encode()
            keys[name] = self.cache.key(start, name, content)
        return keys

    def _compile(self, names: list[str], keys: Mapping[str, bytes]) -> None:
        done = self._take_records(keys)
        missing = [n for n in names if n not in done]
        entries: dict[tuple[bytes, int], bytes] = {}
        count = len(done)
        self.advance(count, len(names))

        def advance(more: int) -> None:
            nonlocal count
            count += more
            self.advance(count, len(names))

        wanted = self.wants_resources
        for name, record, resources in compile_files(self.settings, missing, wanted, advance):
            self.records[name] = decode_record(record)
            if wanted:
                self._take_resources(resources)
            if self.cache is not None:
                entries[(keys[name], RECORD)] = record
                if wanted:
                    entries[(keys[name], RESOURCES)] = resources
        if self.cache is not None and entries:
            self.cache.put(entries, 2 * len(names))
        layered = [n for n in names if self.records[n].layered]
        if layered or self.patches:
            self._compile_layered(names, layered)

    def _compile_layered(self, names: list[str], layered: list[str]) -> None:
        compiler = FileCompiler(self.settings)
        outlines = {n: self.records[n].outlines for n in names}
        records, resources, problems = compile_layered(compiler, layered, outlines, self.patches)
        self.records |= records
        self.result.diagnostics += problems
        self.result.resources += resources

    def _take_records(self, keys: Mapping[str, bytes]) -> set[str]:
        """Take what the cache has, where what it was made from is still the same."""
        if self.cache is None:
            return set()
        found = self.cache.get(keys.values(), RECORD)
        resources = self.cache.get(keys.values(), RESOURCES) if self.wants_resources else {}
        done: set[str] = set()
        fresh = _Freshness(self.project.root)
        for name, key in keys.items():
            if key not in found or (self.wants_resources and key not in resources):
                continue
            try:
                record = decode_record(found[key])
                if not fresh.holds(record.dependencies):
                    continue
                if self.wants_resources:
                    self._take_resources(resources[key])
            except (ValueError, KeyError, TypeError):
                continue
            self.records[name] = record
            done.add(name)
        return done

    def _take_resources(self, data: bytes) -> None:
        self.result.resources += decode_resources(data, self.project.source)

    def _check_all(self) -> None:
        """What only all files together show: rules about all, definitions in two places."""
        result = self.result
        places: dict[str, Location] = {}
        outlines: list[Document] = []
        for record in self.records.values():
            result.documents += record.documents
            result.diagnostics += record.diagnostics
            self.ignores += record.ignores
            outlines += record.outlines
            for address, where in record.roots:
                first = places.setdefault(address, where)
                if first is not where:
                    result.diagnostics.append(defined_twice(address, where, first, "metadata"))
        result.diagnostics += run_source_rules(outlines, all_rules().values())
        result.diagnostics = apply_ignores(result.diagnostics, self.ignores)

    def _take_outcome(self, key: bytes) -> bool:
        """Take the findings of an earlier run over the very same files."""
        data = self.cache.get([key], OUTCOME).get(key) if self.cache is not None else None
        if data is None:
            return False
        try:
            documents, diagnostics, dependencies = json.loads(data)
            if not _Freshness(self.project.root).holds(dependencies):
                return False
            self.result.diagnostics = [decode_diagnostic(d) for d in diagnostics]
            self.result.documents = documents
        except (ValueError, KeyError, TypeError):
            return False
        self.advance(self.result.files, self.result.files)
        return True

    def _keep_outcome(self, key: bytes) -> None:
        if self.cache is None:
            return
        dependencies: dict[str, str] = {}
        for record in self.records.values():
            dependencies |= record.dependencies
        outcome = [
            self.result.documents,
            [encode_diagnostic(d) for d in self.result.diagnostics],
            dependencies,
        ]
        self.cache.put({(key, OUTCOME): json.dumps(outcome).encode()}, 2 * len(self.records))


class _Freshness:
    """Tells whether files are what they were, reading each once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.digests: dict[str, str] = {}

    def holds(self, dependencies: Mapping[str, str]) -> bool:
        for name, digest in dependencies.items():
            if name not in self.digests:
                self.digests[name] = text_digest(read_text(self.root, name))
            if self.digests[name] != digest:
                return False
        return True


def _code_stamp() -> str:
    """What tells one state of configsync's own code from another, by names, sizes and times."""
    folder = Path(next(iter(configsync.__path__)))
    stamp = blake2b(digest_size=16)
    for part in ("core", "source", "kinds", "checks", "checks/rules", "compiler"):
        for file in sorted((folder / part).glob("*.py")):
            about = file.stat()
            stamp.update(f"{part}/{file.name} {about.st_size} {about.st_mtime_ns}\n".encode())
    return stamp.hexdigest()


def _spelled(variables: Mapping[str, Any]) -> Iterable[str]:
    """Variables as text: TOML has dates, which JSON hasn't."""
    return [f"{name}={value!r}" for name, value in sorted(variables.items())]
