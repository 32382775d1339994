"""Forked workers: each client of the parent becomes the child's own."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from configsync.runtime.client import ConfigClient

_clients: WeakSet[ConfigClient] = WeakSet()


def register(client: ConfigClient) -> None:
    """Have a client reopened in children that are forked from now on."""
    _register_hook()
    _clients.add(client)


def forget(client: ConfigClient) -> None:
    """A closed client has nothing to reopen."""
    _clients.discard(client)


@cache
def _register_hook() -> None:
    # Not at import: hooks run in the order in which they were registered, and threads and logging
    # must have become the child's own before threads are started here.
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_in_child)


def _in_child() -> None:
    for client in list(_clients):
        client._forked()
