"""The chain of digests, by which `verify` finds whatever was done to history.

History is append-only, and whoever owns the database can get past that. So each
revision that configsync writes is *sealed*: its ``digest`` covers its own row
and history and those of all revisions since the sealed one before, whose digest
is its ``previous_digest``. Those between are of source ``external``: a trigger
can't take a digest. Revisions from before there were digests are covered by the
first seal. What comes after the newest seal is the unsealed tail.

A digest is the BLAKE2b, 32 bytes in hexadecimal, of these lines in UTF-8, each
ended by a newline:

- for each covered revision, in order, the canonical JSON of the list of its
  columns (`REVISION_COLUMNS`: all but ``digest``), without ``actor_source``, the
  last, where it is null: so it is for all from before there was that column;
- after it, for each of its history rows in the order of their ids, the canonical
  JSON of ``[id, revision, root_id, changed_by, timestamp, content]``, where
  content is the like digest of the canonical JSON of the object of its
  ``action``, ``address``, ``changes``, ``domain`` and ``snapshot``. Its
  ``profile_id`` comes last where it isn't as for all: that of the root for a
  profile and its parts, else null.

Timestamps count by their moment, in UTC and ISO 8601 with microseconds, numbers
within JSON by their value. So both databases give the same digest, and a copy
of the rows in the other keeps it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from math import isfinite
from typing import Any

from configsync.core.values import canonical_json
from configsync.store.database import Transaction

REVISION_COLUMNS = (
    "revision",
    "source",
    "commit_id",
    "dirty",
    "author",
    "actor",
    "plan_digest",
    "previous_digest",
    "db_user",
    "application_name",
    "client_address",
    "transaction_id",
    "created_at",
    "owner",
    "planned_commit_id",
    "to_revision",
    "actor_source",
)
"""What a digest covers of a revision: a test holds it to the table."""

PAGE = 1000
"""Rows that are read at once."""


@dataclass(frozen=True, slots=True)
class Broken:
    """What doesn't agree with its digest, or isn't there: the revisions from one to another."""

    first: int
    last: int
    why: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found.

    ``revisions`` and ``entries`` count what was read, ``sealed`` the revisions
    with a digest. ``head`` is the newest digest, None if there is none.
    ``unsealed`` are the first and last revision after it, None if there are
    none. ``head_found`` tells whether the digest that was asked for is in the
    chain, None if none was.
    """

    revisions: int
    entries: int
    sealed: int
    head: str | None
    unsealed: tuple[int, int] | None
    broken: tuple[Broken, ...]
    head_found: bool | None

    @property
    def intact(self) -> bool:
        """Whether nothing was altered, as far as digests can tell."""
        return not self.broken and self.head_found is not False


def content_digest(text: str) -> str:
    """Digest the content of a history row, given in canonical JSON."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()


def read_head(transaction: Transaction) -> str | None:
    """The newest digest; None before the first."""
    return _last_sealed(transaction)[1]


def seal(
    transaction: Transaction, revision: Mapping[str, Any], contents: Mapping[str, str]
) -> dict[str, Any]:
    """Complete a revision that is about to be inserted, whose history was inserted before.

    ``revision`` are its columns, ``contents`` the `content_digest` of each of
    its history rows by address, so that these needn't be read back. Returns the
    columns with ``previous_digest`` and ``digest``.
    """
    after, previous = _last_sealed(transaction)
    sealed = {**revision, "previous_digest": previous}
    own = _Digest()
    entries = None
    for row in _revisions(transaction, after):
        own.line(row[:-1])
        entries = entries or _Entries(transaction, after)
        for line in entries.of(row[0]):
            own.line(line)
    row = [sealed.get(name) for name in REVISION_COLUMNS]
    own.line(_revision_line(row))
    number, actor, at = sealed["revision"], sealed["actor"], _moment(sealed["created_at"])
    generated = "SELECT id, root_id, address FROM config_history WHERE revision = ? ORDER BY id"
    for row_id, root_id, address in transaction.rows(generated, number):
        own.line([row_id, number, root_id, actor, at, contents[address]])
    return {**sealed, "digest": own.hexdigest()}


def verify(transaction: Transaction, head: str | None = None) -> Verification:
    """Compute the chain anew and compare; reads all of history, a page at a time.

    ``head`` is a digest that was kept elsewhere: only by that, the loss of the
    newest revisions, or a chain that was written anew, can be told.
    """
    walk = _Walk(head)
    entries = _Entries(transaction, None)
    for row in _revisions(transaction, None):
        walk.revision(row, entries)
    return walk.end(entries)


class _Walk:
    """Follows the chain from its beginning."""

    def __init__(self, head: str | None) -> None:
        self.wanted = head
        self.found = None if head is None else False
        self.broken: list[Broken] = []
        self.own = _Digest()
        self.previous: str | None = None
        self.first: int | None = None
        self.last = 0
        self.revisions = self.sealed = 0

    def revision(self, row: list[Any], entries: _Entries) -> None:
        number, source, digest = row[0], row[1], row[-1]
        if number > self.last + 1:
            self._break(self.last + 1, number - 1, "missing")
        self.last = number
        self.revisions += 1
        self.first = number if self.first is None else self.first
        self.own.line(row[:-1])
        for line in entries.of(number):
            self.own.line(line)
        self._orphans(entries)
        if digest is None:
            if self.sealed and source != "external":
                self._break(number, number, f"of source {source}, which has a digest always")
        else:
            self._close(number, row[REVISION_COLUMNS.index("previous_digest")], digest)

    def _close(self, number: int, previous: object, digest: str) -> None:
        assert self.first is not None
        self.sealed += 1
        if self.own.hexdigest() != digest:
            self._break(self.first, number, "altered: the content has another digest")
        elif previous != self.previous:
            self._break(self.first, number, "out of its place: follows another digest")
        if digest == self.wanted:
            self.found = True
        self.own, self.previous, self.first = _Digest(), digest, None

    def end(self, entries: _Entries) -> Verification:
        for _ in entries.of(None):
            pass
        self._orphans(entries)
        return Verification(
            revisions=self.revisions,
            entries=entries.count,
            sealed=self.sealed,
            head=self.previous,
            unsealed=None if self.first is None else (self.first, self.last),
            broken=tuple(self.broken),
            head_found=self.found,
        )

    def _orphans(self, entries: _Entries) -> None:
        for revision in entries.orphans:
            self._break(revision, revision, "not on record, but has history")
        entries.orphans.clear()

    def _break(self, first: int, last: int, why: str) -> None:
        self.broken.append(Broken(first, last, why))


class _Digest:
    """The digest of a number of lines."""

    def __init__(self) -> None:
        self._hash = blake2b(digest_size=32)

    def line(self, cells: list[Any]) -> None:
        text = canonical_json([_cell(c) for c in cells])
        self._hash.update(text.encode("utf-8", "surrogatepass") + b"\n")

    def hexdigest(self) -> str:
        return self._hash.hexdigest()


class _Entries:
    """The history rows after a revision, handed out by revision as lines of a digest.

    ``orphans`` are the revisions that rows name which nobody asked for.
    """

    def __init__(self, transaction: Transaction, after: int | None) -> None:
        self._rows = _history(transaction, after)
        self._next = next(self._rows, None)
        self.count = 0
        self.orphans: list[Any] = []

    def of(self, revision: int | None) -> Iterator[list[Any]]:
        """The lines of a revision, which rises from call to call; None asks for the rest."""
        while self._next is not None and (revision is None or self._number <= revision):
            row, number = self._next, self._number
            self.count += 1
            self._next = next(self._rows, None)
            if number == revision:
                yield row
            elif row[1] not in self.orphans:
                self.orphans.append(row[1])

    @property
    def _number(self) -> float:
        assert self._next is not None
        number = self._next[1]
        # SQLite keeps text in a column of integers, and sorts it last.
        return number if isinstance(number, int) else float("inf")


def _last_sealed(transaction: Transaction) -> tuple[int | None, str | None]:
    rows = transaction.rows(
        "SELECT revision, digest FROM config_revisions WHERE digest IS NOT NULL "
        "ORDER BY revision DESC LIMIT 1"
    )
    return (int(rows[0][0]), str(rows[0][1])) if rows else (None, None)


def _revisions(transaction: Transaction, after: int | None) -> Iterator[list[Any]]:
    """The lines of the revisions after one, each with its digest as one more cell."""
    names = ", ".join(REVISION_COLUMNS).replace("created_at", "CAST(created_at AS text)")
    query = f"SELECT {names}, digest FROM config_revisions"
    page = f"{query} WHERE revision > ? ORDER BY revision LIMIT {PAGE}"
    rows = (
        transaction.rows(f"{query} ORDER BY revision LIMIT {PAGE}")
        if after is None
        else transaction.rows(page, after)
    )
    while rows:
        for row in rows:
            yield [*_revision_line(list(row[:-1])), row[-1]]
        rows = transaction.rows(page, rows[-1][0])


def _revision_line(row: list[Any]) -> list[Any]:
    dirty, at = REVISION_COLUMNS.index("dirty"), REVISION_COLUMNS.index("created_at")
    row[dirty] = row[dirty] == 1 if row[dirty] in (0, 1) else row[dirty]
    row[at] = _moment(row[at])
    return row if row[-1] is not None else row[:-1]


def _history(transaction: Transaction, after: int | None) -> Iterator[list[Any]]:
    """The lines of the history rows of the revisions after one, by revision and id."""
    query = (
        "SELECT id, revision, root_id, profile_id, changed_by, CAST(timestamp AS text), action, "
        "address, CAST(changes AS text), domain, CAST(snapshot AS text) FROM config_history"
    )
    order = f"ORDER BY revision, id LIMIT {PAGE}"
    page = f"{query} WHERE (revision, id) > (?, ?) {order}"
    rows = (
        transaction.rows(f"{query} {order}")
        if after is None
        else transaction.rows(f"{query} WHERE revision > ? {order}", after)
    )
    while rows:
        for row_id, revision, root_id, profile_id, by, at, *content in rows:
            action, address, changes, domain, snapshot = content
            text = canonical_json(
                {
                    "action": _cell(action),
                    "address": _cell(address),
                    "changes": _json(changes),
                    "domain": _cell(domain),
                    "snapshot": _json(snapshot),
                }
            )
            line = [row_id, revision, root_id, by, _moment(at), content_digest(text)]
            # What follows from the rest isn't in a line, unless it doesn't follow.
            of_profile = isinstance(address, str) and address.startswith("profile/")
            implied = root_id if of_profile else None
            yield line if profile_id == implied else [*line, profile_id]
        rows = transaction.rows(page, rows[-1][1], rows[-1][0])


def _moment(text: Any) -> Any:
    """A timestamp in the one form; what is none is taken as it is."""
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return text
    return at.isoformat(timespec="microseconds")


def _cell(value: Any) -> Any:
    """A cell as JSON can hold it: SQLite keeps any value in any column."""
    if (
        value is None
        or isinstance(value, str | int)
        or (isinstance(value, float) and isfinite(value))
    ):
        return value
    return repr(value)


def _json(text: Any) -> Any:
    """Read JSON such that what is equal, and only that, is spelled the same."""
    try:
        return _DECODER.decode(text)
    except (TypeError, ValueError, RecursionError):
        return f"\0{text!r}"  # A mark that no JSON of ours begins with.


def _number(text: str) -> float | str:
    value = float(text)
    exact = isfinite(value) and Decimal(repr(value)) == Decimal(text)
    return value if exact else f"\0{text}"


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _refuse(text: str) -> Any:
    raise ValueError(text)


_DECODER = json.JSONDecoder(parse_float=_number, parse_constant=_refuse, object_pairs_hook=_object)
