"""Plans in every format for people and for machines, with text of strangers in them (rule 6.20).

Each payload stands in all places that a stranger can write to, and in every
other one of them. Each output is read back by a parser of its format, and must be built as
the one of harmless text of the same length and lines; what isn't shown as code
must be the same words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from configsync.core import address
from configsync.core.diagnostic import Diagnostic, Location, Severity
from configsync.core.plan import Action, Base, Change, Plan, PlanOptions, Reason, SourceInfo
from configsync.core.resource import Resource
from configsync.core.revision import RevisionSource, Writer
from configsync.core.values import Row
from configsync.kinds import resource_types
from configsync.render import json as as_json
from configsync.render.escape import HIDDEN
from configsync.render.html import report as html
from configsync.render.markdown import report as markdown
from configsync.render.report import faults
from configsync.render.report import plan as reporting
from configsync.render.report.model import Report
from configsync.render.text import plan as text
from configsync.render.text.style import Style
from tests.payloads import HARMLESS, SHORT
from tests.shapes import (
    parse_markdown,
    printed,
    shape_of_html,
    shape_of_markdown,
    skeleton,
    tamed,
)

UNLIMITED = 10**9

PLACES = (
    *("profile", "space", "old", "new", "prompt", "user", "application", "client", "file"),
    *("source", "commit", "target", "database", "owner", "summary", "detail", "help", "again"),
)


def plan(texts: dict[str, str]) -> Plan:
    """A plan with changes of each sort, with these texts and harmless ones in other places."""
    of = dict.fromkeys(PLACES, HARMLESS) | texts
    of["new"] += " new"
    first, second, third = (
        address.join("profile", of["profile"] + end) for end in ("", " two", " three")
    )
    by = Writer(7, RevisionSource.EXTERNAL, of["user"], "<time>", of["application"], of["client"])
    where = Location(of["file"], 3, 1)

    def resource(at: str, domain: str, values: Row, parent: str | None = None) -> Resource:
        return Resource(at, domain, values, parent, of["owner"], where)

    def profile(at: str, *, default: bool, description: str) -> Resource:
        values: Row = {"name": at, "description": description, "is_default": default}
        return resource(at, "profile", values)

    def space(root: str, description: str) -> Resource:
        at = f"{root}/{address.join('genie_space', of['space'])}"
        values: Row = {"space_id": of["space"], "description": description, "is_default": True}
        return resource(at, "genie_space", values, root)

    def change(reason: Reason, before: Resource | None, after: Resource | None) -> Change:
        action = Action.UPDATE if before and after else Action.DELETE
        action = Action.CREATE if before is None else action
        known = after or before
        assert known is not None
        who = by if reason in (Reason.DRIFT, Reason.CONFLICT) else None
        return Change(known.address, action, reason, "Profile", before, after, 7, who)

    prompt = address.join("prompt", of["prompt"])
    renamed = address.join("prompt", of["prompt"] + " old")
    content = [
        resource(at, "prompt", {"prompt_content": of[v]})
        for at, v in ((renamed, "old"), (prompt, "new"))
    ]
    return Plan(
        target=of["target"],
        source=SourceInfo(of["source"], of["commit"], dirty=True, author=of["user"]),
        base=Base(of["database"], 7),
        options=PlanOptions(force=True),
        changes=(
            change(
                Reason.GIT,
                profile(first, default=True, description=of["old"]),
                profile(first, default=False, description=of["new"]),
            ),
            change(Reason.DRIFT, space(first, of["new"]), space(first, of["old"])),
            change(
                Reason.CONFLICT,
                profile(second, default=False, description=HARMLESS),
                profile(second, default=True, description=HARMLESS),
            ),
            change(Reason.CONFLICT, space(second, of["new"]), space(second, "x" + of["new"])),
            change(Reason.GIT, None, profile(third, default=False, description=of["new"])),
            change(Reason.GIT, None, space(third, of["old"])),
            change(Reason.RENAME, *content),
            change(Reason.GIT, profile(third + "4", default=False, description=of["old"]), None),
        ),
        unchanged=3,
        unmanaged=(first, prompt),
        records=(change(Reason.GIT, None, space(third, of["old"])),),
        forgotten=(third,),
        left_out=(second, prompt),
        taken=((first, of["owner"]),),
        diagnostics=(
            Diagnostic(
                "CS999", Severity.WARNING, of["summary"], of["detail"], where, help=of["help"]
            ),
        ),
    )


def report(found: Plan) -> Report:
    return reporting.report(found, resource_types(), found.source.id)


def pairs(payload: str) -> Iterator[tuple[Plan, Plan]]:
    """Plans with the payload, each with one of the same shape that has harmless text."""
    tame = tamed(payload)
    for places in (PLACES, PLACES[::2]):
        yield plan(dict.fromkeys(places, payload)), plan(dict.fromkeys(places, tame))


def as_markdown(found: Plan) -> str:
    """All of it: how it is cut depends on how long what is shown is."""
    return markdown.render(report(found), limit=UNLIMITED)


def as_html(found: Plan) -> str:
    return html.render(report(found))


def as_text(found: Plan) -> str:
    return text.header(found, Style(False)) + text.render(found, Style(False))


table = pytest.mark.parametrize("payload", SHORT.values(), ids=SHORT)


@table
def test_markdown(payload: str) -> None:
    for hostile, harmless in pairs(payload):
        output = printed(as_markdown(hostile))
        assert shape_of_markdown(output) == shape_of_markdown(as_markdown(harmless))


@table
def test_html(payload: str) -> None:
    for hostile, harmless in pairs(payload):
        output = printed(as_html(hostile))
        assert shape_of_html(output) == shape_of_html(as_html(harmless))


@table
def test_text(payload: str) -> None:
    for hostile, harmless in pairs(payload):
        assert printed(as_text(hostile)).count("\n") == as_text(harmless).count("\n")


@table
def test_json(payload: str) -> None:
    for hostile, harmless in pairs(payload):
        output = as_json.plan(hostile)
        assert HIDDEN.search(output.replace("\n", "")) is None
        found = json.loads(output)
        assert skeleton(found) == skeleton(json.loads(as_json.plan(harmless)))
        assert found["changes"][0]["address"] == hostile.changes[0].address


@table
def test_faults(payload: str) -> None:
    for hostile, harmless in pairs(payload):
        found, tame = (
            faults.report(p.diagnostics, p.source.id, p.target) for p in (hostile, harmless)
        )
        output = printed(markdown.render(found))
        assert shape_of_markdown(output) == shape_of_markdown(markdown.render(tame))
        assert shape_of_html(printed(html.render(found))) == shape_of_html(html.render(tame))


@table
def test_where_all_of_it_is(payload: str) -> None:
    """The one text that a caller gives; only what is surely an address becomes a link."""
    long = report(plan({"new": "line\n" * 1200}))
    output = printed(markdown.render(long, limit=6_000, elsewhere=payload))
    tame = markdown.render(long, limit=6_000, elsewhere=tamed(payload))
    assert "line\n" * 1200 not in output
    if not payload.startswith("http"):
        assert shape_of_markdown(output) == shape_of_markdown(tame)


def test_an_address_becomes_a_link() -> None:
    long = report(plan({"new": "line\n" * 5000}))
    url = "https://example.org/runs/7?a=b#c"
    links = [
        child.attrs["href"]
        for token in parse_markdown(markdown.render(long, limit=20_000, elsewhere=url))
        for child in token.children or ()
        if child.type == "link_open"
    ]
    assert links == [url]


@table
def test_a_marker_is_of_one_target_only(payload: str) -> None:
    marked = markdown.render(report(plan({"target": payload}))).split("\n")[0]
    assert marked.startswith("<!-- configsync:")
    assert marked.count("--") == 2
    others = {name: markdown.render(report(plan({"target": name}))) for name in ("prod", "-", "%")}
    assert [n for n, o in others.items() if n != payload and o.startswith(marked)] == []


RENDERERS: dict[str, Callable[[Plan], str]] = {
    "markdown": as_markdown,
    "html": as_html,
    "text": as_text,
}


@pytest.mark.parametrize("render", RENDERERS.values(), ids=RENDERERS)
def test_what_is_planned_is_told(render: Callable[[Plan], str]) -> None:
    """Diagnostics stand before the text; see ``configsync.cli.plan.show``."""
    output = render(plan({place: f"the-{place}" for place in PLACES}))
    said = () if render is as_text else ("summary", "detail", "help")
    told = {*PLACES} - {"again", "summary", "detail", "help"} | {*said}
    assert [place for place in sorted(told) if f"the-{place}" not in output] == []
    assert "Plan: 2 to create, 5 to update, 1 to delete, 3 unchanged." in output


def test_what_is_cut_is_told_and_where_all_of_it_is() -> None:
    """Every root is named before any is shown whole; the long text is what goes first."""
    found = report(plan({"new": "line\n" * 3000, "source": "configsync plan --target prod"}))
    whole = markdown.render(found, limit=UNLIMITED)
    output = markdown.render(found)
    assert len(whole) > markdown.MAX_BYTES > len(output)
    titles = [line for line in whole.split("\n") if line.startswith("#")]
    assert [line for line in output.split("\n") if line.startswith("#")] == titles
    (notice,) = (line for line in output.split("\n") if line.startswith("**Cut**"))
    assert notice == (
        "**Cut** to fit into a comment: 1 shown without all of it. "
        "For all of it: run `configsync plan --target prod`"
    )
    assert "Left out here: 1 long text." in output
    assert "**Cut**" not in whole
