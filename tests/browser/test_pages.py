"""Pages as people meet them: on a phone, in the dark, with a screen reader, and hostile.

``pytest tests/browser --update`` takes the README's pictures anew; look at them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page

from configsync.render.html.report import render
from tests.conftest import Workspace
from tests.payloads import SHORT
from tests.test_cases import CASES, step
from tests.unit.test_render_plan import PLACES, plan, report

pytestmark = pytest.mark.browser

PICTURES = Path(__file__).parents[2] / ".github/pictures"
MAX_PICTURE = 150 * 1024

PHONE = (360, 740)
DESK = (760, 1222)

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")

ACTIVE = "a, area, base, embed, form, iframe, img, input, link, object, script, svg, math"
SEEN = """active => {
  document.querySelectorAll('details').forEach(d => { d.open = true });
  return {
    active: document.querySelectorAll(active).length,
    titles: document.querySelectorAll('h1').length,
    width: document.documentElement.scrollWidth,
  };
}"""

Scheme = Literal["light", "dark"]


@pytest.fixture
def scene(project: Workspace) -> Workspace:
    """The project of a case, where its first plan is to be shown."""
    case = CASES / "plan-for-review"
    shutil.copytree(case, project.root, dirs_exist_ok=True)
    for line in (case / "cmd").read_text(encoding="utf-8").splitlines():
        if line.startswith("configsync plan"):
            return project
        step(line, project)
    raise AssertionError("the case makes no plan")


def planned(scene: Workspace) -> str:
    return scene.ok("plan", "-o", "html", "--force", "--accept-conflicts").out


def refused(scene: Workspace) -> str:
    """With a conflict and much that isn't selected."""
    result = scene.run("plan", "-o", "html", "--select", "profile/staging*")
    assert result.code == 4
    return result.out


def drifted(scene: Workspace) -> str:
    return scene.ok("drift", "-o", "html").out


def not_planned(scene: Workspace) -> str:
    (scene.root / "profiles/prompts/system.md").unlink()
    result = scene.run("plan", "-o", "html")
    assert result.code == 1
    return result.out


PAGES: tuple[Callable[[Workspace], str], ...] = (planned, refused, drifted, not_planned)


@contextmanager
def shown(
    browser: Browser, content: str, size: tuple[int, int], scheme: Scheme = "light"
) -> Iterator[Page]:
    """A page in a window of a size; it asks nothing of anyone, and nothing goes wrong in it."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme
    )
    page = context.new_page()
    wrong: list[str] = []
    page.on("request", lambda request: wrong.append(request.url))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    page.set_content(content)
    try:
        yield page
    finally:
        context.close()
    assert wrong == []


def opened(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")


def violations(page: Page) -> list[tuple[str, list[Any]]]:
    """What axe finds wrong, or can't decide about contrast."""
    page.evaluate(AXE)
    found = page.evaluate("axe.run()")
    undecided = [i for i in found["incomplete"] if i["id"] == "color-contrast"]
    wrong = [*found["violations"], *undecided]
    return [(v["id"], [n["html"] for n in v["nodes"]]) for v in wrong]


@pytest.mark.parametrize("make", PAGES, ids=lambda make: make.__name__)
def test_anyone_can_read_it(
    make: Callable[[Workspace], str], scene: Workspace, browser: Browser
) -> None:
    content = make(scene)
    schemes: tuple[Scheme, ...] = ("light", "dark")
    backgrounds = set()
    for scheme in schemes:
        with shown(browser, content, PHONE, scheme) as page:
            opened(page)
            assert violations(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
            color = "getComputedStyle(document.body).backgroundColor"
            backgrounds.add(page.evaluate(color))
    assert len(backgrounds) == len(schemes)


def test_axe_sees_what_is_wrong(scene: Workspace, browser: Browser) -> None:
    content = planned(scene).replace("--text: #1f2328", "--text: #aaa").replace("<h1>", "<h5>")
    with shown(browser, content, DESK) as page:
        assert {"color-contrast", "page-has-heading-one"} <= {name for name, _ in violations(page)}


def test_a_reader_finds_the_way(scene: Workspace, browser: Browser) -> None:
    """By headings, by the heads of tables, and by what is folded."""
    with shown(browser, planned(scene), DESK) as page:
        assert page.locator("h1").all_inner_texts() == [
            "Plan: 5 to create, 9 to update, 5 to delete, 4 unchanged."
        ]
        assert page.locator("h2").first.inner_text() == "Deletes and other defaults"
        cell = page.get_by_role("row", name="llm_max_tokens").get_by_role("cell")
        assert cell.all_inner_texts() == ["60000", "80000"]
        folded = page.locator("article", has_text="profile/legacy").locator("details").first
        assert not folded.locator("table").is_visible()
        folded.locator("summary").first.press("Enter")
        assert folded.locator("table").is_visible()


def test_no_payload_is_more_than_text(browser: Browser) -> None:
    """As a browser reads it; the test of the shape of HTML asks a parser."""
    # One window for all: opening one takes longer than reading a page.
    with shown(browser, "", PHONE) as page:
        for name, payload in SHORT.items():
            page.set_content(render(report(plan(dict.fromkeys(PLACES, payload[:1000])))))
            found = page.evaluate(SEEN, ACTIVE)
            assert found == {"active": 0, "titles": 1, "width": PHONE[0]}, name


def test_the_pictures_of_the_readme(
    scene: Workspace, browser: Browser, pytestconfig: pytest.Config
) -> None:
    schemes: tuple[Scheme, ...] = ("light", "dark")
    content = planned(scene)
    for scheme in schemes:
        file = PICTURES / f"plan-{scheme}.png"
        if pytestconfig.getoption("--update"):
            with shown(browser, content, DESK, scheme) as page:
                page.screenshot(path=file)
        assert file.stat().st_size <= MAX_PICTURE
