"""Writes new documents: as YAML that reads back as exactly the same, with long texts beside it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any
from unicodedata import normalize

from configsync.core.document import reference_of
from configsync.core.errors import ConfigsyncError, UsageError
from configsync.core.values import canonical_json
from configsync.edit.files import replace_file
from configsync.edit.plain import is_plain
from configsync.source.reader import read

MAX_INLINE = 200
"""Characters of a text that stands within its document; a longer one gets a file."""

MAX_STEM_BYTES = 80
"""Bytes of a file's name before its suffix; most file systems take 255 in all."""

# What YAML can't hold as it is, what a terminal would obey, and bidirectional controls: they
# would show a reviewer something else than what is stored.
_AWKWARD = "\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff"
_ESCAPED = re.compile(f"[{_AWKWARD}]")
_NOT_LITERAL = re.compile(f"[\x00-\x08\x0b-\x1f{_AWKWARD}]")

_RESERVED = re.compile("con|prn|aux|nul|com[0-9]|lpt[0-9]")
"""Names that Windows keeps for devices, whatever the suffix."""


def emit(body: Mapping[str, Any], comment: str = "") -> str:
    """Spell a document, keys in their order, after a comment line if there is one.

    ``body`` holds JSON values. Raises ValueError if it would read back as
    something else: then nothing must be written.
    """
    text = "\n".join([*([f"# {comment}"] if comment else []), *_mapping(body)]) + "\n"
    reading = read(text, "")
    if (
        reading.diagnostics
        or len(reading.roots) != 1
        or canonical_json(reading.roots[0]) != canonical_json(body)
    ):
        raise ValueError("the document can't be written as YAML")
    return text


def lay_out(body: Mapping[str, Any], stem: str, comment: str = "") -> dict[str, str]:
    """The files of one document by name: ``stem.yaml``, and its long texts in ``stem/``.

    A text below ``spec`` gets a file of its own if it has several lines or is
    longer than `MAX_INLINE`. Raises ValueError as `emit` does.
    """
    texts: dict[str, str] = {}
    apart = {**body, "spec": _apart(body["spec"], (), stem, texts)}
    return {f"{stem}.yaml": emit(apart, comment), **texts}


def file_stems(names: Mapping[str, str]) -> dict[str, str]:
    """Names for files: readable, valid everywhere, distinct also where case doesn't count.

    ``names`` are what to call each of some identities. Of names that would give
    the same file, all but the first in sorted order get a digest of their
    identity behind them.
    """
    stems: dict[str, str] = {}
    taken: set[str] = set()
    for identity, name in sorted(names.items(), key=lambda item: item[::-1]):
        stem = _slug(name) or "unnamed"
        if _RESERVED.fullmatch(_fold(stem)) or _fold(stem) in taken:
            mark = blake2b(identity.encode(errors="surrogatepass"), digest_size=8).hexdigest()
            length = next(n for n in range(6, 17) if _fold(f"{stem}-{mark[:n]}") not in taken)
            stem = f"{stem}-{mark[:length]}"
        taken.add(_fold(stem))
        stems[identity] = stem
    return stems


def write_files(
    root: Path, files: Mapping[str, str], gone: Iterable[str] = (), *, force: bool = False
) -> list[str]:
    """Write files below a folder: all of them, or none; returns those that weren't so already.

    Each is replaced at once; a kill between two of them leaves the ones written.
    A file that is there with other content is overwritten only with ``force``.
    Those in ``gone``, none of which is among ``files``, are deleted.
    Raises UsageError without, and ConfigsyncError where the disk refuses.
    """
    fresh = {n: text.encode() for n, text in files.items() if _content(root / n) != text.encode()}
    taken = [n for n in fresh if os.path.lexists(root / n)]
    if taken and not force:
        raise UsageError(f"{taken[0]} exists already, and is not overwritten.")
    undo: list[tuple[Path, bytes | None]] = []
    try:
        for name, data in fresh.items():
            file = root / name
            file.parent.mkdir(parents=True, exist_ok=True)
            before = file.read_bytes() if name in taken else None
            replace_file(file, data)
            undo.append((file, before))
        for file in (root / name for name in gone):
            before = file.read_bytes()
            file.unlink()
            undo.append((file, before))
    except OSError as error:
        for changed, content in reversed(undo):
            changed.unlink(missing_ok=True) if content is None else replace_file(changed, content)
        raise ConfigsyncError(f"{file} can't be written: {error.strerror}. Nothing was.") from error
    return sorted(fresh)


def _mapping(node: Mapping[str, Any], indent: int = 0) -> Iterator[str]:
    """The lines of a mapping in block style."""
    margin = " " * indent
    for key, value in node.items():
        head = f"{margin}{_scalar(key)}:"
        if isinstance(value, str) and _is_literal(value):
            yield from _literal(head, value, indent + 2)
        elif not isinstance(value, dict | list) or not value or reference_of(value):
            yield f"{head} {_inline(value)}"
        else:
            yield head
            yield from _collection(value, indent + 2)


def _collection(node: Any, indent: int) -> Iterator[str]:
    if isinstance(node, dict):
        yield from _mapping(node, indent)
        return
    for item in node:
        margin = " " * indent
        if isinstance(item, str) and _is_literal(item):
            yield from _literal(f"{margin}-", item, indent + 2)
        elif not isinstance(item, dict | list) or not item or reference_of(item):
            yield f"{margin}- {_inline(item)}"
        else:
            first, *rest = _collection(item, indent + 2)
            yield f"{margin}- {first[indent + 2 :]}"
            yield from rest


def _inline(value: Any) -> str:
    """A scalar, a reference or an empty collection on one line."""
    match value:
        case dict() if value:
            ((key, target),) = value.items()
            return f"{{{key}: {_scalar(target, flow=True)}}}"
        case dict():
            return "{}"
        case list():
            return "[]"
    return _scalar(value)


def _scalar(value: Any, *, flow: bool = False) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if is_plain(value, flow=flow):
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04X}", quoted)


def _is_literal(text: str) -> bool:
    """Tell whether a text reads well as a literal block, and back to the byte."""
    return (
        "\n" in text
        and not text.startswith((" ", "\n", "\t"))
        and _NOT_LITERAL.search(text) is None
    )


def _literal(head: str, text: str, indent: int) -> Iterator[str]:
    lines = text.split("\n")
    chomp = "-"
    if lines[-1] == "":
        lines.pop()
        chomp = "+" if lines[-1] == "" else ""
    yield f"{head} |{chomp}"
    yield from (" " * indent + line if line else "" for line in lines)


def _apart(node: Any, path: tuple[str, ...], stem: str, texts: dict[str, str]) -> Any:
    """``node`` with references in place of the texts that are put into ``texts``."""
    if isinstance(node, dict):
        return {k: _apart(v, (*path, k), stem, texts) for k, v in node.items()}
    if isinstance(node, list):
        return [_apart(v, (*path, str(i)), stem, texts) for i, v in enumerate(node, 1)]
    if not isinstance(node, str) or (len(node) <= MAX_INLINE and "\n" not in node[:-1]):
        return node
    nested = any(step.isdigit() for step in path)
    name = "-".join(_slug(s) or "text" for s in (path if nested else path[-1:]))
    if f"{stem}/{name}.md" in texts:
        name = f"{name}-{len(texts)}"
    texts[f"{stem}/{name}.md"] = node
    return {"$file": f"{stem}/{name}.md"}


def _slug(name: str) -> str:
    """Letters, digits, ``-`` and ``_`` of a name, with ``-`` for all else between them."""
    kept = "".join(c if c.isalnum() or c in "-_" else "-" for c in normalize("NFC", name))
    cut = kept.strip("-").encode()[:MAX_STEM_BYTES]
    return re.sub("-{2,}", "-", cut.decode(errors="ignore")).strip("-")


def _fold(stem: str) -> str:
    return normalize("NFKC", normalize("NFKC", stem).casefold())


def _content(file: Path) -> bytes | None:
    try:
        return file.read_bytes() if file.is_file() and not file.is_symlink() else None
    except OSError:
        return None
