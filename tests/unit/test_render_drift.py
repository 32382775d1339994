"""Drift in every format: text of strangers can't change how an output is built (rule 6.20).

Each payload stands in each place that a stranger can write to, and in all at
once. Each output is read back by a parser of its format, and must be built as
the one of harmless text of the same length and lines.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from configsync.core import address
from configsync.core.diagnostic import Location
from configsync.core.drift import DriftReport
from configsync.core.plan import Action, Change, Reason
from configsync.core.resource import Resource
from configsync.core.revision import RevisionSource, Writer
from configsync.core.values import Row
from configsync.render import json as as_json
from configsync.render import junit, prometheus, slack
from configsync.render.escape import HIDDEN, one_line
from configsync.render.html import page
from configsync.render.html import report as html
from configsync.render.markdown import report as markdown
from configsync.render.report import drift as reporting
from configsync.render.text import drift as text
from configsync.render.text.style import Style
from tests.payloads import HARMLESS, SHORT
from tests.shapes import printed, shape_of_html, shape_of_junit, shape_of_markdown, skeleton, tamed
from tests.unit import test_render_junit

MOMENT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
UNLIMITED = 10**9

PLACES = ("profile", "space", "applied", "live", "user", "application", "client", "source")


def report(texts: dict[str, str]) -> DriftReport:
    """Drift of each sort, with these texts and harmless ones in the other places."""
    of = dict.fromkeys(PLACES, HARMLESS) | texts
    of["live"] += " live"
    root = address.join("profile", of["profile"])
    space = f"{root}/{address.join('genie_space', of['space'])}"
    other = f"{root}/{address.join('genie_space', of['space'] + '2')}"
    by = Writer(7, RevisionSource.EXTERNAL, of["user"], "<time>", of["application"], of["client"])
    where = Location(of["source"], 3, 1)

    def resource(at: str, domain: str, values: Row) -> Resource:
        parent = None if at == root else root
        return Resource(at, domain, values, parent, of["source"], where)

    def change(action: Action, before: Resource | None, after: Resource | None) -> Change:
        at = (before or after or known).address
        return Change(at, action, Reason.DRIFT, "Profile", before, after, 7, by)

    known = resource(root, "profile", {"name": of["profile"], "description": of["applied"]})
    renamed = resource(root + "2", "profile", {"name": HARMLESS, "description": of["live"]})
    applied = resource(space, "genie_space", {"space_name": of["applied"], "is_default": True})
    gone = resource(other, "genie_space", {"space_name": of["applied"], "is_default": True})
    live = resource(space, "genie_space", {"space_name": of["live"], "is_default": False})
    return DriftReport(
        database=of["source"],
        revision=7,
        owner=of["source"],
        drift=(
            change(Action.UPDATE, known, renamed),
            change(Action.UPDATE, applied, live),
            change(Action.DELETE, gone, None),
        ),
        unmanaged=(root, space),
        pending=(Change(root, Action.CREATE, Reason.GIT, "Profile", None, known),),
        compared=True,
        last_apply=Writer(6, RevisionSource.APPLY, of["user"], "2026-11-22T09:30:00Z"),
    )


def as_markdown(found: DriftReport) -> str:
    """All of it: how it is cut depends on how long what is shown is."""
    return markdown.render(reporting.report(found, "configsync drift"), limit=UNLIMITED)


def as_html(found: DriftReport) -> str:
    return html.render(reporting.report(found, "configsync drift"))


def pairs(payload: str) -> Iterator[tuple[DriftReport, DriftReport]]:
    """Reports with the payload, each with one of the same shape that has harmless text."""
    tame = tamed(payload)
    for place in PLACES:
        yield report({place: payload}), report({place: tame})
    yield report(dict.fromkeys(PLACES, payload)), report(dict.fromkeys(PLACES, tame))


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
def test_junit(payload: str) -> None:
    for hostile, harmless in pairs(payload):
        output = printed(junit.drift(hostile))
        shapes = [shape_of_junit(o) for o in (output, junit.drift(harmless))]
        assert shapes[0] == shapes[1]


@table
def test_json(payload: str) -> None:
    for hostile, harmless in pairs(payload):
        output = as_json.drift(hostile)
        assert HIDDEN.search(output.replace("\n", "")) is None
        assert skeleton(json.loads(output)) == skeleton(json.loads(as_json.drift(harmless)))
        stated = json.loads(output)["drift"][1]["fields"]["space_name"]
        before, after = hostile.drift[1].before, hostile.drift[1].after
        assert before is not None
        assert after is not None
        given = [before.values["space_name"], after.values["space_name"]]
        assert [stated["applied"], stated["live"]] == given


@table
def test_text(payload: str) -> None:
    for hostile, harmless in pairs(payload):
        output = printed(text.render(hostile, Style(False)))
        assert output.count("\n") == text.render(harmless, Style(False)).count("\n")


@table
def test_slack(payload: str) -> None:
    for hostile, harmless in pairs(payload):
        output = slack.render(hostile, hostile.database)
        assert words_of_slack(output) == words_of_slack(slack.render(harmless, harmless.database))


@table
def test_prometheus(payload: str) -> None:
    for hostile, harmless in pairs(payload):
        output = prometheus.render(hostile, hostile.database, MOMENT)
        assert HIDDEN.search(output.replace("\n", "")) is None
        labels = {"target": one_line(hostile.database), "database": one_line(hostile.database)}
        labels["source"] = one_line(hostile.owner or "")
        found, calm = samples(output), samples(prometheus.render(harmless, "", MOMENT))
        assert [(s.name, s.value) for s in found] == [(s.name, s.value) for s in calm]
        assert all(s.labels == labels for s in found)


RENDERERS: dict[str, Callable[[DriftReport], str]] = {
    "markdown": as_markdown,
    "html": as_html,
    "junit": junit.drift,
    "text": lambda found: text.render(found, Style(False)),
}


@pytest.mark.parametrize("render", RENDERERS.values(), ids=RENDERERS)
def test_what_is_found_is_told(render: Callable[[DriftReport], str]) -> None:
    texts = {place: f"the-{place}" for place in PLACES}
    output = render(report(texts))
    told = ["profile", "space", "applied", "live", "user", "application", "client"]
    assert [place for place in told if f"the-{place}" not in output] == []
    assert "Drift: 3 changed in the database, 2 unmanaged, 1 pending." in output


@pytest.mark.parametrize("render", RENDERERS.values(), ids=RENDERERS)
def test_no_drift_is_told_as_well(render: Callable[[DriftReport], str]) -> None:
    output = render(DriftReport("here", 3, None, (), (), compared=True))
    assert "No drift. 0 unmanaged, 0 pending." in output
    output = render(DriftReport("here", 3, None, (), ()))
    assert "No drift. 0 unmanaged, pending unknown." in output


@pytest.mark.parametrize("render", RENDERERS.values(), ids=RENDERERS)
def test_a_write_without_a_record_is_told_as_such(render: Callable[[DriftReport], str]) -> None:
    before = Resource("profile/a", "profile", {"name": "a", "description": "x"})
    after = Resource("profile/a", "profile", {"name": "a", "description": "y"})
    change = Change("profile/a", Action.UPDATE, Reason.DRIFT, "Profile", before, after)
    output = render(DriftReport("here", 3, None, (change,), ()))
    assert "by a write that left no record" in output.lower()


@pytest.mark.parametrize("end", ["x ", "x\t", "x\r", "x\u00a0", "x\u3000", "x\u200b", "x\n"])
@pytest.mark.parametrize("render", RENDERERS.values(), ids=RENDERERS)
def test_what_differs_looks_different(render: Callable[[DriftReport], str], end: str) -> None:
    def found(live: str) -> str:
        before = Resource("profile/a", "profile", {"description": "first\nx"})
        after = Resource("profile/a", "profile", {"description": f"first\n{live}"})
        change = Change("profile/a", Action.UPDATE, Reason.DRIFT, "Profile", before, after)
        return render(DriftReport("here", 3, None, (change,), ()))

    assert found(end) != found("x")
    assert all(line == line.rstrip() or line.endswith("+ ") for line in found(end).split("\n"))


def test_a_failed_case_for_each_resource_and_one_that_passed() -> None:
    root = test_render_junit.parsed(junit.drift(report({})))
    suites = [(s.get("name"), s.get("tests"), s.get("failures")) for s in root]
    assert suites == [("profile/harmless", "3", "3"), (junit.DATABASE, "1", "0")]


def test_nothing_that_drifted_is_a_case_that_passed() -> None:
    root = test_render_junit.parsed(junit.drift(DriftReport("here", 3, None, (), ())))
    assert root.attrib["failures"] == "0"
    assert root.attrib["tests"] == "1"


def test_a_message_tells_what_has_no_room() -> None:
    def deleted(number: int) -> Change:
        before = Resource(f"profile/{number:04}", "profile", {"name": "x" * 250})
        return Change(before.address, Action.DELETE, Reason.DRIFT, "Profile", before, None)

    few, many = (DriftReport("here", 3, None, tuple(map(deleted, range(n))), ()) for n in (9, 999))
    told = words_of_slack(slack.render(many, "prod")).split("\n")
    (rest,) = re.findall(r"^And (\d+) more: ", told[-1])
    assert sum(line.startswith("•") for line in told) + int(rest) == 999
    assert "more" not in words_of_slack(slack.render(few, "prod"))


def test_a_message_holds_no_values() -> None:
    output = slack.render(report({"applied": "old secret", "live": "new secret"}), "prod")
    assert "space_name" in output
    assert "secret" not in output


def test_what_is_not_known_has_no_metric() -> None:
    found = samples(prometheus.render(DriftReport("here", 3, None, (), ()), "prod", MOMENT))
    assert {s.name: s.value for s in found} == {
        "configsync_drift_resources": 0,
        "configsync_unmanaged_resources": 0,
        "configsync_database_revision": 3,
        "configsync_drift_check_timestamp_seconds": MOMENT.timestamp(),
    }


def test_a_page_asks_nothing_of_anyone() -> None:
    output = as_html(report({}))
    assert not re.search(
        r"<(script|link|img|iframe|object|a|form)\b|\bon\w+=|url\(|@import", output
    )
    assert page.POLICY.startswith("default-src 'none'")


def words_of_slack(output: str) -> str:
    """What a message says in configsync's own words; it keeps to Slack's limits."""
    message = json.loads(output)
    assert list(message) == ["text", "blocks"]
    assert 1 <= len(message["blocks"]) <= 50
    texts = [block["text"] for block in message["blocks"]]
    assert all(b == {"type": "section", "text": b["text"]} for b in message["blocks"])
    assert all((t["type"], t["verbatim"]) == ("mrkdwn", True) for t in texts)
    assert all(len(t["text"]) <= 3000 for t in texts)
    assert sum(len(t["text"]) for t in texts) <= 10_100
    lines = "\n".join(t["text"] for t in texts).split("\n")
    for line in [message["text"], *lines]:
        assert HIDDEN.search(line) is None
        assert re.search("[<>]|&(?!amp;|lt;|gt;)", line) is None
        assert line.count("`") % 2 == 0
    return "\n".join(re.sub("`[^`]*`", "`code`", line) for line in [message["text"], *lines])


def samples(output: str) -> list[Sample]:
    """The samples of metrics, as Prometheus' own parser has them; each of a gauge of one."""
    families = list(text_string_to_metric_families(output))
    assert all(f.type == "gauge" and f.documentation and len(f.samples) == 1 for f in families)
    return [sample for family in families for sample in family.samples]
