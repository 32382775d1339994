"""CS251: a value looks like a credential."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from configsync.checks.rule import Finding, Rule
from configsync.checks.texts import every_text
from configsync.core.diagnostic import Severity
from configsync.core.document import Document, Map, show_path
from configsync.core.secrets import CREDENTIAL, HINT, credentials

if TYPE_CHECKING:
    import jsonschema_rs


def check(document: Document) -> Iterator[Finding]:
    if not _may_hold_one(document.body):
        return
    for path, text, is_key in every_text(document.body):
        for found in credentials(text):
            named = "a key" if is_key else show_path(path)
            yield Finding(
                path,
                f"{named} holds what looks like {found.what}",
                "Whoever may read the repository, a plan or the history could use it.",
                help="Revoke it, as it was written down, and have the application take it from its "
                "environment.",
                key=is_key,
                offset=None if is_key else found.start,
            )


def screen(text: str) -> bool:
    """Whether a value or key written in a YAML text may hold a credential."""
    # Without escapes, what stands in a value stands in the text, but for its spaces.
    return "\\" in text or not _without_hint().is_valid(text)


def _may_hold_one(body: Map) -> bool:
    """Whether a text or key of a document may hold a credential: of most, in microseconds."""
    try:
        return not _without_hint().is_valid(body)
    except ValueError:
        # Not every value that Python holds fits the compiled validator.
        return True


@cache
def _without_hint() -> jsonschema_rs.Validator:
    """Accepts what has `HINT` in no text and no key."""
    import jsonschema_rs

    schema = {"$ref": "#"}
    without = {"not": {"type": "string", "pattern": HINT}}
    return jsonschema_rs.validator_for(
        {**without, "propertyNames": without, "additionalProperties": schema, "items": schema}
    )


# A token in one piece would be found in this file, by us and by others.
_TOKEN = "dapi" + "8c2f1e0b7a6d5943" + "b1f0e2d3c4a59687"

RULE = Rule(
    code=CREDENTIAL,
    severity=Severity.ERROR,
    summary="a value looks like a credential",
    why="What is committed stays in every clone, and a plan shows it in a pull request: a token "
    "that was pushed is a token that was given away.",
    bad=f"kind: Settings\nspec: {{workspace_token: {_TOKEN}}}",
    good="kind: Settings\nspec: {workspace_token_variable: DATABRICKS_TOKEN}",
    check=check,
    screen=screen,
)
