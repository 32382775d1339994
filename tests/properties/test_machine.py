"""Whatever people do, in whatever order: configsync and a small model agree on what comes of it.

Two sources edit, plan, apply, save plans, adopt, roll on, and die half-way, on one
database that others write to past them. After each step the tables, the record of
what was applied and the history are those that the model foretells.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from configsync.core import address
from tests.conftest import Workspace, execute, with_database
from tests.profiles import profile
from tests.properties.model import (
    Model,
    Options,
    Planned,
    Record,
    Rows,
    Step,
    moved,
    plain,
    root_of,
)
from tests.properties.world import Entry, Killed, World
from tests.times import examples

NAMES = {"one": ["a", "b", "c/d", "e"], "two": ["e", "x"]}
"""The profiles of each source; both want to have ``e``."""

EXAMPLES = examples(12)
"""On each database."""

SPACES = (["s1"], ["s2"], ["s1", "s2"], ["s2", "s/3"], ["s/3", "s1", "s2"])
TEMPERATURES = (0.1, 0.5, 0.9)

SOURCES = st.sampled_from([*NAMES])
OPTIONS = st.builds(Options, st.booleans(), st.booleans(), st.booleans())
LENIENT = st.just(Options(accept_conflicts=True, force=True)) | OPTIONS
PICKS = st.integers(0, 30)
EDITS = st.sampled_from(["value", "value", "spaces", "default", "add", "remove", "name"])
WRITES = st.sampled_from(
    [
        "UPDATE config_ai_infra SET llm_temperature = 0.1 WHERE {of}",
        "UPDATE config_ai_infra SET llm_temperature = 0.5 WHERE {of}",
        "UPDATE config_profiles SET description = 'x' WHERE name = {one}",
        "UPDATE config_profiles SET description = NULL WHERE name = {one}",
        "DELETE FROM config_profiles WHERE name = {one}",
        "DELETE FROM config_mlflow WHERE {of}",
        "DELETE FROM config_genie_spaces WHERE {of}",
        "DELETE FROM config_genie_spaces WHERE space_id = 's2' AND {of}",
        "INSERT INTO config_genie_spaces (profile_id, space_id, is_default) "
        "SELECT id, 's4', false FROM config_profiles WHERE name = {one}",
        "UPDATE config_genie_spaces SET space_id = 's4' WHERE space_id = 's1' AND {of}",
        "UPDATE config_genie_spaces SET space_id = 's1' WHERE space_id = 's4' AND {of}",
        "INSERT INTO config_profiles (name, is_default) VALUES ('e', false)",
        "INSERT INTO config_profiles (name, is_default) VALUES ('z', false)",
        "UPDATE config_profiles SET name = 'a' WHERE name = {one}",
        "UPDATE config_profiles SET name = 'e' WHERE name = {one}",
        "UPDATE config_profiles SET name = 'z' WHERE name = {one}",
        "UPDATE config_profiles SET is_default = false WHERE is_default",
        "UPDATE config_profiles SET is_default = true WHERE name = {one}",
    ]
)
"""What people do past configsync; each may be refused by a constraint, or find nothing to do."""

Changes = list[tuple[str, str, int, int]]
CHANGES: st.SearchStrategy[Changes] = st.lists(
    st.tuples(SOURCES, EDITS, PICKS, PICKS) | st.tuples(st.just("by hand"), WRITES, PICKS, PICKS),
    max_size=3,
)
"""What happens before a command: where, what, to which profile, and how."""


@dataclass
class Saved:
    """A plan in a file, and all that may make it stale."""

    source: str
    file: str
    content: dict[str, Any]
    documents: dict[str, Any]
    rows: Any
    near: Any


class Machine(RuleBasedStateMachine):
    """The rules. What happened how often is counted in ``ran``."""

    begin: ClassVar[Callable[[], World]]
    end: ClassVar[Callable[[World], None]]
    ran: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).begin()
        self.model = Model({source: {} for source in NAMES})
        self.saved: list[Saved] = []
        self.used: set[str] = set()
        self.past: dict[int, tuple[Rows, dict[str, Record]]] = {}
        self.renamed: set[int] = set()

    def teardown(self) -> None:
        found = self.world.run("one", "history", "verify", "-o", "json")
        type(self).end(self.world)
        assert found.code == 0, found
        assert found.json["intact"]
        assert found.json["revisions"] == self.world.seen[1]

    @initialize(applied=st.sampled_from([True, True, True, False]))
    def start(self, applied: bool) -> None:
        for name in ("a", "b", "c/d"):
            self.model.git["one"][name] = document(name, default=name == "a")
        self.model.git["two"]["x"] = document("x")
        for source in NAMES:
            self.world.write(source, self.model.git[source])
            if applied:
                self.apply([], source, Options())

    # Edits of the files, and writes past configsync.

    def change(self, changes: Changes) -> None:
        """What happens before a command: edits of files, and writes past configsync."""
        for where, what, pick, other in changes:
            if where in NAMES:
                self.edit(where, what, pick, other)
            else:
                self.write(what, pick)

    def edit(self, source: str, what: str, pick: int, other: int) -> None:
        documents = self.model.git[source]
        if documents:
            one = documents[sorted(documents)[pick % len(documents)]]
            getattr(self, f"edit_{what}")(source, documents, one, other)
            self.world.write(source, documents)
            self.count(f"edited: {what}")

    def write(self, what: str, pick: int) -> None:
        names = sorted(v["name"] for v in self.model.live.values() if "name" in v)
        # Who is who after several renames by hand is more than the model knows.
        if names and not (" SET name " in what and self.model.hand_renames):
            one = f"'{names[pick % len(names)]}'"
            of = f"profile_id = (SELECT id FROM config_profiles WHERE name = {one})"
            done = self.world.sql(what.format(one=one, of=of))
            self.count("written past" if done else "written past, refused by a constraint")
            # Live moves, and what was applied does not.
            self.settle(written=True)

    def edit_value(self, source: str, documents: Any, one: Any, pick: int) -> None:
        one["spec"]["ai_infra"]["llm_temperature"] = TEMPERATURES[pick % 3]
        one["metadata"]["description"] = ("x", "y")[pick % 2]

    def edit_spaces(self, source: str, documents: Any, one: Any, pick: int) -> None:
        one["spec"]["genie_spaces"] = [
            {"space_id": space, "default": number == 0}
            for number, space in enumerate(SPACES[pick % len(SPACES)])
        ]

    def edit_default(self, source: str, documents: Any, one: Any, pick: int) -> None:
        for other in documents.values():
            other["spec"].pop("default", None)
        if source == "one" or pick % 3 == 0:
            one["spec"]["default"] = True

    def edit_add(self, source: str, documents: Any, one: Any, pick: int) -> None:
        name = NAMES[source][pick % len(NAMES[source])]
        documents.setdefault(name, document(name))

    def edit_remove(self, source: str, documents: Any, one: Any, pick: int) -> None:
        if len(documents) > 1:
            del documents[one["metadata"]["name"]]

    def edit_name(self, source: str, documents: Any, one: Any, pick: int) -> None:
        metadata = one["metadata"]
        old, new = metadata["name"], NAMES[source][pick % len(NAMES[source])]
        metadata.pop("renamed_from", None)
        if new not in documents:
            documents[new] = documents.pop(old)
            metadata["name"] = new
            if pick < 25:
                metadata["renamed_from"] = old

    # The commands.

    @rule(changes=CHANGES, source=SOURCES, options=OPTIONS)
    def plan(self, changes: Changes, source: str, options: Options) -> None:
        self.change(changes)
        arguments = ("plan", "-o", "json", *options.arguments())
        result = self.world.run(source, *arguments)
        self.foretold(source, options, result.json)
        codes = refusals(result.json)
        assert result.code == (4 if codes else 0), result
        assert self.world.run(source, *arguments).out == result.out
        self.count("planned, refused" if codes else "planned")
        self.settle()

    @rule(changes=CHANGES, source=SOURCES, options=LENIENT)
    def apply(self, changes: Changes, source: str, options: Options) -> None:
        self.change(changes)
        planned = self.model.planned(source, options)
        result = self.world.run(
            source, *("apply", "--auto-approve", "-o", "json", *options.arguments())
        )
        self.foretold(source, options, result.json)
        if planned.codes:
            assert result.code == 4, result
            self.count("refused " + " ".join(sorted(planned.codes)))
            self.settle()
            return
        assert result.code == 0, result
        self.applied(source, planned)
        self.count("applied" if planned.changes else "applied, nothing to do")
        wanted, owned = self.model.desired(source), self.model.owned(source)
        assert {at: self.model.live[at] for at in wanted} == wanted
        assert {at: r.values for at, r in owned.items()} == wanted
        again = self.world.run(source, "plan", "-o", "json", "--detailed-exitcode").json
        assert (again["changes"], again["records"], again["forgotten"]) == ([], [], [])

    @rule(changes=CHANGES, source=SOURCES, options=LENIENT, pick=PICKS, whole=st.booleans())
    def apply_a_part(
        self, changes: Changes, source: str, options: Options, pick: int, whole: bool
    ) -> None:
        self.change(changes)
        wanted = self.model.desired(source)
        addresses = sorted({root_of(at) for at in wanted} if whole else wanted)
        if not addresses:
            return
        chosen = addresses[pick % len(addresses)]
        everything = self.model.planned(source, options)
        result = self.world.run(
            source,
            *("apply", "--auto-approve", "-o", "json", "--select", chosen, *options.arguments()),
        )
        plan = result.json
        found = steps(plan)
        assert found == {at: everything.changes.get(at) for at in found}
        assert {*found, *plan["left_out"]} == everything.changes.keys()
        assert not found.keys() & set(plan["left_out"])
        for at, step in found.items():
            assert any(
                at == root_of(at) or there == chosen or there.startswith(f"{chosen}/")
                for there in (at, step.previous or at)
            )
        if refusals(plan):
            assert result.code == 4, result
            self.count("selected, refused " + " ".join(sorted(refusals(plan))))
            self.settle()
            return
        assert result.code == 0, result
        self.applied(source, bookkeeping(plan))
        self.count("selected, applied" if found else "selected, nothing to do")

    @rule(changes=CHANGES, source=SOURCES, options=LENIENT)
    def save_plan(self, changes: Changes, source: str, options: Options) -> None:
        self.change(changes)
        file = f"{len(self.saved)}.plan"
        result = self.world.run(
            source, *("plan", "-o", "json", "--out", file, *options.arguments())
        )
        self.foretold(source, options, result.json)
        if result.code == 0:
            documents = deepcopy(self.model.git[source])
            content = result.json
            saved = Saved(source, file, content, documents, *self.surroundings(content))
            self.saved.append(saved)
        self.count("saved" if result.code == 0 else "not saved, refused")
        self.settle()

    @precondition(lambda self: self.saved)
    @rule(changes=CHANGES, pick=PICKS)
    def apply_saved(self, changes: Changes, pick: int) -> None:
        self.change(changes)
        saved = self.saved[-1 - pick % min(len(self.saved), 3)]
        rows, near = self.surroundings(saved.content)
        meant = steps(saved.content)
        same_files = saved.documents == self.model.git[saved.source]
        used = bool(meant) and saved.content["plan_id"] in self.used
        result = self.world.run(saved.source, "apply", saved.file, "-o", "json")
        if used or not same_files or (meant and rows != saved.rows):
            assert result.code == 3, result
        elif near == saved.near:
            assert result.code == 0, result
        else:
            assert result.code in (0, 3, 4), result
        self.count(f"saved plan of {'some' if meant else 'no'} changes: exit {result.code}")
        if result.code:
            self.settle()
            return
        assert steps(result.json) == meant
        self.applied(saved.source, bookkeeping(result.json))
        self.used.add(saved.content["plan_id"])

    def surroundings(self, content: dict[str, Any]) -> tuple[Any, Any]:
        """What a plan was made for: the rows that it touches; and all that is near to them."""
        model = self.model
        changes = steps(content)
        befores = {step.previous or at for at, step in changes.items()}
        rows = (
            {at: (model.live.get(at), model.versions.get(at)) for at in befores},
            {at: model.live.get(at) for at in changes},
        )
        roots = {root_of(at) for at in (*befores, *changes)}
        near = (
            {at: v for at, v in model.live.items() if root_of(at) in roots},
            {at: r for at, r in model.applied.items() if root_of(at) in roots},
            {at for at, v in model.live.items() if v.get("is_default")},
            model.strays(),
        )
        return deepcopy((rows, near))

    @rule(changes=CHANGES, source=SOURCES)
    def drift(self, changes: Changes, source: str) -> None:
        self.change(changes)
        if not self.model.git[source]:
            return
        result = self.world.run(source, "drift", "-o", "json", "--detailed-exitcode")
        found = result.json
        expected = self.model.drift(source)
        assert {d["address"] for d in found["drift"]} == expected.keys()
        for one in found["drift"]:
            old, new = expected[one["address"]]
            sides = [
                plain({k: pair[side] for k, pair in one["fields"].items()})
                for side in ("applied", "live")
            ]
            names = [k for k in (old or {}) if new is None or (old or {})[k] != new[k]]
            assert sides[0] == {k: (old or {})[k] for k in names}
            assert sides[1] == {k: new and new[k] for k in names}
        planned = self.model.planned(source, Options())
        assert set(found["unmanaged"]) == planned.unmanaged
        pending = {at for at, s in planned.changes.items() if s.reason != "drift"}
        assert {c["address"] for c in found["pending"]} == pending
        assert result.code == (2 if expected else 0)
        self.count("drift" if expected else "no drift")
        self.settle()

    @rule(changes=CHANGES, source=SOURCES)
    def adopt(self, changes: Changes, source: str) -> None:
        self.change(changes)
        if not self.model.git[source]:
            return
        files, wanted = self.world.texts(source), self.model.desired(source)
        result = self.world.run(source, "adopt", "--all", "-o", "json")
        if result.code:
            assert result.code == 1, result
            assert self.world.texts(source) == files
            self.count("adoption refused")
            self.settle()
            return
        self.model.git[source] = self.world.read(source)
        notes = " ".join(result.json["notes"])
        self.adopted_of(source, wanted, self.model.desired(source), notes)
        self.count("adopted" if self.world.texts(source) != files else "nothing to adopt")
        self.settle()

    def adopted_of(self, source: str, before: Rows, after: Rows, notes: str) -> None:
        """Git now says what is live where that isn't what was applied, and else what it said.

        But for what ``notes`` tell to rename: of that, contents tell more than one record.
        """
        model = self.model
        strays = model.strays()
        metadata = [d["metadata"] for d in model.git[source].values()]
        # What git is about to rename may take a name that another row gave up.
        taking = {address.join("profile", m["name"]) for m in metadata if m.get("renamed_from")}
        left = {*strays, *strays.values(), *taking}
        for at, values in before.items():
            record, live = model.applied.get(at), model.live.get(at)
            if root_of(at) in left or record is None or record.owner != source:
                continue
            if live is None:
                assert at not in after or f"{root_of(at)} is profile/" in notes
                continue
            for name, value in values.items():
                drifted = live[name] != record.values[name]
                assert after[at][name] == (live[name] if drifted else value)
        for at, step in model.planned(source, Options()).changes.items():
            if root_of(at) not in left and at in model.owned(source):
                assert step.reason in ("git", "rename") or step.action == "delete"

    @rule(changes=CHANGES, source=SOURCES)
    def refresh(self, changes: Changes, source: str) -> None:
        self.change(changes)
        result = self.world.run(source, "apply", "--refresh-only", "--auto-approve", "-o", "json")
        assert result.code == 0, result
        self.model.refresh(source)
        self.count("refreshed" if result.json["drift"] else "nothing to refresh")
        self.settle()
        again = self.world.run(source, "plan", "--refresh-only", "-o", "json").json
        assert again["drift"] == []

    @rule(changes=CHANGES, source=SOURCES, options=LENIENT, statement=st.integers(0, 25))
    def killed(self, changes: Changes, source: str, options: Options, statement: int) -> None:
        self.change(changes)
        planned = self.model.planned(source, options)
        if planned.codes or not (planned.changes or planned.records or planned.forgotten):
            return
        arguments = ("apply", "--auto-approve", "-o", "json", *options.arguments())
        with self.world.killed_at(statement) as kill, pytest.raises(Killed):
            self.foretold(source, options, self.world.run(source, *arguments).json)
        self.count("killed after the commit" if kill.committed else "killed before the commit")
        if kill.committed:
            self.applied(source, planned)
        else:
            self.settle()

    @precondition(lambda self: self.model.revision)
    @rule(changes=CHANGES, source=SOURCES, options=LENIENT, pick=PICKS, part=st.booleans())
    def roll_back(
        self, changes: Changes, source: str, options: Options, pick: int, part: bool
    ) -> None:
        self.change(changes)
        model = self.model
        revision = sorted(self.past)[-1 - pick % len(self.past)]
        roots = sorted({root_of(at) for at in model.live})
        command = ["rollback", "--to", str(revision), "--auto-approve", "-o", "json"]
        command += replace(options, take_ownership=False).arguments()
        selected = ["--select", roots[pick % len(roots)]] if part and roots else []
        result = self.world.run(source, *command, *selected)
        if refusals(result.json):
            assert result.code == 4, result
            self.count("rollback refused")
            self.settle()
            return
        assert result.code == 0, result
        before, applied = model.live, model.applied
        planned = bookkeeping(result.json)
        self.applied(source, planned, {})
        self.count("rolled back" if planned.changes else "rolled back, nothing to do")
        for at, record in applied.items():
            if at in before and record.owner != source:
                assert model.live[at] == before[at]
        if selected:
            return
        rows, records = self.past[revision]
        if not any(r > revision for r in self.renamed):
            for at, record in applied.items():
                if record.owner == source and (at not in records or records[at].owner == source):
                    assert model.live.get(at) == rows.get(at)
        again = self.world.run(source, *command)
        assert (again.code, again.json["changes"]) == (0, [])
        self.settle(recorded=source)

    # What must hold.

    def foretold(self, source: str, options: Options, plan: dict[str, Any]) -> None:
        """A plan is the one that the model makes."""
        expected = self.model.planned(source, options)
        assert steps(plan) == expected.changes
        assert refusals(plan) == expected.codes
        assert set(plan["records"]) == expected.records
        assert set(plan["forgotten"]) == expected.forgotten
        assert set(plan["unmanaged"]) == expected.unmanaged
        for change in plan["changes"]:
            names = {change["address"], change["previous_address"] or change["address"]}
            assert change["version"] == max(self.model.versions.get(n, 0) for n in names)

    def applied(self, source: str, planned: Planned, wanted: Rows | None = None) -> None:
        """A plan was carried out: one revision, with one row of history for each change."""
        before = self.model.revision
        self.model.carry_out(source, planned, wanted)
        entries = self.settle(recorded=None if wanted is None else source)
        changed = bool(planned.changes)
        assert self.model.revision == before + changed
        assert {e.address: (e.action, e.fields) for e in entries} == {
            at: (s.action, s.fields) for at, s in planned.changes.items()
        }
        assert len(entries) == len(planned.changes)

    def settle(self, *, written: bool = False, recorded: str | None = None) -> list[Entry]:
        """The database holds what the model says; returns new history.

        But where rows were ``written`` past configsync, it is asked. So it is where a
        rollback ``recorded`` for a source what it led back to.
        """
        model, found = self.model, self.world.observe()
        if written:
            model.live = found.live
        for at, record in found.applied.items() if recorded else ():
            if record.owner == recorded and record.values == found.live.get(at):
                model.applied[at] = record
        assert found.live == model.live
        assert found.applied == model.applied
        last = model.revision + len(found.revisions)
        assert found.revisions == list(range(model.revision + 1, last + 1))
        assert {e.revision for e in found.entries} == set(found.revisions)
        model.revision = last
        self.replay(found.entries)
        assert model.replayed == model.live
        self.past[last] = model.live, model.applied
        return found.entries

    def replay(self, entries: list[Entry]) -> None:
        """History, row by row, leads to what is live."""
        model = self.model
        for revision in dict.fromkeys(e.revision for e in entries):
            these = [e for e in entries if e.revision == revision]
            moves = dict(renames(these))
            at_once = {moved(at, moves): values for at, values in model.replayed.items()}
            model.replayed = at_once
            for entry in these:
                model.versions[entry.address] = revision
                new = {k: pair[1] for k, pair in entry.fields.items()}
                if entry.action == "delete":
                    del model.replayed[entry.address]
                    continue
                before = entry.address
                if entry.action != "create" and "space_id" in entry.fields:
                    space = address.join("genie_space", entry.fields["space_id"][0])
                    before = f"{root_of(before)}/{space}"
                values = {} if entry.action == "create" else model.replayed.pop(before)
                assert {**values, **{k: pair[0] for k, pair in entry.fields.items()}} == (
                    values or dict.fromkeys(entry.fields)
                )
                model.replayed[entry.address] = {**values, **new}
            if moves:
                self.renamed.add(revision)
            if these[0].source == "external":
                model.hand_renames += moves.items()

    def count(self, what: str) -> None:
        self.ran[what] += 1


def document(name: str, *, default: bool = False) -> Any:
    return json.loads(profile(name, default=default))


def steps(plan: dict[str, Any]) -> dict[str, Step]:
    """The changes of a plan that is JSON."""
    found = {}
    for change in plan["changes"]:
        old, new = (
            plain({k: pair[side] for k, pair in change["fields"].items()})
            for side in ("old", "new")
        )
        fields = {k: (old[k], new[k]) for k in old}
        found[change["address"]] = Step(
            change["action"], change["reason"], fields, change["previous_address"]
        )
    assert len(found) == len(plan["changes"])
    return found


def bookkeeping(plan: dict[str, Any]) -> Planned:
    """All that a plan that is JSON does."""
    return Planned(steps(plan), records=set(plan["records"]), forgotten=set(plan["forgotten"]))


def refusals(plan: dict[str, Any]) -> set[str]:
    return {d["code"] for d in plan["diagnostics"] if d["severity"] == "error"}


def renames(entries: list[Entry]) -> Iterator[tuple[str, str]]:
    """Old and new address of each root that history says was renamed.

    One that was renamed by hand is deleted under the name on record.
    """
    for entry in entries:
        if entry.action != "create" and "name" in entry.fields:
            old = address.join("profile", entry.fields["name"][0])
            if old != entry.address:
                yield old, entry.address


@pytest.fixture
def worlds(workspace: Workspace, request: pytest.FixtureRequest) -> Any:
    """How to make a world on a database of its own, and how to end it."""
    workspace.monkeypatch.setenv("CONFIGSYNC_DEBUG", "1")
    # Outside of git, without the program: a process less for each command.
    workspace.monkeypatch.setenv("PATH", "")
    numbers = iter(range(10**9))
    if workspace.url is None:
        template = workspace.root / "template.db"
        workspace.url = f"sqlite:///{template}"
        workspace.ok("db", "upgrade")

        def begin() -> World:
            file = workspace.root / f"{next(numbers)}.db"
            shutil.copyfile(template, file)
            return World(tuple(NAMES), workspace, f"sqlite:///{file}")

        def end(world: World) -> None:
            world.close()
            (workspace.root / world.url.rpartition("/")[2]).unlink()

        return begin, end
    server = request.getfixturevalue("pg_server")
    template_name = request.getfixturevalue("pg_template")

    def begin_pg() -> World:
        name = f"{template_name}_machine_{next(numbers)}"
        execute(server, f"CREATE DATABASE {name} TEMPLATE {template_name}")
        return World(tuple(NAMES), workspace, with_database(server, name))

    def end_pg(world: World) -> None:
        world.close()
        name = f"{template_name}_machine_" + world.url.partition("_machine_")[2].partition("?")[0]
        execute(server, f"DROP DATABASE {name} WITH (FORCE)")

    return begin_pg, end_pg


def test_configsync_and_the_model_agree(worlds: Any, request: pytest.FixtureRequest) -> None:
    begin, end = worlds
    ran: Counter[str] = Counter()
    machine = type(
        "Machine",
        (Machine,),
        {"begin": staticmethod(begin), "end": staticmethod(end), "ran": ran},
    )
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=request.config.getoption("--steps"),
            report_multiple_bugs=False,
            # Shrinking takes minutes, and what failed stands in the printed steps anyway.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
    for what, times in ran.most_common():
        print(f"{times:6} {what}")
    assert ran["applied"] > 0
