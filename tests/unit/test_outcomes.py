"""Outcomes kept by the state of files: found again only where nothing at all has changed."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from configsync.compiler import outcomes
from configsync.compiler.cache import Cache
from configsync.compiler.compiled import CompiledSource
from configsync.compiler.fingerprint import Fingerprints
from configsync.compiler.outcomes import REST, Outcomes
from configsync.compiler.source import compile_source
from configsync.source.files import scan
from configsync.source.project import Target, find_project
from tests.profiles import profile

pytestmark = pytest.mark.skipif(not outcomes.HAS_STATES, reason="files have no ctime here")


def write(root: Path) -> None:
    """A project of some files, one of which refers to another, and one has a schema of its own."""
    for folder in ("profiles/prompts", "profiles/more", "schemas/settings"):
        (root / folder).mkdir(parents=True)
    (root / "configsync.toml").write_text('source = "x"\n')
    (root / "profiles/a.yaml").write_text(profile("a", default=True))
    (root / "profiles/more/b.yaml").write_text(profile("b"))
    (root / "profiles/more/c.yaml").write_text(profile("c"))
    reference = {"$file": "prompts/p.md"}
    text = profile("d", spec__prompts__system_prompt=reference)
    (root / "profiles/d.yaml").write_text(text)
    (root / "profiles/prompts/p.md").write_text("at most {max_slides}\n")
    settings = {"apiVersion": "configsync/v1", "kind": "Settings", "spec": {"a": "x"}}
    for name in ("s", "t"):
        text = json.dumps({**settings, "metadata": {"name": name}})
        (root / f"profiles/{name}.yaml").write_text(text)
    (root / OWN_SCHEMA).write_text('{"properties": {"a": {"const": "x"}}}')


OWN_SCHEMA = "schemas/settings/s.schema.json"
STRICTER = '{"required": ["b"]}'


def found(root: Path, *, cached: bool) -> CompiledSource:
    return compile_source(find_project(root), Target(), resources=False, cached=cached)


def known(root: Path) -> CompiledSource | None:
    """What the state of the files alone tells."""
    project = find_project(root)
    cache = Cache.open(root)
    assert cache is not None
    prints = Fingerprints(cache, project, Target())
    result = Outcomes(prints, root, scan(root, project.paths)[0]).by_state()
    cache.close()
    return result


def edit(root: Path, name: str, *, back: bool = False) -> None:
    """Change a file in place without changing its size; ``back`` sets its mtime back."""
    file = root / name
    before, text = file.stat(), file.read_text()
    for old, new in (("{max_slides}", "{max_slidez}"), ("0.7", "1.7"), ('"x"', '"y"')):
        text = text.replace(old, new)
    if text == file.read_text() or len(text) != before.st_size:
        raise ValueError(f"{name} has nothing to change in it")
    with file.open("r+") as out:
        out.write(text)
    if back:
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(root: Path, name: str) -> None:
    """Put another file of the same size and mtime in a file's place."""
    file, other = root / name, root / "other"
    shutil.copy2(file, other)
    edit(root, "other", back=True)
    other.replace(file)


def check_out(root: Path, name: str) -> None:
    """Delete a file, and write another of its name, size and mtime."""
    file = root / name
    before, text = file.stat(), file.read_text()
    file.unlink()
    file.write_text(text)
    edit(root, name)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def swap(root: Path, one: str, other: str) -> None:
    (root / one).rename(root / "aside")
    (root / other).rename(root / one)
    (root / "aside").rename(root / other)


def link(root: Path, name: str) -> None:
    """Move a file or folder away, and let a symbolic link lead to it."""
    (root / name).rename(root / "moved")
    (root / name).symlink_to(root / "moved")


CHANGES: dict[str, Callable[[Path], object]] = {
    "edited": lambda root: edit(root, "profiles/a.yaml"),
    "edited, mtime set back": lambda root: edit(root, "profiles/a.yaml", back=True),
    "replaced": lambda root: replace(root, "profiles/more/b.yaml"),
    "written anew, with its mtime": lambda root: check_out(root, "profiles/a.yaml"),
    "two swapped": lambda root: swap(root, "profiles/more/b.yaml", "profiles/more/c.yaml"),
    "renamed": lambda root: (root / "profiles/a.yaml").rename(root / "profiles/z.yaml"),
    "removed": lambda root: (root / "profiles/more/c.yaml").unlink(),
    "added": lambda root: (root / "profiles/e.yaml").write_text(profile("e", default=True)),
    "a link": lambda root: link(root, "profiles/more/c.yaml"),
    "below a link": lambda root: link(root, "profiles/more"),
    "the reference edited": lambda root: edit(root, "profiles/prompts/p.md", back=True),
    "the reference replaced": lambda root: replace(root, "profiles/prompts/p.md"),
    "the reference removed": lambda root: (root / "profiles/prompts/p.md").unlink(),
    "the reference a link": lambda root: link(root, "profiles/prompts/p.md"),
    "the reference below a link": lambda root: link(root, "profiles/prompts"),
    "the settings edited": lambda root: edit(root, "configsync.toml", back=True),
    "a schema added": lambda root: (root / "schemas/profile.schema.json").write_text("{"),
    "a schema of a category edited": lambda root: edit(root, OWN_SCHEMA, back=True),
    "a schema of a category replaced": lambda root: replace(root, OWN_SCHEMA),
    "a schema of a category removed": lambda root: (root / OWN_SCHEMA).unlink(),
    "a schema of a category renamed": lambda root: (root / OWN_SCHEMA).rename(
        root / "schemas/settings/t.schema.json"
    ),
    "a schema of a category added": lambda root: (
        root / "schemas/settings/t.schema.json"
    ).write_text(STRICTER),
}


def test_an_outcome_is_found_again_by_state_until_anything_changes(tmp_path: Path) -> None:
    for number, _ in enumerate(CHANGES):
        write(tmp_path / str(number))
    # Longer than files must be at rest, by clocks that may differ by a tick.
    time.sleep(REST / 1e9 + 0.2)
    for number, (change, action) in enumerate(CHANGES.items()):
        root = tmp_path / str(number)
        first = found(root, cached=True)
        assert first.diagnostics == []
        assert known(root) == first, "kept by state"
        action(root)
        assert known(root) is None, change
        assert found(root, cached=True) == found(root, cached=False), change
        assert found(root, cached=True) == found(root, cached=False), change


def test_what_a_schema_of_a_category_says_counts_while_it_is_there(tmp_path: Path) -> None:
    write(tmp_path)
    schema = tmp_path / "schemas/settings/t.schema.json"
    for text, codes in ((None, []), (STRICTER, ["CS162"]), ("{", ["CS159"]), (None, [])):
        if text is None:
            schema.unlink(missing_ok=True)
        else:
            schema.write_text(text)
        for cached in (True, True, False):
            assert [d.code for d in found(tmp_path, cached=cached).diagnostics] == codes, text


def test_files_that_changed_a_moment_ago_speak_for_nothing(tmp_path: Path) -> None:
    write(tmp_path)
    assert known(tmp_path) is None
    found(tmp_path, cached=True)
    assert known(tmp_path) is None
    # Faster than the file system's clock ticks, and never of another size.
    for number in range(60):
        (tmp_path / "profiles/a.yaml").write_text(
            profile("a", default=True, spec__ai_infra__llm_temperature=number % 2 + 0.5)
        )
        assert found(tmp_path, cached=True) == found(tmp_path, cached=False)


def test_what_could_not_be_read_is_looked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path)
    monkeypatch.setattr(outcomes, "REST", -REST)
    (tmp_path / "profiles/prompts/p.md").unlink()
    for name in ("q.txt", "p.mdd", "p.md"):
        # Each time another file is nearer to what was meant, which the finding says.
        assert found(tmp_path, cached=True) == found(tmp_path, cached=False), name
        (tmp_path / "profiles/prompts" / name).write_text("at most {max_slides}\n")
        assert found(tmp_path, cached=True) == found(tmp_path, cached=False), name


def test_any_changes_in_any_order_give_what_a_fresh_run_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Shorter than is safe on every file system, but longer than a tick where tests run.
    monkeypatch.setattr(outcomes, "REST", 50_000_000)
    random = Random(0)
    by_state = 0
    for trial in range(6):
        root = tmp_path / str(trial)
        write(root)
        for _ in range(8):
            time.sleep(random.choice((0, 0, 0.001, 0.06)))
            by_state += known(root) is not None
            assert found(root, cached=True) == found(root, cached=False)
            if random.random() < 0.6:
                action = random.choice(list(CHANGES.values()))
                # It may have been changed so before.
                with suppress(OSError, ValueError):
                    action(root)
    assert by_state
