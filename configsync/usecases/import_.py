"""Import: write a foreign configuration as documents of this project."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from configsync.core.diagnostic import Diagnostic, has_errors
from configsync.core.errors import ConfigsyncError, UsageError
from configsync.edit.emit import emit
from configsync.importers.importer import Importer, TextFile
from configsync.kinds import all_kinds
from configsync.source.load import load
from configsync.source.project import Project


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What was written, and what of the foreign configuration was not taken."""

    written: list[str] = field(default_factory=list)
    not_taken: list[str] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def import_folder(project: Project, importer: Importer, folder: Path, name: str) -> ImportReport:
    """Import a folder into the first of the project's paths.

    With an error nothing is written. The first profile of a project becomes
    its default. Raises UsageError where a file would be overwritten.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder.")
    found = importer.read(folder, name)
    if has_errors(found.diagnostics):
        return ImportReport(diagnostics=found.diagnostics)
    files: dict[str, str] = {}
    has_default = _has_default(project)
    for document_name, body in found.documents.items():
        if body["kind"] == "Profile" and not has_default:
            body["spec"] = {"default": True, **body["spec"]}
            has_default = True
        files |= dict(_files(project, document_name, body))
    _write(project.root, files)
    return ImportReport(sorted(files), found.not_taken, found.diagnostics)


def _has_default(project: Project) -> bool:
    source = load(project.root, project.paths, all_kinds())
    return any(d.get(("spec", "default")) is True for d in source.documents)


def _files(project: Project, name: str, body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The files of one document: its YAML, and its texts in a folder of its name beside it."""
    folder = project.paths[0]
    if folder.endswith((".yaml", ".yml")):
        folder = str(Path(folder).parent)
    stem = "".join(c if c.isalnum() or c in "-_." else "-" for c in name).lstrip(".") or "profile"
    texts: list[TextFile] = []
    plain = _with_references(body, stem, texts)
    depth = "/".join([".."] * len(Path(folder).parts))
    comment = f"yaml-language-server: $schema={depth}/{project.schemas}/profile.schema.json"
    yield f"{folder}/{stem}.yaml", emit(plain, comment)
    for text in texts:
        yield f"{folder}/{stem}/{text.name}", text.text


def _with_references(node: Any, folder: str, texts: list[TextFile]) -> Any:
    if isinstance(node, TextFile):
        texts.append(node)
        return {"$file": f"{folder}/{node.name}"}
    if isinstance(node, dict):
        return {k: _with_references(v, folder, texts) for k, v in node.items()}
    if isinstance(node, list):
        return [_with_references(v, folder, texts) for v in node]
    return node


def _write(root: Path, files: dict[str, str]) -> None:
    """Write files that aren't there yet: all of them, or none."""
    taken = [name for name in files if (root / name).exists()]
    if taken:
        raise UsageError(f"{taken[0]} exists already. Choose another --name, or move it away.")
    written: list[Path] = []
    try:
        for name, text in files.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("xb") as handle:
                written.append(file)
                handle.write(text.encode())
    except OSError as error:
        for file in written:
            file.unlink(missing_ok=True)
        raise ConfigsyncError(f"{error.filename} can't be written: {error.strerror}.") from error
