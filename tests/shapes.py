"""How outputs are built, without what others wrote: read back by a parser of each format."""

from __future__ import annotations

import re
import warnings
from typing import Any
from xml.etree import ElementTree

import html5lib
from markdown_it import MarkdownIt
from markdown_it.token import Token

from configsync.render.escape import HIDDEN, unobeyed
from configsync.render.fields import value_line
from configsync.render.html import page
from tests.unit import test_render_junit


def skeleton(node: Any) -> Any:
    """What is left of parsed output without its texts."""
    match node:
        case dict():
            return {key: skeleton(value) for key, value in node.items()}
        case list():
            return [skeleton(value) for value in node]
        case str():
            return "text"
        case ElementTree.Element():
            return (node.tag, sorted(node.attrib), [skeleton(child) for child in node])
    return node


def printed(output: str) -> str:
    """An output as the command prints it; it holds nothing that steers a terminal or a runner."""
    output = unobeyed(output)
    assert HIDDEN.search(output.replace("\n", "")) is None
    assert re.search(r"(?m)^\s*::|##\[", output) is None
    return output


def shape_of_markdown(output: str) -> list[Any]:
    """The tokens without what is code; HTML within it by its elements."""
    tokens = parse_markdown(output)
    kinds = {child.type for token in tokens for child in token.children or ()}
    assert kinds <= {"text", "code_inline", "strong_open", "strong_close"}
    return [_shape(token) for token in tokens]


def parse_markdown(output: str) -> list[Token]:
    """As GitHub does: tables, struck text, and bare links made live."""
    return MarkdownIt("gfm-like").parse(output)


def _shape(token: Token) -> Any:
    # What isn't code is configsync's own: word for word.
    said = [(c.type, c.content if c.type == "text" else "") for c in token.children or ()]
    inside: Any = said
    if token.type == "html_block":
        inside = re.sub("(?<=<code>)[^<]*", "", token.content)
        inside = re.sub("<!-- configsync:[A-Za-z0-9._~%-]+ -->", "(marker)", inside)
    if token.type == "fence":
        inside = (token.info, token.content.count("\n"))
    return (token.type, token.tag, token.nesting, token.level, token.attrs, inside)


def shape_of_html(output: str) -> Any:
    """The elements, and what they say beside code and what others said."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
        # The style is the same on every page, and half of what there is to read.
        return _elements(parser.parse(output.replace(page.STYLE, "", 1)))


FOREIGN = ("code", "bdi", "ins", "del", "span")
"""Elements with text that others wrote; in them, only words that changed are told apart."""


def _elements(node: Any) -> Any:
    attributes = sorted(node.attrib.items())
    if node.tag in FOREIGN:
        assert {child.tag for child in node} <= {"wbr", "strong"}
        return (node.tag, attributes)
    inside = [part for child in node for part in (_elements(child), child.tail)]
    return (str(node.tag), attributes, node.text, inside)


def shape_of_junit(output: str) -> Any:
    root = test_render_junit.parsed(output)
    lines = [(e.text or "").count("\n") for e in root.iter() if e.tag in ("failure", "system-out")]
    assert isinstance(root, ElementTree.Element)
    return skeleton(root), lines


def tamed(payload: str) -> str:
    """Harmless text that is as long as a payload is shown, and has its lines."""
    return re.sub("[^\n]", lambda m: "x" * (len(value_line(m[0])) - 2), payload)
