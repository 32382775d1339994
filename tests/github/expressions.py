"""GitHub's expressions, as far as this repository's workflows use them; anything else fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

_TOKENS = re.compile(r"\s*(\|\||&&|==|!=|!|\(|\)|'(?:[^']|'')*'|[A-Za-z_][\w.-]*)")


def filled(text: Any, contexts: Mapping[str, Any]) -> str:
    """A value of ``env`` or ``with``, each ``${{ }}`` in it replaced."""
    return re.sub(r"\$\{\{(.*?)\}\}", lambda m: _text(evaluate(m[1], contexts)), _text(text))


def condition(text: str | None, contexts: Mapping[str, Any]) -> bool:
    """Whether an ``if`` holds; without a function of its own it asks for success as well."""
    text = (text or "").strip().removeprefix("${{").removesuffix("}}")
    if "cancelled()" not in text:
        text = f"success() && ({text})" if text.strip() else "success()"
    return bool(evaluate(text, contexts))


def evaluate(text: str, contexts: Mapping[str, Any]) -> Any:
    """The value of an expression. Raises SyntaxError for one that isn't understood."""
    tokens, at = [], 0
    while text[at:].strip():
        found = _TOKENS.match(text, at)
        if found is None:
            raise SyntaxError(text)
        tokens.append(found[1])
        at = found.end()
    value = _either(tokens, contexts)
    if tokens:
        raise SyntaxError(text)
    return value


def _either(tokens: list[str], contexts: Mapping[str, Any]) -> Any:
    return _joined(tokens, contexts, "||", _both)


def _both(tokens: list[str], contexts: Mapping[str, Any]) -> Any:
    return _joined(tokens, contexts, "&&", _equal)


def _joined(
    tokens: list[str],
    contexts: Mapping[str, Any],
    operator: str,
    operand: Callable[[list[str], Mapping[str, Any]], Any],
) -> Any:
    value = operand(tokens, contexts)
    while tokens[:1] == [operator]:
        tokens.pop(0)
        other = operand(tokens, contexts)
        value = (value or other) if operator == "||" else (value and other)
    return value


def _equal(tokens: list[str], contexts: Mapping[str, Any]) -> Any:
    value = _single(tokens, contexts)
    while tokens and tokens[0] in ("==", "!="):
        wanted = tokens.pop(0) == "=="
        value = (_text(value) == _text(_single(tokens, contexts))) is wanted
    return value


def _single(tokens: list[str], contexts: Mapping[str, Any]) -> Any:
    token = tokens.pop(0)
    if token == "!":
        return not _single(tokens, contexts)
    if token == "(":
        value = _either(tokens, contexts)
        assert tokens.pop(0) == ")"
        return value
    if token.startswith("'"):
        return token[1:-1].replace("''", "'")
    if tokens[:2] == ["(", ")"]:
        del tokens[:2]
        return contexts["functions"][token]
    value = contexts
    for step in token.split("."):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
