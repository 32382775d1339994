"""Layers: what merges, what removes, and that every value knows the layer that set it."""

from __future__ import annotations

from typing import Any

from configsync.core.diagnostic import Diagnostic
from configsync.core.document import Document
from configsync.source.layers import Layers, ListKeys, merge
from configsync.source.reader import read

KEYS: ListKeys = {("spec", "spaces"): "id"}


def document(text: str, file: str = "a.yaml") -> Document:
    reading = read(text, file)
    assert reading.diagnostics == []
    return Document("Profile", reading.roots[0])


def spec(*layers: str) -> Any:
    merged, problems = merge([document(f"spec: {text}") for text in layers], KEYS)
    assert problems == []
    return merged.body["spec"]


def test_mappings_merge_by_key() -> None:
    assert spec("{a: {x: 1, y: 2}}", "{a: {y: 3, z: 4}}") == {"a": {"x": 1, "y": 3, "z": 4}}


def test_lists_with_a_key_merge_by_it() -> None:
    merged = spec(
        "{spaces: [{id: one, name: One}, {id: two, name: Two}]}",
        "{spaces: [{id: two, name: Zwei}, {id: three}]}",
    )
    assert merged == {
        "spaces": [{"id": "one", "name": "One"}, {"id": "two", "name": "Zwei"}, {"id": "three"}]
    }


def test_other_lists_are_replaced() -> None:
    assert spec("{tags: [a, b]}", "{tags: [c]}") == {"tags": ["c"]}


def test_unset_removes_a_key_and_an_item() -> None:
    assert spec("{a: 1, b: 2}", "{a: {$unset: true}}") == {"b": 2}
    merged = spec("{spaces: [{id: one}, {id: two}]}", "{spaces: [{id: one, $unset: true}]}")
    assert merged == {"spaces": [{"id": "two"}]}


def test_a_reference_is_one_value() -> None:
    assert spec("{a: {$file: x.md}}", "{a: {$var: y}}") == {"a": {"$var": "y"}}


def test_removing_nothing_is_a_fault() -> None:
    layers = [document("spec: {a: 1}"), document("spec: {b: {$unset: true}}", "b.yaml")]
    _, problems = merge(layers, KEYS)
    assert [(d.code, str(d.location), d.path) for d in problems] == [
        ("CS130", "b.yaml:1:12", "spec.b")
    ]


def test_every_value_keeps_the_place_where_it_was_set() -> None:
    base = document("metadata: {name: base}\nspec:\n  a: 1\n  b: {c: 2, d: 3}\n", "base.yaml")
    over = document("metadata: {name: top}\nspec:\n  b: {d: 4}\n", "top.yaml")
    merged, _ = merge([base, over], KEYS)
    assert str(merged.locate(("spec", "a"))) == "base.yaml:3:6"
    assert str(merged.locate(("spec", "b", "c"))) == "base.yaml:4:10"
    assert str(merged.locate(("spec", "b", "d"))) == "top.yaml:3:10"
    assert base.body["spec"]["b"] == {"c": 2, "d": 3}


def test_what_a_base_says_of_itself_is_not_inherited() -> None:
    base = document(
        "metadata: {name: base, abstract: true, description: x, labels: {a: b}, renamed_from: y}"
    )
    over = document("metadata: {name: top, extends: base}")
    merged, _ = merge([base, over], KEYS)
    assert merged.body["metadata"] == {"name": "top", "labels": {"a": "b"}}


def test_a_stack_reaches_down_through_bases_and_overlays() -> None:
    layers = Layers()
    layers.add(document(t) for t in ("metadata: {name: a}", "metadata: {name: b, extends: a}"))
    top = document("metadata: {name: c, extends: b}")
    layers.add([top])
    layers.add_patches([document("metadata: {name: b}\nspec: {x: 1}", "overlay.yaml")])
    stack = layers.stack(top)
    assert not isinstance(stack, Diagnostic)
    assert [(d.name, d.file) for d in stack] == [
        ("a", "a.yaml"),
        ("b", "a.yaml"),
        ("b", "overlay.yaml"),
        ("c", "a.yaml"),
    ]


def test_a_circle_is_one_fault_from_every_side() -> None:
    layers = Layers()
    circle = [
        document(f"metadata: {{name: {a}, extends: {b}}}")
        for a, b in (("b", "c"), ("a", "b"), ("c", "a"))
    ]
    layers.add(circle)
    found = {layers.stack(d) for d in circle if isinstance(layers.stack(d), Diagnostic)}
    (fault,) = found
    assert isinstance(fault, Diagnostic)
    assert fault.summary == "extends turns in a circle: a → b → c → a"
    assert len(fault.related) == 3


def test_a_missing_base_names_the_nearest() -> None:
    layers = Layers()
    layers.add([document("metadata: {name: production}")])
    fault = layers.stack(document("metadata: {name: x, extends: prodution}"))
    assert isinstance(fault, Diagnostic)
    assert fault.help == "Did you mean production?"
