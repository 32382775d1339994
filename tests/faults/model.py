"""What must hold of a database whatever happened (DESIGN section 6, "Apply"), and random states.

The check is a serial model: the history is replayed from nothing, one revision
after the other, and each entry must find what it says that it found.
"""

from __future__ import annotations

import json
import random
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

from configsync.compiler.source import compile_source
from configsync.core import address
from configsync.kinds import resource_types
from configsync.source.project import Target, find_project
from configsync.store.database import Database, Transaction
from configsync.store.read import read_live
from tests.profiles import profile

Rows = dict[str, dict[str, Any]]
State = dict[str, dict[str, Any]]
"""Profiles as `tests.profiles.profile` takes them, by name; the first is the default."""

PROFILES = 8


def first_state() -> State:
    """Eight profiles of five resources: enough for changes to stay a small part of all."""
    return {f"p{number}": {"spaces": ["s1"]} for number in range(PROFILES)}


def mutated(rng: random.Random, state: State, mark: str) -> State:
    """Another state: up to three values differ, and perhaps a profile or the default.

    ``mark`` is of this change alone, so that no two states are the same.
    """
    after = deepcopy(state)
    for _ in range(rng.randint(1, 3)):
        values = after[rng.choice(list(after))]
        field, value = rng.choice(
            [
                ("metadata__description", f"{mark} {rng.random()}"),
                ("spec__ai_infra__llm_max_tokens", rng.randint(1, 10**9)),
                ("spec__mlflow__experiment_name", f"/{mark}/{rng.random()}"),
                ("spec__prompts__system_prompt", f"{mark} {{max_slides}}\n" * rng.randint(1, 9)),
                ("spaces", [f"s{rng.randint(1, 9)}", mark]),
            ]
        )
        values[field] = value
    after[next(iter(after))]["metadata__description"] = mark
    structure = rng.randrange(6)
    if structure == 0:
        after[f"p{mark}"] = {"spaces": ["s1"]}
    elif structure == 1 and len(after) > PROFILES - 2:
        after.pop(list(after)[-1])
    elif structure == 2:
        first, *others = after.items()
        after = dict([*others, first])
    elif structure == 3:
        old, values = after.popitem()
        after[f"r{mark}"] = {**values, "metadata__renamed_from": old}
    return after


def changed_throughout(state: State, number: int) -> State:
    """Another state, by every kind of change: of the same shape for each number from 2 on."""
    after = {n: v for n, v in state.items() if n != f"x{number - 1}"}
    first, second, third, *others = deepcopy(after).items()
    first[1]["metadata__description"] = f"former default {number}"
    second[1]["spec__ai_infra__llm_max_tokens"] = number
    third[1]["spaces"] = [f"s{number}"]
    return dict([second, third, *others, (f"x{number}", {"spaces": ["s1"]}), first])


def write(root: Path, state: State) -> Rows:
    """Write a state as files; returns the rows that it asks for."""
    shutil.rmtree(root / "profiles", ignore_errors=True)
    (root / "profiles").mkdir(parents=True)
    for number, (name, values) in enumerate(state.items()):
        changes = {k: v for k, v in values.items() if k != "spaces"}
        spaces = [{"space_id": s, "default": i == 0} for i, s in enumerate(values["spaces"])]
        text = profile(name, default=number == 0, spec__genie_spaces=spaces, **changes)
        (root / f"profiles/{number}.yaml").write_text(text)
    return desired(root)


def desired(root: Path) -> Rows:
    """The rows that a project's files ask for."""
    source = compile_source(find_project(root), Target(), cached=False)
    return {at: r.values for at, r in source.state().items()}


Checked = tuple[int, Rows]
"""A revision, and the rows that are live at it."""


def check(database: Database, since: Checked = (0, {}), *, drift: bool = False) -> Checked:
    """Require every rule of what came after a revision, by default of all.

    Returns the newest revision and the live rows. With ``drift``, what was last
    applied may be other than what is live.
    """
    # Whoever has had the lock knows that no server process of one who died is still at work.
    with database.writing(30):
        pass
    with database.reading() as transaction:
        revision = _check_revisions(transaction, since[0])
        live = {at: r.values for at, r in read_live(transaction, resource_types().values()).items()}
        assert replay(transaction, since) == live
        applied = transaction.rows("SELECT address, applied FROM config_resources")
        assert drift or {at: _json(values) for at, values in applied} == live
        if transaction.has_table("config_writer"):
            assert transaction.rows("SELECT count(*) FROM config_writer") == [(0,)]
    return revision, live


def _check_revisions(transaction: Transaction, since: int) -> int:
    """Revisions rise by one; each has history, of each resource at most one row if it is ours."""
    rows = transaction.rows(
        "SELECT revision, source FROM config_revisions WHERE revision > ? ORDER BY revision", since
    )
    assert [r for r, _ in rows] == list(range(since + 1, since + len(rows) + 1))
    counts = transaction.rows(
        "SELECT revision, count(*), count(DISTINCT address) FROM config_history "
        "WHERE revision > ? GROUP BY revision ORDER BY revision",
        since,
    )
    assert [r for r, _, _ in counts] == [r for r, _ in rows]
    ours = {r for r, source in rows if source != "external"}
    assert all(every == distinct for r, every, distinct in counts if r in ours)
    return since + len(rows)


def replay(transaction: Transaction, since: Checked) -> Rows:
    """Carry out the history again: each entry must find what it says that it found."""
    rows = dict(since[1])
    entries = transaction.rows(
        "SELECT revision, address, action, changes, snapshot FROM config_history "
        "WHERE revision > ? ORDER BY revision, id",
        since[0],
    )
    revisions: dict[int, list[Any]] = {}
    for revision, *entry in entries:
        revisions.setdefault(revision, []).append(entry)
    for group in revisions.values():
        _replay_revision(rows, group)
    return rows


def _replay_revision(rows: Rows, entries: list[Any]) -> None:
    """One revision: its renames first, since the addresses of its other entries are after them."""
    changed = [(at, action, _json(changes), _json(new)) for at, action, changes, new in entries]
    moved: Rows = {}
    for at, action, changes, _ in changed:
        if action not in ("create", "delete") and "name" in changes:
            old = address.join(at.split("/")[0], changes["name"]["old"])
            for below in [a for a in rows if address.within(a, old)]:
                moved[address.moved(below, old, at)] = rows.pop(below)
    rows.update(moved)
    for at, action, changes, snapshot in changed:
        found = rows.pop(at, None)
        if action == "create":
            assert found is None, at
            assert all(change["old"] is None for change in changes.values())
        else:
            assert found is not None, at
            was = {k: v["old"] for k, v in changes.items()}
            assert {k: found[k] for k in changes} == was, at
        if action == "delete":
            assert snapshot == found
        else:
            kept = found or {}
            assert snapshot == {**kept, **{k: v["new"] for k, v in changes.items()}}
            rows[at] = snapshot


def _json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
