"""Telling others of a report: a chat by its webhook, Prometheus by a file.

A webhook's URL is a secret, for whoever knows it can post: no message here has
more of it than its host.
"""

from __future__ import annotations

import re
import ssl
from http.client import HTTPException
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
)

from configsync.core.errors import ConfigsyncError
from configsync.edit.files import replace_file

SECONDS = 10.0
"""How long a webhook may take, all in all."""


def parse_webhook(url: str) -> SplitResult:
    """The URL of a webhook: over https, or to this machine itself. Raises ConfigsyncError."""
    try:
        parts = urlsplit(url)
        # What is no port raises ValueError when it is asked for.
        known = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        known = False
    if not known or not re.fullmatch("[!-~]+", url):
        raise ConfigsyncError(
            f"The webhook's URL is {'not understood' if url else 'empty'}. Write https://HOST/PATH."
        )
    if "@" in parts.netloc:
        raise ConfigsyncError("The webhook's URL has a user before its host, which isn't sent.")
    if parts.scheme == "http" and not _is_loopback(parts):
        raise ConfigsyncError(
            f"The webhook at {parts.hostname} is http, which shows its secret to everyone on "
            "the way. Write https."
        )
    return parts


def post(webhook: SplitResult, body: str) -> None:
    """Post JSON to a webhook. What is answered isn't read, a redirection isn't followed.

    Raises ConfigsyncError if it wasn't taken, within `SECONDS`.
    """
    problems: list[str | None] = []
    # A thread, since no timeout of a socket ends a server that sends a byte now and then.
    sending = Thread(target=lambda: problems.append(_send(webhook, body)), daemon=True)
    sending.start()
    sending.join(SECONDS)
    problem = problems[0] if problems else f"hasn't answered within {SECONDS:g} seconds"
    if problem is not None:
        raise ConfigsyncError(f"The webhook at {webhook.hostname} {problem}.")


def write_metrics(file: Path, text: str) -> None:
    """Put metrics in a file's place: a reader sees the old ones or the new ones whole.

    Raises ConfigsyncError if it can't be written, or is no regular file.
    """
    try:
        if file.exists() and not file.is_file():
            raise ConfigsyncError(f"{file} can't be written: it is no regular file.")
        replace_file(file, text.encode())
    except OSError as error:
        raise ConfigsyncError(f"{file} can't be written: {error.strerror}.") from error


def _is_loopback(parts: SplitResult) -> bool:
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return parts.hostname == "localhost"


def _send(parts: SplitResult, body: str) -> str | None:
    """Post, once; what went wrong, as words after the webhook's name, or None."""
    headers = {"Content-Type": "application/json", "User-Agent": "configsync"}
    request = Request(parts.geturl(), body.encode(), headers)  # noqa: S310, the scheme is checked
    try:
        with _opener(parts).open(request, timeout=SECONDS):
            return None
    except HTTPError as error:
        with error:
            moved = ", a redirection, which isn't followed" if error.code // 100 == 3 else ""
            return f"answered with status {error.code}{moved}"
    except (OSError, HTTPException, ValueError) as error:
        return _problem(error.reason if isinstance(error, URLError) else error)


def _opener(parts: SplitResult) -> OpenerDirector:
    """What speaks HTTP and nothing else, through the proxy of the environment but to loopback."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler({} if _is_loopback(parts) else None),
        HTTPHandler(),
        HTTPSHandler(),
        HTTPDefaultErrorHandler(),
        HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _problem(error: BaseException | str) -> str:
    """Words for an error, without its own: they may hold the URL, or what a server sent."""
    if isinstance(error, TimeoutError):
        return f"hasn't answered within {SECONDS:g} seconds"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"has no certificate to trust: {error.verify_message}"
    if isinstance(error, OSError) and error.strerror and not isinstance(error, ssl.SSLError):
        return f"can't be reached: {error.strerror}"
    if isinstance(error, (HTTPException, ValueError)):
        return "answered with what isn't HTTP"
    return f"can't be reached: {type(error).__name__}"
