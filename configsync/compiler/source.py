"""Compiles a project's source; where nothing has changed, takes what was found before.

What compiles is loaded only if something is to be compiled: a check of an
unchanged source should cost no more than reading it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from configsync.compiler.cache import OUTCOME, Cache
from configsync.compiler.fingerprint import Freshness, fingerprints
from configsync.compiler.records import decode_diagnostic, encode_diagnostic
from configsync.core import codes
from configsync.core.diagnostic import Diagnostic
from configsync.core.resource import Resource, State
from configsync.source.files import scan
from configsync.source.project import Project, Target

Advance = Callable[[int, int], None]
"""Is told how many of how many files are done."""


@dataclass(slots=True)
class CompiledSource:
    """What a source compiles to: the desired state is whole only without errors.

    ``dependencies`` are the files that documents refer to, with their digests.
    """

    files: list[str] = field(default_factory=list)
    documents: int = 0
    diagnostics: list[Diagnostic] = field(default_factory=list)
    resources: list[Resource] = field(default_factory=list)
    dependencies: dict[str, str] = field(default_factory=dict)

    def state(self) -> State:
        """The desired state."""
        return State(self.resources)


def compile_source(
    project: Project,
    target: Target,
    *,
    resources: bool = True,
    cached: bool = True,
    advance: Advance = lambda done, total: None,
) -> CompiledSource:
    """Compile a project's source for a target.

    Without ``resources`` only findings are of interest. The outcome is the
    same with and without the cache.
    """
    overlays = tuple(
        t.overlay for t in (*project.targets.values(), target) if t.overlay is not None
    )
    # An overlay patches the source and is no part of it.
    names, problems = scan(project.root, project.paths, overlays)
    if not names and not problems:
        problems = [
            codes.NO_DOCUMENTS.at(
                None,
                f"there are no YAML files in {', '.join(project.paths)}",
                help="Write a first profile, or set paths in the settings of configsync.",
            )
        ]
    cache = Cache.open(project.root) if cached else None
    try:
        keys = fingerprints(cache, project, target, names) if cache is not None else {}
        outcome = cache.key("outcome", *keys.values()) if cache is not None else b""
        if cache is not None and not resources:
            known = _earlier(cache, outcome, project)
            if known is not None:
                known.files = names
                known.diagnostics = problems + known.diagnostics
                advance(len(names), len(names))
                return known
        from configsync.compiler.run import compile_files_of

        result = compile_files_of(project, target, names, cache, keys, resources, advance)
        if cache is not None:
            _keep(cache, outcome, result)
        result.diagnostics = problems + result.diagnostics
        return result
    finally:
        if cache is not None:
            cache.close()


def _earlier(cache: Cache, key: bytes, project: Project) -> CompiledSource | None:
    """What an earlier run found in the very same files."""
    data = cache.get([key], OUTCOME).get(key)
    if data is None:
        return None
    try:
        documents, diagnostics, dependencies = json.loads(data)
        if not Freshness(project.root).holds(dependencies):
            return None
        found = [decode_diagnostic(d) for d in diagnostics]
    except (ValueError, KeyError, TypeError):
        return None
    return CompiledSource(documents=documents, diagnostics=found, dependencies=dependencies)


def _keep(cache: Cache, key: bytes, result: CompiledSource) -> None:
    diagnostics = [encode_diagnostic(d) for d in result.diagnostics]
    outcome = [result.documents, diagnostics, result.dependencies]
    cache.put({(key, OUTCOME): json.dumps(outcome).encode()}, 2 * len(result.files))
