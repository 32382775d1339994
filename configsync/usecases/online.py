"""Asks a workspace for what the source names there: endpoints, Genie spaces, experiments."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from configsync.compiler.places import FieldPlaces
from configsync.core import codes
from configsync.core.diagnostic import Code, Diagnostic
from configsync.core.resource import Resource
from configsync.databricks.answers import Answers
from configsync.databricks.endpoints import check_endpoints
from configsync.databricks.errors import Unreachable
from configsync.databricks.experiments import check_experiments
from configsync.databricks.genie import check_spaces
from configsync.databricks.workspace import Workspace
from configsync.kinds.profile import AI_INFRA, GENIE_SPACE, MLFLOW
from configsync.render.report.words import count

NAMED = 3
"""How many of the values that couldn't be checked are named."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a column's values. ``check`` gets each distinct one once."""

    code: Code
    noun: str
    domain: str
    column: str
    check: Callable[[Workspace, Iterable[str]], Answers]


QUESTIONS = (
    Question(
        *(codes.NO_ENDPOINT, "serving endpoint"),
        *(AI_INFRA.domain, "llm_endpoint"),
        check_endpoints,
    ),
    Question(
        *(codes.NO_SPACE, "Genie space"),
        *(GENIE_SPACE.domain, "space_id"),
        check_spaces,
    ),
    Question(
        *(codes.NO_EXPERIMENT, "experiment"),
        *(MLFLOW.domain, "experiment_name"),
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
    places = FieldPlaces(root, aliases=aliases)
    found: list[Diagnostic] = []
    for question, values in named:
        answers = question.check(workspace, values)
        for value, fault in answers.faults.items():
            for resource in values[value]:
                where, path = places.of(resource, question.column)
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
    shown = ", ".join([*unknown][:NAMED]) + (", …" if len(unknown) > NAMED else "")
    reasons = dict.fromkeys(unknown.values())
    return codes.NOT_ASKED.at(
        None,
        f"{count(len(unknown), question.noun)} could not be checked: {next(iter(reasons))}",
        f"Unchecked: {shown}. "
        + ("Not all of them for that reason. " if len(reasons) > 1 else "")
        + "They may be there or not.",
    )
