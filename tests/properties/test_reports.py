"""Any plan makes a comment that fits, that is built as it should be, and that counts right."""

from __future__ import annotations

import re
from itertools import count, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from configsync.core import address
from configsync.core.plan import Action, Base, Change, Plan, Reason, SourceInfo
from configsync.core.resource import Resource
from configsync.core.values import Row
from configsync.kinds import resource_types
from configsync.render.escape import HIDDEN
from configsync.render.fields import diff_lines
from configsync.render.markdown.report import MAX_BYTES, render
from configsync.render.report.model import Group, Section
from configsync.render.report.plan import report
from configsync.render.texts import compare
from tests.payloads import SHORT
from tests.shapes import parse_markdown
from tests.times import examples

GITHUB = 65_536
"""Characters of a comment."""

texts = st.one_of(
    st.text(max_size=60),
    st.sampled_from(sorted(SHORT.values())),
    st.builds(lambda t, n: (t + "\n") * n, st.text(max_size=30), st.integers(1, 3000)),
    st.builds(lambda t, n: t * n, st.text(max_size=5), st.integers(1, 20_000)),
)


def resource(root: str, part: int, text: str, number: int) -> Resource:
    """A profile, or one of its parts."""
    if part == 0:
        values: Row = {"name": root, "description": text, "is_default": False}
        return Resource(root, "profile", values)
    at = f"{root}/{address.join('genie_space', str(part))}"
    return Resource(at, "genie_space", {"description": text, "is_default": part == number}, root)


@st.composite
def changes(draw: st.DrawFn, numbers: count[int]) -> list[Change]:
    """What happens to a profile and its parts."""
    root = address.join("profile", draw(st.text(max_size=100)) + str(next(numbers)))
    found = []
    for part in range(draw(st.integers(1, 4))):
        action = draw(st.sampled_from([Action.CREATE, Action.UPDATE, Action.DELETE]))
        old, new = (resource(root, part, draw(texts), n) for n in (1, 2))
        before = None if action is Action.CREATE else old
        after = None if action is Action.DELETE else new
        reason = draw(st.sampled_from(list(Reason)))
        found.append(Change(new.address, action, reason, "Profile", before, after))
    return found


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A plan of few changes, or of very many like them."""
    every = [c for part in draw(st.lists(changes(count()), max_size=5)) for c in part]
    addresses = draw(st.lists(st.text(max_size=100), max_size=5))
    again = draw(st.sampled_from([1, 1, 40, 1000]))
    return Plan(
        target=draw(st.text(max_size=300)),
        source=SourceInfo(draw(st.text(max_size=300))),
        base=Base("here", 1),
        changes=tuple(_moved(c, i) for i in range(again) for c in every),
        unmanaged=tuple(addresses) * again,
        left_out=tuple(addresses),
    )


def _moved(change: Change, number: int) -> Change:
    """The same change of another profile."""

    def moved(known: Resource | None) -> Resource | None:
        if known is None or number == 0:
            return known
        root = f"{known.root}-{number}"
        at = address.moved(known.address, known.root, root)
        parent = None if known.parent is None else root
        return Resource(at, known.domain, known.values, parent)

    before, after = moved(change.before), moved(change.after)
    at = (after or before or change.resource).address
    return Change(at, change.action, change.reason, change.kind, before, after)


@settings(max_examples=examples(8))
@given(plans())
def test_a_plan_of_any_size_fits_into_a_comment(plan: Plan) -> None:
    found = report(plan, resource_types(), f"configsync plan --target {plan.target}")
    output = render(found, elsewhere=None if plan.left_out else plan.target)
    assert len(output.encode()) <= MAX_BYTES < GITHUB
    assert HIDDEN.search(output.replace("\n", "")) is None
    tokens = parse_markdown(f"{output}\n\nEND")
    # Nothing is left open that would swallow what a CI writes below.
    assert [t.type for t in tokens[-3:]] == ["paragraph_open", "inline", "paragraph_close"]
    blocks = [t.content for t in tokens if t.type == "html_block"]
    assert sum(b.startswith("<details") for b in blocks) == blocks.count("</details>\n")
    titles = {level: _titles(output, level) for level in (2, 3)}
    assert len(titles[2]) == 1
    assert titles[3] == [s.title for s in found.parts]


@settings(max_examples=examples(8))
@given(plans())
def test_what_is_left_out_is_counted(plan: Plan) -> None:
    found = report(plan, resource_types(), "configsync plan")
    parts = re.split(r"(?m)^### .*$", render(found))
    for section, part in zip(found.parts, parts[1:], strict=True):
        if not isinstance(section, Section):
            continue
        told = re.search(r"(?m)^… and ([0-9]+) more, left out here\.$", _unfenced(part))
        shown = _unfenced(part).count("\n#### ")
        # Which are left out depends on what fits; all of them are shown or counted.
        assert shown <= len(section.groups)
        left = int(told[1]) if told else 0
        least = sorted(_resources(section.groups))[: len(section.groups) - shown]
        assert sum(least) <= left
        assert (left == 0) == (shown == len(section.groups))


@given(texts, texts)
def test_a_diff_says_the_same_with_its_words_told_apart(old: str, new: str) -> None:
    plain = [line for line in diff_lines(old, new) if len(line) < 200]
    marked = [
        line.text if line.sign == "@" else f"{line.sign} {line.text}".rstrip(" ")
        for line in compare(old, new)
    ]
    assert set(plain) <= set(marked)
    assert len(marked) == len(list(diff_lines(old, new)))


def _resources(groups: tuple[Group, ...]) -> list[int]:
    return [g.resources for g in groups]


def _titles(output: str, level: int) -> list[str]:
    tokens = parse_markdown(output)
    return [
        after.content
        for token, after in pairwise(tokens)
        if token.type == "heading_open" and token.tag == f"h{level}"
    ]


def _unfenced(output: str) -> str:
    """Without the lines of code blocks."""
    lines = output.split("\n")
    for token in parse_markdown(output):
        if token.type == "fence" and token.map is not None:
            lines[slice(*token.map)] = [""] * (token.map[1] - token.map[0])
    return "\n".join(lines)
