"""A kind at work: a project of its documents on one database, and what must hold of both."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from configsync.core.resource import Resource, State
from configsync.core.values import Row
from configsync.kinds import resource_types
from configsync.source.project import find_project
from configsync.usecases.validate import validate
from tests.conformance.byhand import ByHand, Found, live
from tests.conformance.case import Case
from tests.conftest import Result, Workspace

SETTINGS = """\
source = "conformance"
[targets.test.policy]
max_update_percent = 100
max_delete_percent = 100
"""


class Subject:
    """A kind with its case, in a workspace with a database of its own."""

    def __init__(self, case: Case, workspace: Workspace) -> None:
        self.case = case
        self.workspace = workspace
        self.types = resource_types()
        self.by_hand = ByHand(workspace.database.url, self.types)
        workspace.write("configsync.toml", SETTINGS)

    def __repr__(self) -> str:
        return f"{self.case.kind.name} on {self.workspace.database.url.dialect}"

    def lay(self, *parts: Path) -> None:
        """Have the project hold files, the later ones over the earlier."""
        lay(self.workspace.root, *parts)

    def asked(self, *parts: Path) -> State:
        """What the project asks for when it holds some files, which it then does."""
        self.lay(*parts)
        return self.desired()

    def desired(self) -> State:
        """What the project's files ask for."""
        return desired(self.workspace.root)

    def live(self) -> State:
        """What the tables hold, read past configsync."""
        return self.by_hand.live()

    def json(self, *arguments: str) -> Any:
        """Run a command that must succeed; what it prints as JSON."""
        return self.workspace.ok(*arguments, "-o", "json").json

    def apply(self, *options: str) -> tuple[Result, list[Found]]:
        """Apply, and require that everything then agrees; returns the JSON, and the rows."""
        self.require_same_offline(*options)
        result = self.workspace.ok("apply", "--auto-approve", *options, "-o", "json")
        self.require_one_entry_each(result.json)
        return result, self.require_settled()

    def require_same_offline(self, *options: str) -> None:
        """Require that a plan against an export is the plan against the database."""
        self.workspace.ok("export", "--state", "--out", "state.json", "--force")
        plans = [self.json("plan", *options, *more) for more in ([], ["--against", "state.json"])]
        online, offline = (
            {k: v for k, v in p.items() if k not in ("offline", "digest")} for p in plans
        )
        assert offline == online

    def require_one_entry_each(self, applied: Any) -> None:
        """Require one row of history for each changed resource, in the one new revision."""
        entries = self.by_hand.run(
            "SELECT address, action, changes FROM config_history WHERE revision = ?",
            applied["revision"] if applied["changes"] else -1,
        )
        told = sorted((at, action, parsed(changes)) for at, action, changes in entries)
        meant = sorted((c["address"], c["action"], c["fields"]) for c in applied["changes"])
        assert told == meant

    def require_settled(self) -> list[Found]:
        """Require that the tables hold what git asks for, and that a plan is empty.

        Returns the rows.
        """
        planned = self.json("plan", "--detailed-exitcode")
        left = {key: planned[key] for key in ("changes", "records", "forgotten", "unmanaged")}
        assert left == {"changes": [], "records": [], "forgotten": [], "unmanaged": []}
        rows = self.by_hand.every_row()
        assert self.said(live(rows)) == self.said(self.desired())
        return rows

    def said(self, state: State) -> dict[str, Row]:
        """The values of a state, but for numbers of versions, which a database decides."""
        found = {}
        for at, resource in sorted(state.items()):
            versions = self.types[resource.domain].versions
            decided = versions.number if versions else None
            found[at] = {k: v for k, v in resource.values.items() if k != decided}
        return found

    def drift(self) -> dict[str, Any]:
        """What configsync tells of drift, by address."""
        return {d["address"]: d for d in self.json("drift")["drift"]}

    def revision(self) -> int:
        """The newest revision."""
        ((newest,),) = self.by_hand.run("SELECT coalesce(max(revision), 0) FROM config_revisions")
        return int(newest)


def lay(root: Path, *parts: Path) -> None:
    """Replace a project's files by those of some folders, the later ones over the earlier."""
    shutil.rmtree(root / "profiles", ignore_errors=True)
    for part in parts:
        if part.is_dir():
            shutil.copytree(part, root / "profiles", dirs_exist_ok=True)
        else:
            shutil.copy(part, root / "profiles")


def desired(root: Path) -> State:
    """What a project's files ask for; they must have no errors."""
    project = find_project(root)
    validation = validate(project, project.target(None, {}))
    assert validation.errors == ()
    return validation.desired


def roots(state: State, *, but: State | None = None) -> list[Resource]:
    """The roots of a state that another one doesn't have, in the order of their addresses."""
    return [r for at, r in sorted(state.items()) if r.parent is None and at not in (but or {})]


def differences(old: State, new: State) -> dict[str, Any]:
    """Old and new value of each field that differs, by address."""
    found = {}
    for at in old.keys() | new.keys():
        before = old[at].values if at in old else {}
        after = new[at].values if at in new else {}
        names = before.keys() | after.keys()
        if at in old and at in new:
            names = set(new[at].differing(old[at]))
        if names:
            found[at] = {n: {"old": before.get(n), "new": after.get(n)} for n in names}
    return found


def parsed(value: Any) -> Any:
    """JSON as a driver gives it."""
    return json.loads(value) if isinstance(value, str) else value
