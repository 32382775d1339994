"""Documents as tests write them: a minimal valid one of a kind, changed where it matters."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from typing import Any

MINIMAL: dict[str, Any] = {
    "apiVersion": "configsync/v1",
    "kind": "Profile",
    "metadata": {"name": "production"},
    "spec": {
        "ai_infra": {
            "llm_endpoint": "databricks-claude",
            "llm_temperature": 0.7,
            "llm_max_tokens": 60000,
        },
        "genie_spaces": [{"space_id": "01effebcc2781b6b"}],
        "mlflow": {"experiment_name": "/Shared/slides"},
        "prompts": {
            "system_prompt": "Make at most {max_slides} slides.\n",
            "slide_editing_instructions": "Return only the slides that change.\n",
            "user_prompt_template": "{question}",
        },
    },
}

NEGATE_RULES: dict[str, Any] = {
    "apiVersion": "configsync/v1",
    "kind": "NegateRules",
    "metadata": {"name": "noise"},
    "spec": {"rules": [{"label": "event", "operator": "!=", "value": "heartbeat"}]},
}

PROMPT: dict[str, Any] = {
    "apiVersion": "configsync/v1",
    "kind": "Prompt",
    "metadata": {"name": "verify"},
    "spec": {"content": "Verify the answer.\n"},
}


def profile(name: str = "production", *, default: bool = False, **changes: Any) -> str:
    """The YAML of a profile (JSON is YAML).

    A change names a path with ``__`` between steps, as
    ``spec__ai_infra__llm_temperature=0.2``; None removes what is there.
    """
    document = deepcopy(MINIMAL)
    document["metadata"]["name"] = name
    if default:
        document["spec"]["default"] = True
    for path, value in changes.items():
        *steps, last = path.split("__")
        node = document
        for step in steps:
            node = node.setdefault(step, {})
        if value is None:
            node.pop(last, None)
        else:
            node[last] = value
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    # What YAML doesn't allow as it is, it takes as an escape.
    return re.sub(
        "[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]", lambda m: f"\\u{ord(m[0]):04x}", text
    )
