"""Revisions in which everything carries the same number, so that a torn read shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from configsync.runtime.reads import Reads
from tests.profiles import profile

TURN = "turn-"
"""A profile's name begins so, and ends with the number: each revision has another one."""


def write(root: Path, number: int) -> None:
    """Write the documents of a number into a project."""
    texts = {
        "a": _profile("a", number, default=True),
        "b": _profile("b", number),
        "turn": profile(f"{TURN}{number}"),
        "prompt": _document("Prompt", "stress", {"content": f"Number {number}."}),
        "settings": _document("Settings", "stress", {"n": number}),
    }
    (root / "profiles").mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (root / f"profiles/{name}.yaml").write_text(text)


def read(reads: Reads) -> int:
    """The number that all reads of one revision have; fails if they are of several."""
    a, b = reads.profile("a"), reads.profile("b")
    (turn,) = (name for name in reads.profiles() if name.startswith(TURN))
    found = [
        int(a.ai_infra.llm_max_tokens),
        int(a.mlflow.experiment_name.rpartition("/")[2]),
        int(a.genie_spaces[0].space_id),
        int(b.ai_infra.llm_max_tokens),
        int(b.mlflow.experiment_name.rpartition("/")[2]),
        int(b.genie_spaces[0].space_id),
        int(reads.default_profile().prompts.system_prompt.split()[1]),
        int(reads.prompt("stress").content.split()[1].rstrip(".")),
        int(reads.setting("stress", "n")),
        int(turn.removeprefix(TURN)),
    ]
    assert len(set(found)) == 1, f"torn: {found}"
    return found[0]


def read_one(reads: Reads, which: int) -> int:
    """The number that one read has."""
    match which % 4:
        case 0:
            return int(reads.profile("a").ai_infra.llm_max_tokens)
        case 1:
            return int(reads.profile("b").genie_spaces[0].space_id)
        case 2:
            return int(reads.prompt("stress").content.split()[1].rstrip("."))
    return int(reads.setting("stress", "n"))


def _profile(name: str, number: int, **more: Any) -> str:
    changes: dict[str, Any] = {
        "spec__ai_infra__llm_max_tokens": number,
        "spec__mlflow__experiment_name": f"/number/{number}",
        "spec__genie_spaces": [{"space_id": str(number)}],
        "spec__prompts__system_prompt": f"Number {number} of {{max_slides}}\n",
    }
    return profile(name, **more, **changes)


def _document(kind: str, name: str, spec: dict[str, Any]) -> str:
    head = {"apiVersion": "configsync/v1", "kind": kind, "metadata": {"name": name}}
    return json.dumps({**head, "spec": spec})
