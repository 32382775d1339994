"""A real browser, one for all tests of the folder: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs Chromium")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium from PATH, or the one that ``CONFIGSYNC_TEST_CHROMIUM`` names; never skipped."""
    found = os.environ.get("CONFIGSYNC_TEST_CHROMIUM") or shutil.which("chromium")
    assert found, (
        "these tests need Chromium: apt-get install chromium, or name one in "
        'CONFIGSYNC_TEST_CHROMIUM; leave them out with pytest -m "not browser"'
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            yield browser
        finally:
            browser.close()
