"""The lines that a client logs: one a reload, one a new kind of failure, never a value."""

from __future__ import annotations

import logging

from configsync.runtime.change import Change

LOGGER = logging.getLogger("configsync.runtime")


def reloaded(change: Change, seconds: float, *, told: bool) -> None:
    """A revision was built and is served."""
    fields = {
        "revision": change.revision,
        "previous": change.previous,
        "addresses": len(change.addresses),
        "seconds": round(seconds, 6),
        "by": "notify" if told else "poll",
    }
    LOGGER.info(
        "reloaded %s", " ".join(f"{k}={v}" for k, v in fields.items()), extra={"configsync": fields}
    )


def recovered(failures: int) -> None:
    """The database answers again."""
    LOGGER.info(
        "database reached again failures=%d", failures, extra={"configsync": {"failures": failures}}
    )


def failed(error: Exception, *, trace: bool = False) -> None:
    """The database can't be read; what there is stays."""
    text = str(error).replace("\n", " ")
    LOGGER.warning(
        "reload failed: %s",
        text,
        exc_info=error if trace else None,
        extra={"configsync": {"error": text}},
    )
