"""Writes a new document as YAML that reads back as exactly the same."""

from __future__ import annotations

from typing import Any

import yaml

from configsync.source.reader import read
from configsync.source.scalars import Inexact, NotFinite, resolve


class _Dumper(yaml.SafeDumper):
    """Quotes text that YAML 1.2 or 1.1 would read as something else; indents lists."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = None
    if "\n" in value and value.strip("\n ") and not value.startswith((" ", "\n")):
        style = "|"
    elif not _plain(value):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


def _plain(value: str) -> bool:
    """Tell whether the text resolves to itself where it stands unquoted."""
    try:
        return resolve(value) is value or resolve(value) == value
    except (Inexact, NotFinite):
        return False


_Dumper.add_representer(str, _text)


def emit(body: dict[str, Any], comment: str = "") -> str:
    """Spell a document, keys in their order, after a comment line if there is one.

    ``body`` holds JSON values. Raises ValueError if it would read back as
    something else: then nothing must be written.
    """
    text = yaml.dump(
        body,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=1_000_000,
    )
    if comment:
        text = f"# {comment}\n{text}"
    reading = read(text, "")
    if reading.diagnostics or reading.roots != [body]:
        raise ValueError("the document can't be written as YAML")
    return text
