"""A small model of what configsync promises: plans, their outcome, drift, from plain dicts.

It follows the words of the design and nothing of the code: git, applied and live
are rows by address, compared cell by cell.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from configsync.core import address

Values = dict[str, Any]
Rows = dict[str, Values]
Document = dict[str, Any]


def plain(values: Mapping[str, Any]) -> Values:
    """Values as they are compared: a temperature is a number of two decimals."""
    return {
        k: round(float(v), 2) if k == "llm_temperature" and v is not None else v
        for k, v in values.items()
    }


def domain(at: str) -> str:
    steps = at.split("/")
    return steps[0] if len(steps) == 2 else steps[2]


def root_of(at: str) -> str:
    return "/".join(at.split("/")[:2])


def moved(at: str, moves: Mapping[str, str]) -> str:
    """The address after its root was renamed."""
    root = root_of(at)
    return moves.get(root, root) + at[len(root) :]


def profile_rows(document: Document) -> Rows:
    """The rows that one document asks for."""
    metadata, spec = document["metadata"], document["spec"]
    root = address.join("profile", metadata["name"])
    spaces = spec["genie_spaces"]
    rows = {
        root: {
            "name": metadata["name"],
            "description": metadata.get("description"),
            "is_default": spec.get("default", False),
        },
        f"{root}/ai_infra": spec["ai_infra"],
        f"{root}/mlflow": spec["mlflow"],
        f"{root}/prompts": spec["prompts"],
    }
    for space in spaces:
        rows[f"{root}/{address.join('genie_space', space['space_id'])}"] = {
            "space_id": space["space_id"],
            "space_name": space.get("space_name"),
            "description": space.get("description"),
            "is_default": space.get("default", len(spaces) == 1),
        }
    return {at: plain(values) for at, values in rows.items()}


@dataclass(frozen=True)
class Record:
    """What configsync last wrote, and for whom."""

    owner: str
    values: Values
    renamed_from: str | None = None


@dataclass(frozen=True)
class Step:
    """What a plan says of one resource; ``previous`` is its address before a rename."""

    action: str
    reason: str
    fields: dict[str, tuple[Any, Any]]
    previous: str | None = None


@dataclass(frozen=True)
class Options:
    """What a plan is allowed."""

    accept_conflicts: bool = False
    take_ownership: bool = False
    force: bool = False

    def arguments(self) -> list[str]:
        return [f"--{k.replace('_', '-')}" for k, v in vars(self).items() if v]


@dataclass
class Planned:
    """A plan: its changes by address, the codes of what stands against it, and bookkeeping."""

    changes: dict[str, Step] = field(default_factory=dict)
    codes: set[str] = field(default_factory=set)
    records: set[str] = field(default_factory=set)
    forgotten: set[str] = field(default_factory=set)
    unmanaged: set[str] = field(default_factory=set)


def step(reason: str, old: Values | None, new: Values | None, previous: str | None = None) -> Step:
    """The step from one row to another."""
    if old is None or new is None:
        action = "create" if old is None else "delete"
        names = [*(new or old or {})]
        fields = {n: ((old or {}).get(n), (new or {}).get(n)) for n in names}
        return Step(action, reason, fields, previous)
    fields = {n: (old[n], new[n]) for n in new if old[n] != new[n]}
    promoted = new.get("is_default") is True and old.get("is_default") is not True
    return Step("set_default" if promoted else "update", reason, fields, previous)


@dataclass
class Model:
    """Everything that can be known: files of two sources, and what the database holds."""

    git: dict[str, dict[str, Document]]
    live: Rows = field(default_factory=dict)
    applied: dict[str, Record] = field(default_factory=dict)
    revision: int = 0
    replayed: Rows = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    hand_renames: list[tuple[str, str]] = field(default_factory=list)

    def desired(self, source: str) -> Rows:
        rows: Rows = {}
        for document in self.git[source].values():
            rows |= profile_rows(document)
        return rows

    def renamed_from(self, source: str) -> dict[str, str]:
        """The former name of each profile that says one, by address."""
        return {
            address.join("profile", name): document["metadata"]["renamed_from"]
            for name, document in self.git[source].items()
            if "renamed_from" in document["metadata"]
        }

    def strays(self) -> dict[str, str]:
        """Live roots that triggers saw renamed by hand, with the address that was applied."""
        lost = {at for at in self.applied if at == root_of(at) and at not in self.live}
        found: dict[str, str] = {}
        for old, new in self.hand_renames:
            if old in lost and new in self.live and new not in self.applied:
                lost.remove(old)
                found[new] = old
        return found

    def owned(self, source: str) -> dict[str, Record]:
        return {at: r for at, r in self.applied.items() if r.owner == source}

    def drift(self, source: str) -> dict[str, tuple[Values | None, Values | None]]:
        """What someone changed in the database and git doesn't agree with: applied and live."""
        back = self.strays()
        now = {moved(at, back): (at, values) for at, values in self.live.items()}
        wanted = self.desired(source)
        found: dict[str, tuple[Values | None, Values | None]] = {}
        for at, record in self.owned(source).items():
            there, values = now.get(at, (at, None))
            # What was renamed by hand, git has to have let go under the name on record too.
            agreed = values == wanted.get(there) and (there == at or at not in wanted)
            if values != record.values and not agreed:
                found[at] = (record.values, values)
        return found

    def planned(self, source: str, options: Options) -> Planned:
        """The plan that leads to what a source asks for."""
        return _Planning(self, source, options).plan()

    def carry_out(self, source: str, planned: Planned, wanted: Rows | None = None) -> None:
        """What the database holds once a plan was applied; ``wanted`` is git's, or a rollback's."""
        former = self.renamed_from(source) if wanted is None else {}
        wanted = self.desired(source) if wanted is None else wanted
        moves = {
            s.previous: at
            for at, s in planned.changes.items()
            if s.previous is not None and at == root_of(at)
        }
        live = {moved(at, moves): values for at, values in self.live.items()}
        renames = dict(moves)
        for stray, old in self.strays().items():
            if stray in moves:
                # On record it has the name that configsync gave it.
                renames[old] = renames.pop(stray)
        applied = {moved(at, renames): record for at, record in self.applied.items()}
        for at, change in planned.changes.items():
            if change.action == "delete":
                del live[at]
                applied.pop(at, None)
            else:
                live[at] = {**live.get(at, {}), **{n: new for n, (_, new) in change.fields.items()}}
        for at in planned.forgotten:
            applied.pop(at, None)
        for at in {*planned.changes, *planned.records} & wanted.keys():
            applied[at] = Record(source, wanted[at], former.get(at))
        self.live, self.applied = live, applied

    def refresh(self, source: str) -> None:
        """What is on record once the live rows are taken for applied."""
        forth = {old: new for new, old in self.strays().items()}
        applied = {at: r for at, r in self.applied.items() if r.owner != source}
        for at, record in self.owned(source).items():
            there = moved(at, forth)
            if there in self.live:
                applied[there] = Record(source, self.live[there], record.renamed_from)
        self.applied = applied


class _Planning:
    """One plan in the making."""

    def __init__(self, model: Model, source: str, options: Options) -> None:
        self.source, self.options = source, options
        self.wanted = model.desired(source)
        self.former = model.renamed_from(source)
        self.result = Planned()
        back = {n: o for n, o in model.strays().items() if n not in self.wanted}
        # By the address after all renames: the address now, and the values.
        live = {moved(at, back): (at, values) for at, values in model.live.items()}
        self.moves = self._moves(live, model.applied)
        self.live = {moved(at, self.moves): row for at, row in live.items()}
        self.applied = {moved(at, self.moves): r for at, r in model.applied.items()}

    def _moves(self, live: Iterable[str], applied: Mapping[str, Record]) -> dict[str, str]:
        """Renames that git asks for and that are still to be done."""
        moves: dict[str, str] = {}
        for at in sorted(self.former):
            old = address.join("profile", self.former[at])
            done = at in applied and applied[at].renamed_from == self.former[at]
            if old == at or done or old not in live:
                continue
            if old in moves:
                self.result.codes.add("CS404")
            else:
                moves[old] = at
        for old, new in list(moves.items()):
            still = old in self.wanted and old not in moves.values()
            if still or (new in live and new not in moves):
                self.result.codes.add("CS404")
                del moves[old]
        return moves

    def plan(self) -> Planned:
        for at, values in self.wanted.items():
            self._desired(at, values)
        for at in self.live:
            if at not in self.wanted:
                self._left(at)
        self.result.forgotten = {
            at
            for at, record in self.applied.items()
            if at not in self.live and at not in self.wanted and self._ours(at, record)
        }
        self._demote()
        self._refuse()
        return self.result

    def _desired(self, at: str, wanted: Values) -> None:
        record, result = self.applied.get(at), self.result
        known = None if record is None else record.values
        foreign = record is not None and record.owner != self.source
        if foreign and at == root_of(at) and not self.options.take_ownership:
            result.codes.add("CS405")
        if at not in self.live:
            reason = "git" if known is None else "drift" if known == wanted else "conflict"
            result.changes[at] = step(reason, None, wanted)
            return
        now, values = self.live[at]
        if values == wanted:
            kept = Record(self.source, wanted, self.former.get(at))
            if record != kept and (self.options.take_ownership or not foreign):
                result.records.add(at)
            return
        written = [n for n in wanted if wanted[n] != values[n]]
        if at in self.moves.values():
            reason = "rename"
        elif known is None or all(known[n] == values[n] for n in written):
            reason = "git"
        else:
            drifted = all(known[n] == wanted[n] for n in written)
            reason = "drift" if drifted else "conflict"
        result.changes[at] = step(reason, values, wanted, now if now != at else None)

    def _left(self, at: str) -> None:
        record = self.applied.get(at)
        now, values = self.live[at]
        if record is None:
            self.result.unmanaged.add(at)
        elif self._ours(at, record):
            reason = "git" if record.values == values else "conflict"
            self.result.changes[at] = step(reason, values, None, now if now != at else None)

    def _ours(self, at: str, record: Record) -> bool:
        taken = self.options.take_ownership and root_of(at) in self.wanted
        return record.owner == self.source or taken

    def _demote(self) -> None:
        """What isn't git's to say stops being the default for what git makes it."""
        chosen = {_group(at) for at, v in self.wanted.items() if v.get("is_default")}
        for at, (now, values) in self.live.items():
            if not values.get("is_default") or at in self.wanted or at in self.result.changes:
                continue
            if _group(at) in chosen:
                if at in self.applied:
                    self.result.codes.add("CS405")
                new = {**values, "is_default": False}
                self.result.changes[at] = step("git", values, new, now if now != at else None)

    def _refuse(self) -> None:
        """Policies."""
        changes, codes = self.result.changes, self.result.codes
        after = {at: values for at, (_, values) in self.live.items()}
        gone = {at for at, s in changes.items() if s.action == "delete"}
        for at, change in changes.items():
            new = {n: new for n, (_, new) in change.fields.items()}
            after[at] = {**after.get(at, {}), **new}
        after = {at: values for at, values in after.items() if at not in gone}
        roots = {at: values for at, values in after.items() if at == root_of(at)}
        if any(at == root_of(at) for at in changes) and not any(
            values["is_default"] for values in roots.values()
        ):
            if any(self.live[at][1].get("is_default") for at in gone if at == root_of(at)):
                codes.add("CS401")
            elif roots:
                codes.add("CS403")
        asked = {root_of(at) for at in after if domain(at) == "genie_space"}
        if any(domain(at) == "genie_space" and root_of(at) in roots.keys() - asked for at in gone):
            codes.add("CS402")
        if any(root_of(at) in gone for at in after):
            codes.add("CS405")
        if not self.options.accept_conflicts and any(
            s.reason == "conflict" for s in changes.values()
        ):
            codes.add("CS407")
        self._threshold()

    def _threshold(self) -> None:
        owned = sum(
            at in self.applied and self.applied[at].owner == self.source for at in self.live
        )
        for actions in (("update", "set_default"), ("delete",)):
            meant = [at for at, s in self.result.changes.items() if s.action in actions]
            wide = len({root_of(at) for at in meant}) > 1
            if wide and owned >= 10 and len(meant) * 10 > owned * 3 and not self.options.force:
                self.result.codes.add("CS408")


def _group(at: str) -> tuple[str, str | None]:
    return domain(at), None if at == root_of(at) else root_of(at)
