"""Compiles a project's source; where nothing has changed, takes what was found before.

What compiles is loaded only if something is to be compiled: a check of an
unchanged source should cost no more than looking at it.
"""

from __future__ import annotations

from configsync.compiler.cache import Cache
from configsync.compiler.compiled import Advance, CompiledSource
from configsync.compiler.fingerprint import Fingerprints
from configsync.compiler.outcomes import Outcomes
from configsync.core import codes
from configsync.source.files import read_bytes, scan
from configsync.source.project import Project, Target


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
        if cache is None:
            from configsync.compiler.run import compile_files_of

            result = compile_files_of(project, target, names, None, {}, resources, advance)
        else:
            prints = Fingerprints(cache, project, target)
            result = _with_cache(project, target, names, prints, resources, advance)
    finally:
        if cache is not None:
            cache.close()
    result.diagnostics = problems + result.diagnostics
    return result


def _with_cache(
    project: Project,
    target: Target,
    names: list[str],
    prints: Fingerprints,
    resources: bool,
    advance: Advance,
) -> CompiledSource:
    """Compile files, or take what an earlier run found in the very same ones."""
    outcomes = Outcomes(prints, project.root, names)
    known = None if resources else outcomes.by_state()
    if known is not None:
        advance(len(names), len(names))
        return known
    keys: dict[str, bytes] = {}
    # Where nothing is kept, keys are made as files are compiled, which are then read once.
    if not prints.cache.is_empty():
        keys = {name: prints.of_file(name, read_bytes(project.root, name)) for name in names}
        known = outcomes.by_content(keys)
        if known and resources and not outcomes.add_resources(known, keys, project.source):
            known = None
    if known is None:
        from configsync.compiler.run import compile_files_of

        known = compile_files_of(project, target, names, prints, keys, resources, advance)
    else:
        advance(len(names), len(names))
    outcomes.keep(keys, known)
    return known
