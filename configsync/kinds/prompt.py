"""Prompt: a text with variables, of which the database keeps every version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import Annotated, Any, Literal

from configsync.core.document import Document, Path
from configsync.core.kind import Compiled, Kind
from configsync.core.resource import Column, Resource, ResourceType, Versions
from configsync.core.template import syntax_of
from configsync.core.values import Integer, Json, JsonColumn, Row, Text
from configsync.kinds.describe import schema, spec

_Name = Annotated[
    str,
    schema(
        description="A name is letters, digits and _, and begins with no digit.",
        maxLength=100,
        pattern="^[A-Za-z_][A-Za-z0-9_]*$",
    ),
]


@spec(anyOf=[{"required": ["content"]}, {"required": ["version"]}])
class PromptSpec:
    """A prompt: its text as the next version, or the number of an earlier one."""

    content: Annotated[str, schema(minLength=1)] = ""
    """The text, inline or {$file: path}, to the byte; changed text becomes the next version."""
    agent: Annotated[str, schema(maxLength=255)] = ""
    """The agent that the prompt is for."""
    type: Annotated[str, schema(maxLength=50)] = ""
    """What the prompt is to the agent, as system or user."""
    syntax: Literal["template", "format", "none"] | None = None
    """How content writes its variables. template: $name or ${name}, and $$ for a $ that is text.
    format: {name}, and {{ or }} for a brace that is text. none: content isn't looked at, as an
    application fills it in that knows a way of its own. Absent: template or format, whichever
    uses the declared variables; without any, all of content is text. It isn't stored: whoever
    renders the prompt tells it from content and variables."""
    variables: Annotated[list[_Name], schema(uniqueItems=True)] = field(default_factory=list)
    """The names that values are given for when the prompt is rendered: those that content uses."""
    version: Annotated[int, schema(minimum=1, maximum=2147483647)] | None = None
    """Pins a published version: it is activated as it was, and nothing else here has effect."""


PROMPT = ResourceType(
    domain="prompt",
    kind="Prompt",
    table="prompts_versioned",
    columns=(
        Column("prompt_name", Text(255)),
        Column("version", Integer()),
        Column("prompt_content", Text()),
        Column("variables", JsonColumn()),
        Column("agent_name", Text(255), nullable=True),
        Column("prompt_type", Text(50), nullable=True),
    ),
    key=("prompt_name",),
    active="is_active",
    versions=Versions("version", ("prompt_content", "variables")),
)

_KEYS = {
    "prompt_content": "content",
    "agent_name": "agent",
    "prompt_type": "type",
    "variables": "variables",
}
"""The columns of which a pinned version has its own values, with the keys of spec."""


def compile_prompt(document: Document) -> Iterator[Compiled]:
    """Compile a prompt to the row of its active version.

    Of a pinned version the database has the rest. ``metadata.description`` has
    no column: it is for readers of the YAML.
    """
    body = document.body["spec"]
    values: dict[str, Json] = dict.fromkeys(PROMPT.names)
    values["prompt_name"] = document.body["metadata"]["name"]
    paths: dict[str, Path] = {"prompt_name": ("metadata", "name"), "version": ("spec", "version")}
    if "version" in body:
        values["version"] = body["version"]
    else:
        values |= {column: body.get(key) for column, key in _KEYS.items()}
        values["prompt_content"] = body["content"]
        values["variables"] = body.get("variables", [])
        paths |= {column: ("spec", key) for column, key in _KEYS.items()}
    yield Compiled(PROMPT, values, ("metadata",), paths)


def decompile_prompts(resources: Iterable[Resource]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Turn active versions back into documents; one without content pins its version.

    The syntax is told from the text: it is the one that has just the declared
    variables, ``none`` if neither does.
    """
    for resource in resources:
        metadata: dict[str, Any] = {"name": resource.values["prompt_name"]}
        if resource.prevent_destroy:
            metadata["prevent_destroy"] = True
        yield resource.address, {"metadata": metadata, "spec": _spec_of(resource.values)}


def _spec_of(values: Row) -> dict[str, Any]:
    content, variables = values["prompt_content"], values["variables"]
    if content is None:
        return {"version": values["version"]}
    spec = {k: values[c] for c, k in _KEYS.items() if k != "variables" and values[c] is not None}
    if variables:
        spec |= {"syntax": _stored_syntax(content, variables), "variables": variables}
    return spec


def _stored_syntax(content: Json, variables: Json) -> str:
    """The syntax of what a row holds, which others may have written."""
    if not isinstance(content, str) or not isinstance(variables, list):
        return "none"
    return syntax_of(content, [name for name in variables if isinstance(name, str)]).value


KIND = Kind(
    name="Prompt",
    title="Versioned prompt",
    spec=PromptSpec,
    types=(PROMPT,),
    compile=compile_prompt,
    decompile=decompile_prompts,
)
