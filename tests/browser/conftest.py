"""A real browser, one for all tests of a file: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs Chromium")


# Not for the session: while Playwright runs, its event loop is the thread's own, and tests that
# have one of theirs, or must have none, would fail.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium from PATH, or the one that ``CONFIGSYNC_TEST_CHROMIUM`` names."""
    found = os.environ.get("CONFIGSYNC_TEST_CHROMIUM") or next(
        filter(None, map(shutil.which, NAMES)), None
    )
    if found is None:
        missing = (
            "these tests need Chromium: apt-get install chromium, or name one in "
            "CONFIGSYNC_TEST_CHROMIUM"
        )
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            yield browser
        finally:
            browser.close()
