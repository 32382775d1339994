"""What is wrong is told at its line; what is right, and where it is from, is told too."""

from __future__ import annotations

from typing import Any

from tests.conformance.case import expected_errors
from tests.conformance.opening import Opening
from tests.conformance.subject import Subject, lay


def test_what_is_wrong_is_told_at_its_line_and_changes_nothing(anywhere: Subject) -> None:
    live, revision = anywhere.live(), anywhere.revision()
    for path in anywhere.case.invalid:
        lay(anywhere.workspace.root, anywhere.case.start, path)
        found = anywhere.workspace.run("validate", "-o", "json")
        errors = [d for d in found.json["diagnostics"] if d["severity"] == "error"]
        assert sorted(map(place, errors)) == expected_errors(path), path.name
        assert found.code == anywhere.workspace.run("apply", "--auto-approve").code == 1
    assert (anywhere.live(), anywhere.revision()) == (live, revision)


def place(diagnostic: Any) -> tuple[str, str, int]:
    where = diagnostic["location"]
    return diagnostic["code"], where["file"].removeprefix("profiles/"), where["line"]


def test_each_value_is_traced_to_its_line(opening: Opening, dialect: str) -> None:
    # Nobody else wrote to it, and all lines are those that were applied.
    begun = opening.empty(dialect)
    begun.lay(begun.case.start)
    begun.apply()
    live = begun.live()
    for at, resource in live.items():
        explained = begun.json("explain", at)["fields"]
        assert explained.keys() == resource.values.keys()
        for name, field in explained.items():
            assert field["database"]["value"] == resource.values[name]
            for layer in field["chain"]:
                require_stands_there(begun, layer)
    for root in {resource.root for resource in live.values()}:
        for blamed in begun.json("blame", root)["resources"]:
            for name, field in blamed["fields"].items():
                assert field["value"] == live[blamed["address"]].values[name]
                assert (field["explained"], field["source"]) == (True, "apply")
                assert line(begun, field["location"])


def require_stands_there(subject: Subject, layer: Any) -> None:
    """Require that a value of one word stands where explain says."""
    text, value = line(subject, layer["location"]), layer["value"]
    word = isinstance(value, bool | int | float) or (isinstance(value, str) and value.isalnum())
    if word and not text.startswith(("{$", "|", ">")):
        spelled = str(value).lower() if isinstance(value, bool) else str(value).removesuffix(".0")
        assert spelled in text, layer


def line(subject: Subject, location: Any) -> str:
    """The line of a file that a location names, from its column on."""
    text = (subject.workspace.root / location["file"]).read_text(encoding="utf-8")
    return str(text.splitlines()[location["line"] - 1][location["column"] - 1 :])


def test_people_can_read_it(anywhere: Subject) -> None:
    live = anywhere.live()
    wanted = anywhere.asked(anywhere.case.start, anywhere.case.changed[0])
    root = min(at for at, resource in live.items() if at in wanted and resource.parent is None)
    for command in (("plan",), ("history",), *((c, root) for c in ("blame", "explain", "show"))):
        assert anywhere.workspace.ok(*command).out
