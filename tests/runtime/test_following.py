"""A client that follows has what one that begins anew has, whatever the revisions change."""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from configsync.runtime import Change, ConfigClient, NotFound
from configsync.runtime.reads import Reads
from tests.conftest import Workspace
from tests.faults import model
from tests.runtime import writer

REVISIONS = 12

All = dict[str, Mapping[str, Any]]


def everything(reads: Reads) -> All:
    """Every resource by its address: profiles are all that there is."""
    found: All = {}
    for at in reads.addresses():
        profile = reads.profile(at.removeprefix("profile/"))
        found[at] = reads.resource(at)
        for part in ("ai_infra", "mlflow", "prompts"):
            found[f"{at}/{part}"] = reads.resource(f"{at}/{part}")
        for space in profile.genie_spaces:
            found[f"{at}/genie_space/{space.space_id}"] = reads.resource(
                f"{at}/genie_space/{space.space_id}"
            )
    return found


def differing(before: All, after: All) -> set[str]:
    """What differs; of what was renamed, only the profile's old and new address."""
    roots = {at for at in before.keys() ^ after.keys() if at.count("/") == 1}
    found = {at for at in before.keys() | after.keys() if before.get(at) != after.get(at)}
    return {at for at in found if at in roots or "/".join(at.split("/")[:2]) not in roots}


def default(reads: Reads) -> str | None:
    try:
        return reads.default_profile().name
    except NotFound:
        return None


def test_following_is_as_good_as_reading_anew(workspace: Workspace, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    rng = random.Random(seed)
    url = workspace.url or f"sqlite:///{workspace.root}/configsync.db"
    workspace.ok("db", "upgrade")
    state = model.first_state()
    model.write(workspace.root, state)
    workspace.ok("apply", "--auto-approve")
    with ExitStack() as stack:

        def connect(**options: Any) -> ConfigClient:
            # Told to look, so that all look at the same.
            client = ConfigClient.connect(url, poll=1000, listen=False, **options)
            return stack.enter_context(client)

        every, some, lazy, whole = connect(), connect(), connect(lazy=True), connect(lazy=True)
        whole.load("profile")
        changes: list[Change] = []
        every.on_change(changes.append)
        before = everything(every)
        held: list[tuple[Reads, All]] = []
        for number in range(REVISIONS):
            state = model.mutated(rng, state, f"m{number}")
            model.write(workspace.root, state)
            assert writer.apply(workspace.root, url)
            with ConfigClient.connect(url, listen=False) as fresh:
                wanted, wanted_default = everything(fresh), default(fresh)
            followed = [every, whole, lazy]
            if rng.random() < 0.3:
                followed.append(some)  # Several revisions at once.
            for client in followed:
                client.refresh()
                assert default(client) == wanted_default
            assert everything(every) == everything(whole) == wanted
            if some in followed:
                assert everything(some) == wanted
            for at in rng.sample(sorted(wanted), 5):
                assert lazy.resource(at) == wanted[at]
            assert differing(before, wanted) <= set(changes[-1].addresses)
            before = wanted
            held.append((lazy.pin(), wanted))
            snapshot, had = rng.choice(held)
            for at in rng.sample(sorted(had), 5):
                assert snapshot.resource(at) == had[at]
        for snapshot, had in held:
            assert everything(snapshot) == had
