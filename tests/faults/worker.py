"""One of many that write to a database at once, each a process of its own."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from configsync.cli.main import run
from configsync.kinds import resource_types
from configsync.store.database import open_database
from configsync.store.read import read_live
from configsync.store.url import parse_url
from tests.profiles import profile


def apply(url: str, folder: str, name: str, seed: str) -> int:
    """Take what is live into files, change a little of it, and apply that."""
    root = Path(folder)
    rng = random.Random(seed)
    documents = _live(url, root)
    for changes in rng.sample(list(documents.values()), 2):
        field = rng.choice(["ai_infra__llm_max_tokens", "mlflow__experiment_name"])
        changes[f"spec__{field}"] = (
            rng.randint(1, 10**9) if "tokens" in field else f"/{name}/{rng.random()}"
        )
    chosen = rng.choice(list(documents))
    documents[chosen]["spec__genie_spaces"] = [{"space_id": f"s{rng.randint(1, 9)}"}]
    if rng.random() < 0.3:
        documents[f"{name}-{rng.randint(1, 10**9)}"] = {}
    elif rng.random() < 0.3:
        for changes in documents.values():
            changes.pop("default", None)
        documents[rng.choice(list(documents))]["default"] = True
    for number, (at, changes) in enumerate(documents.items()):
        (root / f"profiles/{number}.yaml").write_text(profile(at, **changes))
    command = ["apply", "--auto-approve", "-o", "json", "--actor", name, "--lock-timeout", "60"]
    return run([*command, "--database", url])


def _live(url: str, root: Path) -> dict[str, dict[str, Any]]:
    """Profiles as `tests.profiles.profile` takes them."""
    with open_database(parse_url(url, root)).reading() as transaction:
        live = read_live(transaction, resource_types().values())
    documents: dict[str, dict[str, Any]] = {}
    for resource in live.values():
        name = resource.address.split("/")[1]
        changes = documents.setdefault(name, {"spec__genie_spaces": []})
        if resource.domain == "profile":
            changes["metadata__description"] = resource.values["description"]
            changes["default"] = resource.values["is_default"]
        elif resource.domain == "genie_space":
            space = {"space_id": resource.values["space_id"]}
            if resource.values["is_default"]:
                space["default"] = True
            changes["spec__genie_spaces"].append(space)
        else:
            for field, value in resource.values.items():
                changes[f"spec__{resource.domain}__{field}"] = value
    return documents


def past_configsync(url: str, folder: str, name: str, seed: str) -> int:
    """Write a row as someone who doesn't know of configsync."""
    rng = random.Random(seed)
    statement = (
        f"UPDATE config_ai_infra SET llm_max_tokens = {rng.randint(1, 10**9)} "
        f"WHERE profile_id = {rng.randint(1, 20)}"
    )
    about = parse_url(url, Path(folder))
    if about.dialect == "sqlite":
        import sqlite3

        connection = sqlite3.connect(about.connect, timeout=60, isolation_level=None)
        connection.execute(statement)
        connection.close()
    else:
        from tests.conftest import execute

        execute(url, statement)
    return 0
