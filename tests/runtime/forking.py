"""An application that forks, as servers with workers do: a process of its own.

It says on standard output where it is, a line of JSON each.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import warnings
from typing import Any

from configsync.runtime import ConfigClient
from tests.runtime import marked
from tests.runtime.waiting import until

SOON = 20


def main(about: dict[str, Any]) -> None:
    # From 3.12 on, Python warns of forks of processes with threads.
    warnings.simplefilter("ignore", DeprecationWarning)
    client = ConfigClient.connect(about["url"], **about["options"])
    told: list[int] = []
    client.on_change(lambda change: told.append(change.revision))
    assert marked.read(client) == 1
    children = [_fork(client, told, how) for how in ("exit", "_exit", "close", "fork")]
    _say(forked=len(children))
    for child in children:
        _, status = os.waitpid(child, 0)
        _say(ended=os.waitstatus_to_exitcode(status))
    until(lambda: marked.read(client) == 3, SOON, f"the parent follows: {client.status()}")
    until(lambda: told == [2, 3], SOON, f"the parent is told: {told}")
    if about["url"].startswith("postgresql"):
        # A busy machine may have been slower than the first probe; another one comes.
        until(lambda: client.status().listening, SOON, "the parent listens")
    status_ = client.status()
    _say(failures=status_.failures, listening=status_.listening, degraded=status_.degraded)
    for _ in range(about["forks"]):
        _try(client)
    assert client.status().failures == 0, client.status()
    _say(tried=about["forks"])
    client.close()


def _fork(client: ConfigClient, told: list[int], how: str) -> int:
    """Fork a child that follows until number 2 is there, and ends in one of several ways."""
    child = os.fork()
    if child:
        return child
    signal.alarm(2 * SOON)
    if how == "fork":
        grandchild = _fork(client, told, "exit")
        _, status = os.waitpid(grandchild, 0)
        assert status == 0
    until(lambda: marked.read(client) == 2, SOON, f"the child follows: {client.status()}")
    until(lambda: told == [2], SOON, f"the child is told: {told}")
    assert client.status().failures == 0, client.status()
    if how == "_exit":
        os._exit(0)
    if how == "close":
        client.close()
    sys.exit(0)


def _try(client: ConfigClient) -> None:
    """Fork at any moment; the child must be able to ask the database."""
    child = os.fork()
    if not child:
        signal.alarm(SOON)
        client.refresh()
        marked.read(client)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0, os.waitstatus_to_exitcode(status)


def _say(**what: Any) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
