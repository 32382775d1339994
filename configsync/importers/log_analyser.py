"""The log analyser's tables: context_rules.csv and negate_keys.csv, of which one may be missing.

Each becomes a document with all of its rows. Every value is taken to the byte,
and a column id left: it has the numbers that another database gave the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from configsync.core import address, codes
from configsync.core.diagnostic import Diagnostic, Location, Related
from configsync.core.document import Map, Seq, show_path
from configsync.core.resource import ResourceType
from configsync.importers.importer import Draft, Imported, Importer, Origin
from configsync.kinds.context_rules import CONTEXT_RULE, write_rule
from configsync.kinds.negate_rules import NEGATE_RULE
from configsync.source.files import read_text
from configsync.source.table import read_table


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file, the document that its rows become, and how one of them is written there."""

    document: str
    type: ResourceType
    write: Callable[[dict[str, Any]], dict[str, Any]]


FILES = {
    "context_rules.csv": TableFile("context-rules", CONTEXT_RULE, write_rule),
    "negate_keys.csv": TableFile("negate-rules", NEGATE_RULE, dict),
}


def read_folder(folder: Path, _: str) -> Imported:
    """Read the tables that there are; there must be one."""
    result = Imported()
    names = sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))
    result.not_taken += [name for name in names if name not in FILES]
    if not FILES.keys() & set(names):
        where = Location(folder.as_posix(), 1, 1)
        summary = f"{folder.as_posix()} has neither {' nor '.join(FILES)}"
        result.diagnostics.append(
            codes.UNREADABLE.at(where, summary, help="Name the folder that has one of them.")
        )
    for name, file in FILES.items():
        if name in names:
            _read(folder / name, file, result)
    return result


def _read(path: Path, file: TableFile, result: Imported) -> None:
    """Read one table, and draft its document."""
    # A link that someone names is meant; within a project none is followed.
    name = (path.resolve() if path.is_symlink() else path).as_posix()
    text = read_text(Path(), name)
    if isinstance(text, Diagnostic):
        result.diagnostics.append(text)
        return
    table = read_table(text, name, ids=True)
    result.diagnostics += table.diagnostics
    if table.rows is None:
        return
    columns = table.rows.columns or {}
    result.not_taken += [f"{path.name}: {c}" for c in columns if c not in file.type.names]
    result.diagnostics += _missing(table.rows, file.type)
    result.diagnostics += _twice(table.rows, file.type)
    if table.rows:
        result.drafts.append(_draft(table.rows, file))
    else:
        result.not_taken.append(f"{path.name}, which has no rows")


def _draft(rows: Seq, file: TableFile) -> Draft:
    draft = Draft(file.type.kind, file.document, Origin(Location(*rows.mark), ""))
    draft.body["metadata"]["name"] = file.document
    for index, row in enumerate(rows):
        path = ("spec", "rules", index)
        taken = file.write({name: row[name] for name in file.type.names if name in row})
        draft.origins[show_path(path)] = Origin(Location(*row.mark), "")
        for column, value in taken.items():
            draft.put((*path, column), value, Origin(Location(*row.marks[column]), column))
    return draft


def _missing(rows: Seq, type_: ResourceType) -> Iterator[Diagnostic]:
    """The columns, and cells, that need a value and have none."""
    columns = rows.columns or {}
    needed = [c.name for c in type_.columns if not c.nullable]
    for name in needed:
        if name not in columns:
            yield codes.MISSING_KEY.at(
                Location(*rows.mark),
                f"the column {name} is missing",
                path=name,
                help=f"Add it to the first line of {rows.mark[0]}, then import again.",
            )
    for row in rows:
        for name in needed:
            if name in columns and name not in row:
                yield codes.MISSING_KEY.at(
                    Location(*row.marks[name]),
                    f"{name} is missing or empty",
                    "An application would run on an empty value as it is.",
                    path=name,
                    help=f"Give it a value in {rows.mark[0]}, then import again.",
                )


def _twice(rows: Seq, type_: ResourceType) -> Iterator[Diagnostic]:
    """The rows that define what a row above defines already."""
    first: dict[tuple[str, ...], Map] = {}
    for row in rows:
        key = tuple(row.get(name, "") for name in type_.key)
        other = first.setdefault(key, row)
        if all(key) and other is not row:
            yield codes.DEFINED_TWICE.at(
                Location(*row.mark),
                f"{address.join(type_.domain, *key)} is defined twice",
                help="Remove one of the two rows.",
                related=(Related("it is defined here first", Location(*other.mark)),),
            )


IMPORTER = Importer(
    name="log-analyser",
    summary="a folder with context_rules.csv and negate_keys.csv, each as one document",
    read=read_folder,
)
