"""Init: a project's first files, which validate as they stand."""

from __future__ import annotations

from pathlib import Path

from configsync.core.errors import UsageError
from configsync.core.kind import API_VERSION
from configsync.edit.emit import emit, write_files
from configsync.kinds import all_kinds
from configsync.kinds.defaults import EDITING, SYSTEM_PROMPT, new_profile
from configsync.usecases.schema import schema_files
from configsync.usecases.workflows import workflow_files

SETTINGS = """\
# Settings of configsync. Without a target, the database is configsync.db in this folder.
source = {source}
paths = ["profiles"]

# [targets.prod]
# database_env = "PROD_DATABASE_URL"
# overlay = "overlays/prod"
# vars = {{workspace = "prod"}}

# [severity]
# CS207 = "error"
"""

IGNORED = """\
.configsync/
*.db
*.db-*
configsync-report/
*.plan
"""


def init_project(folder: Path, source: str, profile: str) -> list[str]:
    """Write a project's first files into a folder; returns their names.

    Raises UsageError, having written nothing, where one of them is there
    already, and ConfigsyncError where one can't be written.
    """
    files = {
        "configsync.toml": SETTINGS.format(source=_toml(source)),
        f"profiles/{_stem(profile)}.yaml": _profile(profile),
        "profiles/prompts/system.md": SYSTEM_PROMPT,
        "profiles/prompts/editing.md": EDITING,
    }
    files |= workflow_files()
    for name, text in schema_files(all_kinds().values()).items():
        files[f"schemas/{name}"] = text
    if not (folder / ".gitignore").exists():
        files[".gitignore"] = IGNORED
    return _write(folder, files, ": this folder has a project")


def init_workflows(folder: Path) -> list[str]:
    """Write the workflows for GitHub alone; as `init_project`."""
    return _write(folder, workflow_files(), "")


def _write(folder: Path, files: dict[str, str], then: str) -> list[str]:
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.")
    taken = [name for name in sorted(files) if (folder / name).exists()]
    if taken:
        raise UsageError(f"{taken[0]} exists already{then}. Nothing was written.")
    write_files(folder, files)
    return sorted(files)


def _profile(name: str) -> str:
    spec = {"default": True, **new_profile(name)}
    spec["prompts"] |= {
        "system_prompt": {"$file": "prompts/system.md"},
        "slide_editing_instructions": {"$file": "prompts/editing.md"},
    }
    return emit(
        {
            "apiVersion": API_VERSION,
            "kind": "Profile",
            "metadata": {"name": name, "description": "What applications get by default"},
            "spec": spec,
        },
        "yaml-language-server: $schema=../schemas/profile.schema.json",
    )


def _stem(name: str) -> str:
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in name)


def _toml(text: str) -> str:
    """A TOML basic string (https://toml.io/en/v1.0.0#string); JSON's escapes are among its own."""
    import json

    return json.dumps(text, ensure_ascii=True)
