"""Asks a workspace for what the source names there: endpoints, Genie spaces, experiments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from configsync.core import codes
from configsync.core.diagnostic import Code, Diagnostic, Location
from configsync.core.document import Document, show_path
from configsync.core.document import Path as NodePath
from configsync.core.resource import Resource
from configsync.databricks.answers import Answers
from configsync.databricks.endpoints import check_endpoints
from configsync.databricks.errors import Unreachable
from configsync.databricks.experiments import check_experiments
from configsync.databricks.genie import check_spaces
from configsync.databricks.workspace import Workspace
from configsync.kinds import all_kinds
from configsync.kinds.profile import AI_INFRA, GENIE_SPACE, MLFLOW
from configsync.source.files import read_text
from configsync.source.load import parse

NAMED = 3
"""How many of the values that couldn't be checked are named."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a column's values. ``check`` gets each distinct one once."""

    code: Code
    singular: str
    plural: str
    domain: str
    column: str
    section: NodePath
    check: Callable[[Workspace, Iterable[str]], Answers]


QUESTIONS = (
    Question(
        *(codes.NO_ENDPOINT, "serving endpoint", "serving endpoints"),
        *(AI_INFRA.domain, "llm_endpoint", ("spec", "ai_infra")),
        check_endpoints,
    ),
    Question(
        *(codes.NO_SPACE, "Genie space", "Genie spaces"),
        *(GENIE_SPACE.domain, "space_id", ("spec", "genie_spaces")),
        check_spaces,
    ),
    Question(
        *(codes.NO_EXPERIMENT, "experiment", "experiments"),
        *(MLFLOW.domain, "experiment_name", ("spec", "mlflow")),
        check_experiments,
    ),
)


def ask_workspace(
    root: Path, resources: Iterable[Resource], aliases: bool = False
) -> list[Diagnostic]:
    """What the workspace that the environment names says of a source's resources.

    What is missing is an error at each place that names it. What the workspace
    doesn't say, since it can't be reached or forbids it, is one warning for
    each kind of thing. How often it is asked depends on how many distinct
    values there are, not on how many resources. Takes as long as
    `configsync.databricks.workspace.RUN_TIMEOUT` at most, besides loading
    Databricks' library. ``aliases`` tells whether files may have some. Raises
    NotConfigured.
    """
    named = _named(resources)
    if not named:
        return []
    try:
        workspace = Workspace.connect()
    except Unreachable as error:
        return [_unknown(q, dict.fromkeys(values, str(error))) for q, values in named]
    places = _Places(root, aliases)
    found: list[Diagnostic] = []
    for question, values in named:
        answers = question.check(workspace, values)
        for value, fault in answers.faults.items():
            for resource in values[value]:
                where, path = places.of(resource, question)
                found.append(question.code.at(where, fault.summary, path=path, help=fault.help))
        if answers.unknown:
            found.append(_unknown(question, answers.unknown))
    # What several take from one layer is at fault once.
    return list(dict.fromkeys(found))


def _named(resources: Iterable[Resource]) -> list[tuple[Question, dict[str, list[Resource]]]]:
    """For each question that there is something to ask about, who has which value."""
    named: dict[str, dict[str, list[Resource]]] = {q.domain: {} for q in QUESTIONS}
    columns = {q.domain: q.column for q in QUESTIONS}
    for resource in resources:
        if resource.domain in named:
            value = resource.values[columns[resource.domain]]
            if isinstance(value, str):
                named[resource.domain].setdefault(value, []).append(resource)
    return [(q, dict(sorted(named[q.domain].items()))) for q in QUESTIONS if named[q.domain]]


def _unknown(question: Question, unknown: dict[str, str]) -> Diagnostic:
    """That the workspace doesn't say anything of some values."""
    count = len(unknown)
    shown = ", ".join([*unknown][:NAMED]) + (", …" if count > NAMED else "")
    reasons = dict.fromkeys(unknown.values())
    what = f"1 {question.singular}" if count == 1 else f"{count} {question.plural}"
    return codes.NOT_ASKED.at(
        None,
        f"{what} could not be checked: {next(iter(reasons))}",
        f"Unchecked: {shown}. "
        + ("Not all of them for that reason. " if len(reasons) > 1 else "")
        + "They may be there or not.",
    )


@dataclass(slots=True)
class _Places:
    """Where values stand; a file is read again only if something in it is at fault."""

    root: Path
    aliases: bool
    documents: dict[str, list[Document]] = field(default_factory=dict)

    def of(self, resource: Resource, question: Question) -> tuple[Location | None, str]:
        """The place of the value that a question is about, and its path within its document.

        Where it can't be told, as of a row in a table, the place of what has it.
        """
        start, column = resource.location, question.column
        if resource.elsewhere and column in resource.elsewhere:
            return resource.elsewhere[column], show_path((*question.section, column))
        if start is not None:
            for document in self._documents_of(start.file):
                for section in _sections(document, question.section):
                    if document.locate(section, key=True) == start:
                        path = (*section, column)
                        return document.locate(path), show_path(path)
        return start, show_path(question.section)

    def _documents_of(self, file: str) -> list[Document]:
        if file not in self.documents:
            text = read_text(self.root, file)
            if not isinstance(text, str) or not file.endswith((".yaml", ".yml")):
                text = ""
            self.documents[file] = parse(text, file, all_kinds(), aliases=self.aliases)[0]
        return self.documents[file]


def _sections(document: Document, section: NodePath) -> Iterator[NodePath]:
    """The mappings that may have a column: a section, or its items."""
    there = document.get(section)
    if isinstance(there, list):
        for index in range(len(there)):
            yield (*section, index)
    elif there is not None:
        yield section
