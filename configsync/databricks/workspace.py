"""Asks a workspace by Databricks' own library, which would wait for minutes, for seconds only."""

from __future__ import annotations

import logging
import os
import re
import socket
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from configsync.databricks.errors import (
    Missing,
    NotConfigured,
    Unanswered,
    Unreachable,
    WorkspaceFailure,
)

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

T = TypeVar("T")

RUN_TIMEOUT = 30.0
"""Seconds that all questions of one run take at most, whatever the workspace does."""

PROBE_TIMEOUT = 3.0
"""Seconds in which the workspace takes a connection, or counts as unreachable."""

REQUEST_TIMEOUT = 5
"""Seconds between two signs of life while a request is answered; the library's own are 60."""

RETRY_TIMEOUT = 5
"""Seconds in which a request that may succeed next time is repeated; the library's own are 300."""

LONGEST_PAUSE = 3.0
"""Seconds for which a workspace may ask to be left alone (Retry-After) and is asked again."""

LONGEST_REASON = 300
"""Characters that are kept of the workspace's own words."""

_ADVICE = re.compile(r"\.? Config: |\.? Env: |This is likely a bug")
"""Where the library's own words begin behind the workspace's: its settings, and whom to tell."""

_THREAD = "configsync-workspace"


class Workspace:
    """A workspace that answers questions.

    ``client`` is what asks. ``seconds`` is how long all that is asked may take
    together, counted from here.
    """

    def __init__(self, client: WorkspaceClient, seconds: float = RUN_TIMEOUT) -> None:
        self._client = client
        self._end = time.monotonic() + seconds

    @classmethod
    def connect(cls, seconds: float | None = None) -> Workspace:
        """The workspace that the environment names, as Databricks' own tools find it.

        Raises NotConfigured or Unreachable.
        """
        require_library()  # Takes its time, whatever the workspace does.
        seconds = RUN_TIMEOUT if seconds is None else seconds
        end = time.monotonic() + seconds
        client = _within(seconds, _client)
        return cls(client, max(0.0, end - time.monotonic()))

    def ask(self, question: Callable[[WorkspaceClient], T]) -> T:
        """What a call of the library returns. Raises Unreachable, Unanswered or Missing."""
        return _within(self._end - time.monotonic(), lambda: question(self._client))


def require_library() -> None:
    """Load Databricks' library. Raises NotConfigured if it isn't installed."""
    try:
        import databricks.sdk  # noqa: F401
    except ImportError as error:
        raise NotConfigured(
            "Databricks can't be asked: its library isn't installed. "
            "Run: pip install 'configsync[databricks]'"
        ) from error
    _keep_quiet()


def username(workspace: Workspace) -> str:
    """Who asks: a person's address, or the client id of a service principal.

    Raises Unreachable or Unanswered.
    """
    name = workspace.ask(lambda client: client.current_user.me().user_name)
    if not isinstance(name, str) or not name:
        raise Unanswered("the workspace doesn't say who asks it")
    return name


def _client() -> WorkspaceClient:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.core import Config

    host = _host()
    if host:
        _probe(host)
    pauses: Any = _Pauses()
    try:
        config = Config(
            http_timeout_seconds=REQUEST_TIMEOUT,
            retry_timeout_seconds=RETRY_TIMEOUT,
            clock=pauses,
        )
    except ValueError as error:
        raise NotConfigured(
            f"It isn't said which Databricks workspace to ask, or as whom: {_short(str(error))}. "
            "Set DATABRICKS_HOST and DATABRICKS_TOKEN, or DATABRICKS_CONFIG_PROFILE."
        ) from error
    return WorkspaceClient(config=config)


class _Pauses:
    """The library's clock: it waits for as long as it is told to, and might be told an hour."""

    def time(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        if seconds > LONGEST_PAUSE:
            raise TimeoutError("too long a pause")
        time.sleep(seconds)


def _host() -> str | None:
    """The workspace that will be asked, as far as it is known without asking anybody."""
    if os.environ.get("DATABRICKS_HOST"):
        return os.environ["DATABRICKS_HOST"]
    import configparser

    file = os.environ.get("DATABRICKS_CONFIG_FILE") or "~/.databrickscfg"
    profile = os.environ.get("DATABRICKS_CONFIG_PROFILE") or "DEFAULT"
    settings = configparser.ConfigParser(interpolation=None)
    try:
        settings.read(Path(file).expanduser(), encoding="utf-8")
        return settings.get(profile, "host", fallback=None)
    except (configparser.Error, UnicodeDecodeError, RuntimeError, OSError):
        return None  # The library reads it too, and says what is wrong with it.


def _probe(host: str) -> None:
    """Raise Unreachable unless the workspace, or the proxy before it, takes a connection."""
    # It takes long to load, and a Lakebase URL is parsed without it.
    import urllib.request

    asked = urlsplit(host if "://" in host else f"https://{host}")
    proxy = urllib.request.getproxies().get(asked.scheme)
    if proxy and not urllib.request.proxy_bypass(asked.hostname or ""):
        asked = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    try:
        address = (asked.hostname or "", asked.port or {"http": 80}.get(asked.scheme, 443))
        socket.create_connection(address, PROBE_TIMEOUT).close()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Unreachable(f"{asked.hostname} takes no connection: {_short(reason)}") from error


def _within(seconds: float, call: Callable[[], T]) -> T:
    """The outcome of a call that may take some seconds; its failure as one of ours.

    No timeout of a socket bounds an answer that trickles, nor looking up a
    name: the call has a thread, which is left alone when it takes longer.
    """
    found: list[T] = []
    failed: list[Exception] = []

    def run() -> None:
        try:
            found.append(call())
        except Exception as error:
            failed.append(error)

    if seconds > 0:
        thread = Thread(target=run, name=_THREAD, daemon=True)
        thread.start()
        thread.join(seconds)
    if found:
        return found[0]
    if failed:
        error = failed[0]
        if isinstance(error, WorkspaceFailure):
            raise error
        raise _failure(error) from error
    raise Unreachable("the workspace took too long to answer")


def _failure(error: Exception) -> Exception:
    """An exception of the library, or of what it stands on, as one of ours; a bug as it is."""
    from databricks.sdk import errors
    from databricks.sdk.errors.base import DatabricksError

    cause = _first_cause(error)
    reason = _short(str(cause))
    busy = (
        *(errors.TooManyRequests, errors.InternalError, errors.TemporarilyUnavailable),
        errors.DeadlineExceeded,
    )
    match cause:
        case errors.ResourceDoesNotExist():
            return Missing(f"the workspace has none: {reason}")
        case errors.PermissionDenied() | errors.Unauthenticated():
            return Unanswered(f"the workspace forbids it: {reason}")
        case errors.TooManyRequests():
            return Unreachable(f"the workspace is asked too often: {reason}")
        case _ if isinstance(cause, busy):
            return Unreachable(f"the workspace fails: {reason}")
        case DatabricksError():
            return Unanswered(f"the workspace refused: {reason}")
        case ValueError() | TypeError() | AttributeError() | KeyError():
            # Where the library takes an answer apart it trusts its form.
            return Unanswered("what the workspace answered can't be understood")
        case OSError():
            return Unreachable(f"the workspace doesn't answer: {_sort_of(cause)}")
    return error


def _first_cause(error: Exception) -> Exception:
    """What the library gave up for, when it gave up repeating a request."""
    if type(error) is TimeoutError:
        behind = error.__cause__ or error.__context__
        if isinstance(behind, Exception):
            return behind
    return error


def _sort_of(error: OSError) -> str:
    """What kind of failure a connection had; its text names objects within the library."""
    return "it is silent" if "Timeout" in type(error).__name__ else "the connection fails"


def _short(reason: str) -> str:
    """The workspace's own words on one line, none of the advice that the library adds."""
    reason = _ADVICE.split(reason)[0]
    reason = "".join(c if c.isprintable() else " " for c in reason)
    reason = " ".join(reason.split()).rstrip(".")
    return reason if len(reason) <= LONGEST_REASON else f"{reason[:LONGEST_REASON]}…"


class _Quiet(logging.Filter):
    """Drops what the library logs while it works for us: whole answers, tokens among them."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.threadName != _THREAD


_quiet = _Quiet()


def _keep_quiet() -> None:
    logging.getLogger("databricks.sdk").addFilter(_quiet)  # Added once, however often it is said.
