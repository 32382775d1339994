"""What a new profile says until somebody says otherwise: valid as it stands, to be replaced."""

from __future__ import annotations

from typing import Any

SYSTEM_PROMPT = """\
You are a data analyst who tells a story in slides.

- Make at most {max_slides} slides, one insight on each.
- Ask your tools before you claim a number.
"""

EDITING = """\
The user has marked slides of an existing deck. Return only the slides that replace them.
"""


def new_profile(name: str) -> dict[str, Any]:
    """The ``spec`` of a new profile, which is not the default."""
    return {
        "ai_infra": {
            "llm_endpoint": "databricks-claude-sonnet-4-5",
            "llm_temperature": 0.7,
            "llm_max_tokens": 60000,
        },
        "genie_spaces": [
            {
                "space_id": "01ef0000000000000000000000000000",
                "space_name": "Replace by a Genie space of yours",
            }
        ],
        "mlflow": {"experiment_name": f"/Shared/{name}"},
        "prompts": {
            "system_prompt": SYSTEM_PROMPT,
            "slide_editing_instructions": EDITING,
            "user_prompt_template": "{question}",
        },
    }
