"""An estate: the profiles of a corpus, and beside them documents of every other kind.

For 10,000 profiles these are 1,000 prompts, 500 settings, 200 projects and
5,000 rules; for any other number as many in proportion, at least one of each.
They are of the shape that real ones have: prompts of 1 to 4 KB with declared
variables, inline or in files of their own; settings of all types, a category a
file; projects with two to four environments; rules in YAML and in CSV.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from random import Random
from typing import Any

from tests.benchmarks.corpus import BLOCKS, PER_FOLDER, SUBJECTS, TEAMS, prose, write_corpus

PROFILES = 10_000
PROMPTS = 1_000
SETTINGS = 500
PROJECTS = 200
RULES = 5_000

PER_CATEGORY = 25
PER_DOCUMENT = 500
SETTINGS_A_PROJECT = 3

AGENTS = ("planner", "writer", "critic", "retriever", "summariser")
VARIABLES = ("question", "context", "language")
STAGES = ("prod", "staging", "uat", "dev")
WORDS = ("payment", "transfer", "balance", "session", "cache", "timeout", "retry", "login", "otp")
LABELS = ("event", "level", "app", "namespace", "thread", "latency")

SIGNS = {"format": "{}", "template": "$"}
"""What a variable is written with in a syntax; the signs of the other one are just text."""


def write_estate(folder: Path, profiles: int, seed: int = 0) -> int:
    """Write that many profiles and the rest below ``folder``/profiles; returns how many resources.

    The same number and seed give the same files, to the byte.
    """
    below = folder / "profiles"

    def beside(number: int) -> int:
        return max(1, profiles * number // PROFILES)

    return (
        write_corpus(folder, profiles, seed)
        + _write_prompts(below / "prompts", beside(PROMPTS), seed)
        + _write_settings(below / "settings", beside(SETTINGS), seed)
        + _write_projects(below / "projects", beside(PROJECTS), seed)
        + _write_rules(below / "rules", "ContextRules", _context_rule, beside(RULES // 2), seed)
        + _write_rules(below / "rules", "NegateRules", _negate_rule, beside(RULES // 2), seed)
    )


def _write(file: Path, lines: Iterable[str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def _head(kind: str, name: str, *more: str) -> list[str]:
    """The lines of a document up to its spec; ``more`` belong to its metadata."""
    metadata = [f"  {line}" for line in (f"name: {name}", *more)]
    return ["apiVersion: configsync/v1", f"kind: {kind}", "metadata:", *metadata, "spec:"]


def _inline(value: Any) -> str:
    """A value in one line: text is quoted, keys are not."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_inline(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_inline, value))}]"
    return json.dumps(value, ensure_ascii=False)


def _write_prompts(folder: Path, number: int, seed: int) -> int:
    """Every other prompt has its text in a file of its own."""
    for index in range(number):
        rng = Random(f"{seed}/prompt/{index}")
        agent, syntax = rng.choice(AGENTS), rng.choice(tuple(SIGNS))
        name = f"{agent}-{index:04d}"
        file = folder / f"{index // PER_FOLDER:03d}" / f"{name}.yaml"
        text = _text(syntax, rng)
        inline = index % 2 == 0
        if not inline:
            _write(file.with_suffix(".md"), text)
        _write(
            file,
            [
                *_head("Prompt", name, f"labels: {{team: {rng.choice(TEAMS)}}}"),
                f"  agent: {agent}",
                f"  type: {rng.choice(('system', 'user'))}",
                f"  syntax: {syntax}",
                f"  variables: [{', '.join(VARIABLES)}]",
                "  content: |" if inline else f"  content: {{$file: {name}.md}}",
                *([f"    {line}" if line else "" for line in text] if inline else []),
            ],
        )
    return number


def _text(syntax: str, rng: Random) -> list[str]:
    """The lines of a prompt that uses all variables."""
    blocks = [block for block in BLOCKS if not set(SIGNS[syntax]) & set(block)]
    used = {name: f"{{{name}}}" if syntax == "format" else f"${name}" for name in VARIABLES}
    subject = rng.choice(SUBJECTS)
    return [
        f"You answer questions about {subject} in {used['language']}.",
        *prose(subject, rng.randint(800, 3500), rng, blocks),
        "",
        f"What is known: {used['context']}",
        f"What is asked: {used['question']}",
    ]


def _write_settings(folder: Path, number: int, seed: int) -> int:
    for first in range(0, number, PER_CATEGORY):
        rng = Random(f"{seed}/settings/{first}")
        category = f"{rng.choice(TEAMS)}-{first // PER_CATEGORY:03d}"
        lines = _head("Settings", category)
        for index in range(first, min(first + PER_CATEGORY, number)):
            lines.append(f"  {rng.choice(WORDS)}_{index:04d}: {_inline(_setting(index, rng))}")
        _write(folder / f"{category}.yaml", lines)
    return number


def _setting(index: int, rng: Random) -> Any:
    """A value of each type in turn, by itself or in full."""
    values: tuple[Any, ...] = (
        f"https://{rng.choice(TEAMS)}.example.com/api",
        rng.randint(1, 600),
        rng.randint(0, 20) / 20,
        rng.random() < 0.5,
        rng.sample(WORDS, 3),
        {"value": {"retries": rng.randint(1, 5), "backoff": [1, 2, 5]}},
        {"value": rng.randint(1, 60), "type": "float"},
        None,
    )
    return values[index % len(values)]


def _write_projects(folder: Path, number: int, seed: int) -> int:
    resources = 0
    for index in range(number):
        rng = Random(f"{seed}/project/{index}")
        code = f"{rng.choice(TEAMS).upper()}{index:03d}"
        source, place = rng.choice((("file", "log_base_path"), ("loki", "loki_namespace")))
        stages = STAGES[: rng.randint(2, len(STAGES))]
        lines = _head("Project", code, f"description: Logs of {rng.choice(SUBJECTS)}")
        lines += [f"  project_name: Project {code}", f"  log_source_type: {source}"]
        lines.append("  environments:")
        for stage in stages:
            where = f"/var/log/{code}/{stage}" if source == "file" else f"{code}-{stage}"
            lines += [f"    - env_code: {stage}", f"      {place}: {where}"]
        lines.append("  settings:")
        for turn, word in enumerate(rng.sample(WORDS, SETTINGS_A_PROJECT), index):
            lines.append(f"    {word}_limit: {_inline(_setting(turn, rng))}")
        _write(folder / f"{code}.yaml", lines)
        resources += 1 + len(stages) + SETTINGS_A_PROJECT
    return resources


def _write_rules(
    folder: Path, kind: str, rule: Callable[[int, Random], dict[str, str]], number: int, seed: int
) -> int:
    """Every other document refers to a CSV file."""
    rules = [rule(index, Random(f"{seed}/{kind}/{index}")) for index in range(number)]
    size = min(PER_DOCUMENT, (number + 1) // 2)
    for first in range(0, number, size):
        some = rules[first : first + size]
        name = f"{kind.lower()}-{first // size:02d}"
        lines = _head(kind, name)
        if first // size % 2:
            lines.append(f"  rules: {{$csv: {name}.csv}}")
            with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                writer = csv.DictWriter(file, some[0], lineterminator="\n")
                writer.writeheader()
                writer.writerows(some)
        else:
            lines.append("  rules:")
            for found in some:
                pairs = [f"{key}: {_inline(value)}" for key, value in found.items()]
                lines += [f"    - {pairs[0]}", *(f"      {pair}" for pair in pairs[1:])]
        _write(folder / f"{name}.yaml", lines)
    return number


def _context_rule(index: int, rng: Random) -> dict[str, str]:
    return {
        "context": f"{rng.choice(WORDS)}-{index:04d}",
        "important": ",".join(rng.sample(WORDS, 3)),
        "ignore": ",".join(f"{word}_heartbeat" for word in rng.sample(WORDS, 2)),
        "description": f"What matters of {rng.choice(SUBJECTS)}, without scheduled updates",
    }


def _negate_rule(index: int, rng: Random) -> dict[str, str]:
    words = rng.sample(WORDS, 2)
    operator, value = rng.choice(
        (
            ("!=", f"{words[0]}Event{index}"),
            ("=~", f"({'|'.join(words)})-{index}$"),
            (">", f"{index}ms"),
        )
    )
    return {"label": rng.choice(LABELS), "operator": operator, "value": value}
