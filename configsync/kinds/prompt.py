"""Prompt: a text with variables, of which the database keeps every version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field
from typing import Annotated, Any, Literal

from configsync.core.document import Document
from configsync.core.kind import Compiled, Kind
from configsync.core.resource import Column, Resource, ResourceType, Versions
from configsync.core.template import syntax_of
from configsync.core.values import Integer, Json, JsonColumn, Text
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
        Column("version", Integer(), nullable=True),
        Column("prompt_content", Text(), nullable=True),
        Column("variables", JsonColumn(), nullable=True),
        Column("agent_name", Text(255), nullable=True),
        Column("prompt_type", Text(50), nullable=True),
    ),
    key=("prompt_name",),
    active="is_active",
    versions=Versions("version", ("prompt_content", "variables")),
)

_PATHS: dict[str, tuple[str, ...]] = {
    "prompt_name": ("metadata", "name"),
    "version": ("spec", "version"),
    "prompt_content": ("spec", "content"),
    "variables": ("spec", "variables"),
    "agent_name": ("spec", "agent"),
    "prompt_type": ("spec", "type"),
}


def compile_prompt(document: Document) -> Iterator[Compiled]:
    """Compile a prompt to the row of its active version; of a pinned one the database has the rest.

    ``metadata.description`` has no column: it is for readers of the YAML.
    """
    body = document.body["spec"]
    values: dict[str, Json] = dict.fromkeys(PROMPT.names)
    values["prompt_name"] = document.body["metadata"]["name"]
    if "version" in body:
        values["version"] = body["version"]
    else:
        values["prompt_content"] = body["content"]
        values["variables"] = body.get("variables", [])
        values["agent_name"] = body.get("agent")
        values["prompt_type"] = body.get("type")
    yield Compiled(PROMPT, values, ("metadata",), dict(_PATHS))


def decompile_prompts(resources: Iterable[Resource]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Turn active versions back into documents, which don't pin them.

    What isn't stored is told from the text: the syntax in which it has just
    its declared variables, ``none`` where there is none.
    """
    for resource in resources:
        values = resource.values
        metadata: dict[str, Any] = {"name": values["prompt_name"]}
        if resource.prevent_destroy:
            metadata["prevent_destroy"] = True
        spec: dict[str, Any] = {
            key: values[column]
            for key, column in (
                ("content", "prompt_content"),
                ("agent", "agent_name"),
                ("type", "prompt_type"),
            )
            if values[column] is not None
        }
        if values["variables"]:
            spec["syntax"] = _stored_syntax(values["prompt_content"], values["variables"])
            spec["variables"] = values["variables"]
        yield resource.address, {"metadata": metadata, "spec": spec}


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
