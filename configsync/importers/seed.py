"""A file of several profiles, as applications seed their database from.

A list of profiles, at the top or under ``profiles``, each with ``name``,
``description``, ``is_default``, ``ai_infra``, ``genie_space`` or
``genie_spaces``, ``mlflow`` and ``prompts``.
"""

from __future__ import annotations

from pathlib import Path

from configsync.core import codes
from configsync.core.diagnostic import Related
from configsync.core.document import Map, Seq, show_path
from configsync.core.document import Path as KeyPath
from configsync.importers.foreign import Field, Foreign, read_foreign
from configsync.importers.importer import Draft, Imported, Importer

ABOUT = (
    Field(("name",), ("metadata", "name"), str),
    Field(("description",), ("metadata", "description"), str, required=False),
)
AI_INFRA = (
    Field(("ai_infra", "llm_endpoint"), ("spec", "ai_infra", "llm_endpoint"), str),
    Field(("ai_infra", "llm_temperature"), ("spec", "ai_infra", "llm_temperature"), float),
    Field(("ai_infra", "llm_max_tokens"), ("spec", "ai_infra", "llm_max_tokens"), int),
)
GENIE_SPACE = (
    Field(("space_id",), ("space_id",), str),
    Field(("space_name",), ("space_name",), str, required=False),
    Field(("description",), ("description",), str, required=False),
)
REST = (
    Field(("mlflow", "experiment_name"), ("spec", "mlflow", "experiment_name"), str),
    *(
        Field(("prompts", key), ("spec", "prompts", key), str)
        for key in ("system_prompt", "slide_editing_instructions", "user_prompt_template")
    ),
)
SPACES = ("spec", "genie_spaces")


def read_seed(file: Path, _: str) -> Imported:
    """Read a seed; every profile in it must be whole."""
    result = Imported()
    foreign = read_foreign(file, result.diagnostics)
    if foreign is None:
        return result
    base: KeyPath = () if isinstance(foreign.document.body, Seq) else ("profiles",)
    profiles = foreign.document.body if not base else foreign.take(base, Seq)
    foreign.taken.discard(base)
    for index, entry in enumerate(profiles or ()):
        path = (*base, index)
        if isinstance(entry, Map):
            result.drafts.append(_profile(foreign, path, entry))
        else:
            foreign.take(path, Map)
    result.not_taken += foreign.not_taken()
    return result


def _profile(foreign: Foreign, path: KeyPath, entry: Map) -> Draft:
    name = entry.get("name")
    draft = Draft("Profile", name if isinstance(name, str) else "", foreign.origin(path))
    foreign.move(ABOUT, path, draft)
    default = (*path, "is_default")
    if foreign.take(default, bool, required=False) is True:
        draft.put(("spec", "default"), True, foreign.origin(default))
    foreign.move(AI_INFRA, path, draft)
    _genie_spaces(foreign, path, entry, draft)
    foreign.move(REST, path, draft)
    return draft


def _genie_spaces(foreign: Foreign, path: KeyPath, entry: Map, draft: Draft) -> None:
    one, several = (*path, "genie_space"), (*path, "genie_spaces")
    if "genie_space" in entry and "genie_spaces" in entry:
        document = foreign.document
        foreign.problems.append(
            codes.DUPLICATE_KEY.at(
                document.locate(several, key=True),
                f"{show_path(path)} has both genie_space and genie_spaces",
                path=show_path(several),
                help="Write all of its Genie spaces under genie_spaces.",
                related=(Related("genie_space stands here too", document.locate(one, key=True)),),
            )
        )
    elif "genie_spaces" in entry:
        spaces = foreign.take(several, Seq)
        foreign.taken.discard(several)
        for index, space in enumerate(spaces or ()):
            here = (*several, index)
            if not isinstance(space, Map):
                foreign.take(here, Map)
                continue
            _genie_space(foreign, here, draft, index, single=len(spaces) == 1)
        draft.origins[show_path(SPACES)] = foreign.origin(several, key=True)
    else:
        if foreign.take(one, Map) is not None:
            _genie_space(foreign, one, draft, 0, single=True)
            draft.origins[show_path(SPACES)] = foreign.origin(one, key=True)
        foreign.taken.discard(one)


def _genie_space(foreign: Foreign, path: KeyPath, draft: Draft, index: int, single: bool) -> None:
    to = (*SPACES, index)
    foreign.move(GENIE_SPACE, path, draft, to)
    default = (*path, "is_default")
    value = foreign.take(default, bool, required=False)
    if value is True or (single and value is False):
        draft.put((*to, "default"), value, foreign.origin(default))


IMPORTER = Importer(
    name="seed",
    summary="a file with a list of profiles, as applications seed their database from",
    read=read_seed,
    folder=False,
)
