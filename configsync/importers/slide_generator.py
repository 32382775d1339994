"""The slide generator's three files: config.yaml, mlflow.yaml and prompts.yaml.

Together they are one profile. The Genie space has no name there, and the
application's other settings (``api``, ``output``, …) are no part of a profile.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from configsync.core import codes
from configsync.core.diagnostic import Diagnostic, Location
from configsync.core.document import Document, Map, show_path
from configsync.core.document import Path as KeyPath
from configsync.core.kind import API_VERSION
from configsync.importers.importer import Imported, Importer, TextFile
from configsync.source.files import read_text
from configsync.source.reader import read

TAKEN: tuple[tuple[str, KeyPath, tuple[str, str]], ...] = (
    ("config.yaml", ("llm", "endpoint"), ("ai_infra", "llm_endpoint")),
    ("config.yaml", ("llm", "temperature"), ("ai_infra", "llm_temperature")),
    ("config.yaml", ("llm", "max_tokens"), ("ai_infra", "llm_max_tokens")),
    ("config.yaml", ("genie", "default_space_id"), ("genie_spaces", "space_id")),
    ("config.yaml", ("genie", "description"), ("genie_spaces", "description")),
    ("mlflow.yaml", ("tracking", "experiment_name"), ("mlflow", "experiment_name")),
    ("prompts.yaml", ("system_prompt",), ("prompts", "system_prompt")),
    ("prompts.yaml", ("slide_editing_instructions",), ("prompts", "slide_editing_instructions")),
    ("prompts.yaml", ("user_prompt_template",), ("prompts", "user_prompt_template")),
)
"""Which key of which file becomes which value of a profile's spec."""


def read_folder(folder: Path, name: str) -> Imported:
    """Read the three files as one profile; each key of `TAKEN` must be there, with a value."""
    result = Imported()
    files = {
        file: _read(folder, file, result.diagnostics) for file in sorted({t[0] for t in TAKEN})
    }
    spec: dict[str, Any] = {"ai_infra": {}, "genie_spaces": [{}], "mlflow": {}, "prompts": {}}
    for file, source, (section, key) in TAKEN:
        document = files[file]
        if document is None:
            continue
        value = document.get(source)
        if value is None or value == "":
            result.diagnostics.append(_missing(document, source))
            continue
        if section == "prompts" and isinstance(value, str):
            value = TextFile(f"{key}.md", value)
        node = spec[section]
        (node[0] if isinstance(node, list) else node)[key] = value
    for file, document in files.items():
        if document is not None:
            taken = {source for name_, source, _ in TAKEN if name_ == file}
            result.not_taken += [f"{file}: {show_path(p)}" for p in _leaves(document.body, taken)]
    result.documents[name] = {
        "apiVersion": API_VERSION,
        "kind": "Profile",
        "metadata": {"name": name},
        "spec": spec,
    }
    return result


def _read(folder: Path, file: str, problems: list[Diagnostic]) -> Document | None:
    text = read_text(folder, file)
    if isinstance(text, Diagnostic):
        problems.append(text)
        return None
    reading = read(text, file)
    problems += reading.diagnostics
    if len(reading.roots) != 1 or not isinstance(reading.roots[0], Map):
        if not reading.diagnostics:
            problems.append(
                codes.EMPTY.at(Location(file, 1, 1), f"{file} holds no mapping of settings")
            )
        return None
    return Document("", reading.roots[0])


def _missing(document: Document, path: KeyPath) -> Diagnostic:
    return codes.MISSING_KEY.at(
        document.locate(path, key=True),
        f"{show_path(path)} is missing or empty in {document.file}",
        "A profile takes this value; an empty one would be applied as it is.",
        path=show_path(path),
        help="Add it to that file, then import again.",
    )


def _leaves(node: Any, taken: set[KeyPath], path: KeyPath = ()) -> Iterator[KeyPath]:
    """The paths of all values but those taken."""
    if isinstance(node, Map) and node:
        for key, value in node.items():
            yield from _leaves(value, taken, (*path, key))
    elif path not in taken:
        yield path


IMPORTER = Importer(
    name="slide-generator",
    summary="a folder with config.yaml, mlflow.yaml and prompts.yaml, as one profile",
    read=read_folder,
)
