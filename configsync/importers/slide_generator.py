"""The slide generator's three files: config.yaml, mlflow.yaml and prompts.yaml.

Together they are one profile. The Genie space has no name there, and the
application's other settings (``api``, ``output``, …) are no part of a profile.
"""

from __future__ import annotations

from pathlib import Path

from configsync.core import codes
from configsync.core.diagnostic import Location
from configsync.core.document import Map
from configsync.core.values import type_name
from configsync.importers.foreign import Field, read_foreign
from configsync.importers.importer import Draft, Imported, Importer, Origin

FILES: dict[str, tuple[Field, ...]] = {
    "config.yaml": (
        Field(("llm", "endpoint"), ("spec", "ai_infra", "llm_endpoint"), str),
        Field(("llm", "temperature"), ("spec", "ai_infra", "llm_temperature"), float),
        Field(("llm", "max_tokens"), ("spec", "ai_infra", "llm_max_tokens"), int),
        Field(("genie", "default_space_id"), ("spec", "genie_spaces", 0, "space_id"), str),
        Field(("genie", "description"), ("spec", "genie_spaces", 0, "description"), str),
    ),
    "mlflow.yaml": (
        Field(("tracking", "experiment_name"), ("spec", "mlflow", "experiment_name"), str),
    ),
    "prompts.yaml": tuple(
        Field((key,), ("spec", "prompts", key), str)
        for key in ("system_prompt", "slide_editing_instructions", "user_prompt_template")
    ),
}
"""Which key of which file becomes which value of the profile."""


def read_folder(folder: Path, name: str) -> Imported:
    """Read the three files as one profile of a name; each key of `FILES` must have a value."""
    result = Imported()
    first = Location((folder / next(iter(FILES))).as_posix(), 1, 1)
    draft = Draft("Profile", name, Origin(first, ""))
    draft.body["metadata"]["name"] = name
    for file, fields in FILES.items():
        foreign = read_foreign(folder / file, result.diagnostics)
        if foreign is None:
            continue
        root = foreign.document.body
        if not isinstance(root, Map):
            result.diagnostics.append(
                codes.WRONG_TYPE.at(
                    foreign.document.locate(),
                    f"{file} must be a mapping, and is {type_name(root)}",
                )
            )
            continue
        foreign.move(fields, (), draft)
        result.not_taken += [f"{file}: {path}" for path in foreign.not_taken()]
    result.drafts.append(draft)
    return result


IMPORTER = Importer(
    name="slide-generator",
    summary="a folder with config.yaml, mlflow.yaml and prompts.yaml, as one profile",
    read=read_folder,
    named=True,
)
