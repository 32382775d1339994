"""Cases from folders: input, commands and expected output stand side by side.

``cases/<name>/`` is a project with a file ``cmd`` of commands, one a line, and
``expected``, the transcript of what they print. ``cases/invalid/<class>/<name>.yaml``
is one bad file, kept to the byte, and ``<name>.expected`` has a line
``CODE line:column path`` for each finding.

``pytest tests/test_cases.py --update`` rewrites what is expected; read the
difference before you commit it. An expectation that begins with ``# not yet:``
and a reason is what should be but isn't: it is kept until it is met.
"""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Result, Workspace
from tests.profiles import profile

CASES = Path(__file__).parent / "cases"
FLOWS = sorted(file.parent for file in CASES.glob("*/cmd"))
INVALID = sorted(CASES.glob("invalid/*/*.yaml"))

INPUT = "profiles/input.yaml"
NOT_YET = "# not yet: "

VARYING = (
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", "<time>"),
    (r'(?<=Head )[0-9a-f]{64}|(?<="head": ")[0-9a-f]{64}', "<head>"),
    (r'(?<="plan_id": ")[0-9a-f]{32}', "<plan>"),
    (
        r'(?:(?<=Content  )|(?<="digest": ")|(?<="content_digest": "))[0-9a-f]{32}',
        "<digest>",
    ),
    (r"(?<=after )\d+\.\d(?= s\b)", "<seconds>"),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<database>"),
)
"""What differs from run to run, and what stands in its place in a transcript."""


@pytest.mark.parametrize("case", FLOWS, ids=lambda case: case.name)
def test_flow(case: Path, project: Workspace, pytestconfig: pytest.Config) -> None:
    shutil.copytree(
        case,
        project.root,
        dirs_exist_ok=True,
        ignore=shutil.ignore_patterns("cmd", "expected"),
    )
    commands = (case / "cmd").read_text(encoding="utf-8").splitlines()
    transcript = "".join(step(line, project) for line in commands)
    _compare(case / "expected", transcript, pytestconfig)


def step(line: str, project: Workspace) -> str:
    """Carry out one line of ``cmd``; returns its part of the transcript.

    Besides ``configsync``, ``copy FROM TO`` and ``remove FILE`` change the
    project's files, ``sql STATEMENT`` its database past configsync. Comments
    and empty lines are carried over.
    """
    if not line or line.startswith("#"):
        return f"{line}\n"
    word, _, rest = line.partition(" ")
    output = ""
    match word:
        case "configsync":
            output = _transcript(project.run(*shlex.split(rest)), project.root)
        case "copy":
            source, target = (project.root / name for name in rest.split())
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        case "remove":
            (project.root / rest).unlink()
        case "sql":
            project.sql(rest)
        case _:
            raise ValueError(f"cmd has no word {word}")
    return f"$ {line}\n{output}"


def _transcript(result: Result, root: Path) -> str:
    """What was printed, errors behind ``!``, and the exit code if it isn't 0."""
    errors = "".join(f"! {line}" for line in result.err.splitlines(keepends=True))
    ending = f"exit {result.code}\n" if result.code else ""
    text = result.out + errors + ending
    for name in {str(root), str(root.resolve())}:
        text = text.replace(name, "<project>")
    for pattern, placeholder in VARYING:
        text = re.sub(pattern, placeholder, text)
    return text


@pytest.mark.parametrize("case", INVALID, ids=lambda case: f"{case.parent.name}/{case.stem}")
def test_invalid(case: Path, project: Workspace, pytestconfig: pytest.Config) -> None:
    project.write(INPUT, case.read_bytes())
    _compare(case.with_suffix(".expected"), _findings(project), pytestconfig)


def test_every_expectation_has_its_input() -> None:
    expected = {file.with_suffix(".yaml") for file in CASES.glob("invalid/*/*.expected")}
    assert expected <= set(INVALID)


def _findings(project: Workspace) -> str:
    """What ``validate`` finds, a line each; the same in JSON and in text, exit code included."""
    as_json = project.run("validate", "-o", "json")
    as_text = project.run("validate")
    assert as_json.err == as_text.err == ""
    found = as_json.json["diagnostics"]
    errors = [d for d in found if d["severity"] == "error"]
    assert as_json.json["summary"]["errors"] == len(errors)
    assert as_json.code == as_text.code == (1 if errors else 0)
    assert all(d["summary"] for d in found)
    heads = re.findall(r"^(\w+\[CS\d+\]): .+\n  --> (.+)$", as_text.out, re.MULTILINE)
    assert heads == [(f"{d['severity']}[{d['code']}]", _place(d)) for d in found]
    lines = (f"{d['code']} {_place(d).removeprefix(INPUT + ':')} {d['path']}" for d in found)
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _place(diagnostic: dict[str, Any]) -> str:
    where = diagnostic["location"]
    return f"{where['file']}:{where['line']}:{where['column']}"


def _compare(file: Path, text: str, config: pytest.Config) -> None:
    """Compare with what a file expects, or with ``--update`` make it expect that."""
    expected = file.read_bytes().decode() if file.exists() else ""
    first, _, rest = expected.partition("\n")
    if first.startswith(NOT_YET) and text != rest:
        pytest.xfail(first.removeprefix(NOT_YET))
    if config.getoption("--update"):
        file.write_text(text, encoding="utf-8", newline="")
    elif text != expected:
        old, new = expected.splitlines(keepends=True), text.splitlines(keepends=True)
        pytest.fail("".join(unified_diff(old, new, str(file), "now")), pytrace=False)


# Inputs that would be large to keep, or that a checkout can't hold on every system.

MIB = 1024 * 1024
TEXT_LIMIT = 256 * 1024
PROMPT = {"$file": "prompt.md"}
SCHEMA = "schemas/profile.schema.json"


def _file_at_the_limit(project: Workspace) -> None:
    text = profile()
    project.write(INPUT, text + "#" * (MIB - len(text)))


def _file_above_the_limit(project: Workspace) -> None:
    text = profile()
    project.write(INPUT, text + "#" * (MIB - len(text) + 1))


def _text_at_the_limit(project: Workspace) -> None:
    text = "{question}".ljust(TEXT_LIMIT, ".")
    project.write(INPUT, profile(spec__prompts__user_prompt_template=text))


def _text_above_the_limit(project: Workspace) -> None:
    text = "{question}".ljust(TEXT_LIMIT, ".") + "."
    project.write(INPUT, profile(spec__prompts__user_prompt_template=text))


def _text_above_the_limit_in_bytes(project: Workspace) -> None:
    text = "{question}" + "é" * (TEXT_LIMIT // 2)
    project.write(INPUT, profile(spec__prompts__user_prompt_template=text))


def _prompt_file_above_the_limit(project: Workspace) -> None:
    project.write("profiles/prompt.md", "{max_slides}".ljust(TEXT_LIMIT, ".") + ".")
    project.write(INPUT, profile(spec__prompts__system_prompt=PROMPT))


def _prompt_file_with_nul(project: Workspace) -> None:
    project.write("profiles/prompt.md", b"Make at most\n{max_slides}\0 slides.\n")
    project.write(INPUT, profile(spec__prompts__system_prompt=PROMPT))


def _prompt_file_not_utf_8(project: Workspace) -> None:
    project.write("profiles/prompt.md", "Höchstens {max_slides} Folien.\n".encode("latin-1"))
    project.write(INPUT, profile(spec__prompts__system_prompt=PROMPT))


def _lists_as_deep_as_allowed(project: Workspace) -> None:
    project.write(INPUT, "[" * 64 + "]" * 64)


def _lists_too_deep(project: Workspace) -> None:
    project.write(INPUT, "[" * 65 + "]" * 65)


def _mappings_too_deep(project: Workspace) -> None:
    project.write(INPUT, "".join(f"{' ' * level}a:\n" for level in range(100)))


def _a_hundred_thousand_brackets(project: Workspace) -> None:
    project.write(INPUT, "[" * 100_000)


def _as_many_nodes_as_allowed(project: Workspace) -> None:
    project.write(INPUT, "- a\n" * 99_999)


def _too_many_nodes(project: Workspace) -> None:
    project.write(INPUT, "- a\n" * 100_000)


def _input_a_link(project: Workspace) -> None:
    project.write("elsewhere.yaml", profile())
    (project.root / INPUT).symlink_to("../elsewhere.yaml")


def _input_a_link_to_nothing(project: Workspace) -> None:
    (project.root / INPUT).symlink_to("gone.yaml")


def _folder_a_link(project: Workspace) -> None:
    project.write(INPUT, profile())
    project.write("elsewhere/staging.yaml", profile("staging"))
    (project.root / "profiles/more").symlink_to("../elsewhere")


def _prompt_file_a_link(project: Workspace) -> None:
    project.write("elsewhere.md", "Make at most {max_slides} slides.\n")
    (project.root / "profiles/prompt.md").symlink_to("../elsewhere.md")
    project.write(INPUT, profile(spec__prompts__system_prompt=PROMPT))


def _prompt_file_behind_a_link(project: Workspace) -> None:
    project.write("elsewhere/system.md", "Make at most {max_slides} slides.\n")
    (project.root / "prompts").symlink_to("elsewhere")
    reference = {"$file": "../prompts/system.md"}
    project.write(INPUT, profile(spec__prompts__system_prompt=reference))


RULES = "kind: NegateRules\nmetadata: {{name: {0}}}\nspec: {{rules: {{$csv: {0}.csv}}}}\n"


def _tables(project: Workspace, **tables: str) -> None:
    """Documents that refer to a table each."""
    documents = (f"apiVersion: configsync/v1\n{RULES.format(name)}" for name in tables)
    project.write(INPUT, "---\n".join(documents))
    for name, text in tables.items():
        project.write(f"profiles/{name}.csv", text)


def _many_rows(label: str, number: int) -> str:
    return "label,operator,value\n" + "".join(f"{label},=,{n}\n" for n in range(number))


def _tables_at_the_limit_together(project: Workspace) -> None:
    _tables(project, a=_many_rows("a", 12_000), b=_many_rows("b", 12_998))


def _tables_above_the_limit_together(project: Workspace) -> None:
    _tables(project, a=_many_rows("a", 12_000), b=_many_rows("b", 12_999))


def _table_above_the_limit_of_files(project: Workspace) -> None:
    _tables(project, a="label,operator,value\n" + "a" * MIB)


def _table_a_link(project: Workspace) -> None:
    _tables(project, a=_many_rows("a", 1))
    (project.root / "profiles/a.csv").rename(project.root / "a.csv")
    (project.root / "profiles/a.csv").symlink_to("../a.csv")


def _folder_named_like_a_file(project: Workspace) -> None:
    project.write(f"{INPUT}/notes.txt", "Nothing of ours.\n")
    project.write("profiles/production.yaml", profile())


def _schema_of_an_unknown_type(project: Workspace) -> None:
    project.write(INPUT, profile())
    project.write(SCHEMA, '{"properties": {"spec": {"type": "objekt"}}}')


def _schema_that_refers_to_nothing(project: Workspace) -> None:
    project.write(INPUT, profile())
    project.write(SCHEMA, '{"properties": {"spec": {"$ref": "#/$defs/Spec"}}}')


def _schema_that_refers_to_a_server(project: Workspace) -> None:
    project.write(INPUT, profile())
    project.write(SCHEMA, '{"properties": {"spec": {"$ref": "https://127.0.0.1:1/spec.json"}}}')


def _schema_that_refers_to_a_file(project: Workspace) -> None:
    other = project.write("schemas/spec.json", "{}")
    project.write(INPUT, profile())
    project.write(SCHEMA, f'{{"properties": {{"spec": {{"$ref": "{other.as_uri()}"}}}}}}')


def _schema_not_utf_8(project: Workspace) -> None:
    project.write(INPUT, profile())
    project.write(SCHEMA, '{"description": "Prüfung"}'.encode("latin-1"))


SYSTEM = "spec.prompts.system_prompt"
TEMPLATE = "spec.prompts.user_prompt_template"

BUILT: tuple[tuple[Callable[[Workspace], None], str], ...] = (
    (_file_at_the_limit, ""),
    (_file_above_the_limit, "CS110 1:1\n"),
    (_text_at_the_limit, ""),
    (_text_above_the_limit, f"CS111 24:31 {TEMPLATE}\n"),
    (_text_above_the_limit_in_bytes, f"CS111 24:31 {TEMPLATE}\n"),
    (_prompt_file_above_the_limit, f"CS111 23:18 {SYSTEM}\n"),
    (_prompt_file_with_nul, f"CS116 23:18 {SYSTEM}\n"),
    (_prompt_file_not_utf_8, f"CS120 23:18 {SYSTEM}\n"),
    (_lists_as_deep_as_allowed, "CS151 1:1\n"),
    (_lists_too_deep, f"CS112 1:65 {'[0]' * 64}\n"),
    (_mappings_too_deep, f"CS112 65:65 {'.'.join('a' * 64)}\n"),
    (_a_hundred_thousand_brackets, f"CS112 1:65 {'[0]' * 64}\n"),
    (_as_many_nodes_as_allowed, "CS151 1:1\n"),
    (_too_many_nodes, "CS113 100000:3\n"),
    (_input_a_link, "CS101 1:1\n"),
    (_input_a_link_to_nothing, "CS101 1:1\n"),
    (_folder_a_link, "CS101 profiles/more:1:1\n"),
    (_prompt_file_a_link, f"CS120 23:18 {SYSTEM}\n"),
    (_prompt_file_behind_a_link, f"CS120 23:18 {SYSTEM}\n"),
    (_tables_at_the_limit_together, ""),
    (_tables_above_the_limit_together, "CS113 profiles/b.csv:13000:1\n"),
    (_table_above_the_limit_of_files, "CS120 4:22 spec.rules\n"),
    (_table_a_link, "CS120 4:22 spec.rules\n"),
    (_folder_named_like_a_file, ""),
    (_schema_of_an_unknown_type, f"CS159 {SCHEMA}:1:1\n"),
    (_schema_that_refers_to_nothing, f"CS159 {SCHEMA}:1:1\n"),
    (_schema_that_refers_to_a_server, f"CS159 {SCHEMA}:1:1\n"),
    (_schema_that_refers_to_a_file, f"CS159 {SCHEMA}:1:1\n"),
    (_schema_not_utf_8, f"CS159 {SCHEMA}:1:1\n"),
)


@pytest.mark.parametrize(
    ("build", "expected"), [pytest.param(*b, id=b[0].__name__[1:]) for b in BUILT]
)
def test_built(build: Callable[[Workspace], None], expected: str, project: Workspace) -> None:
    build(project)
    assert _findings(project) == expected


@pytest.mark.parametrize(
    "arguments",
    [
        "plan --ouput json",
        "plan -o yaml",
        "plan everything",
        "show",
        "validate --database sqlite:///other.db",
        "history --limit 0",
        "history --limit many",
        "apply --lock-timeout -1",
        "apply --wait -1",
        "db",
        "db downgrade",
    ],
)
def test_wrong_use_is_exit_1(arguments: str, project: Workspace) -> None:
    """The words are click's own, so only what scripts rely on is held here."""
    project.write(INPUT, profile())
    result = project.run(*arguments.split())
    assert result.code == 1
    assert result.out == ""
    assert "Usage: configsync" in result.err


def test_schema_prints_what_it_writes(project: Workspace) -> None:
    printed = project.ok("schema", "Profile").out
    project.ok("schema", "--write")
    assert printed == (project.root / SCHEMA).read_text(encoding="utf-8")


# What should be but isn't. A mark goes when its test passes.


@pytest.mark.parametrize("spec", [{}, [], {"ai_infra": []}], ids=str)
def test_a_loose_schema_is_no_way_around_the_columns(spec: Any, project: Workspace) -> None:
    project.write(SCHEMA, "{}")
    project.write(INPUT, profile(spec=spec))
    assert _findings(project) != ""


def test_a_misspelt_path_deletes_nothing(project: Workspace) -> None:
    project.write("configsync.toml", 'paths = ["profiles", "teams"]\n')
    project.write("profiles/production.yaml", profile(default=True))
    project.write("teams/reports.yaml", profile("reports"))
    project.ok("apply", "--auto-approve")
    project.write("configsync.toml", 'paths = ["profiles", "taems"]\n')
    assert project.run("plan").code == 1


def test_schemas_are_written_within_the_project(project: Workspace) -> None:
    project.write("configsync.toml", 'schemas = "../elsewhere"\n')
    assert project.run("schema", "--write").code == 1
    assert not (project.root.parent / "elsewhere").exists()


def test_json_steers_no_terminal(project: Workspace) -> None:
    text = profile(default=True, metadata__description="\u202e\x9b31m\ufeff")
    project.write(INPUT, text.encode("ascii", "backslashreplace"))
    output = project.ok("plan", "-o", "json").out
    assert not re.search("[\x7f-\x9f\u202a-\u202e\ufeff]", output)


def test_two_defaults_are_refused_before_the_database_does(project: Workspace) -> None:
    ignored = "  # configsync: ignore CS209 both are meant\n"
    first, second = profile("first", default=True), profile("second", default=True)
    line = '    "default": true\n'
    assert line in second
    project.write("profiles/first.yaml", first)
    project.write("profiles/second.yaml", second.replace(line, line.rstrip("\n") + ignored))
    assert project.run("validate").code == 1


def test_a_variable_brings_no_nul(project: Workspace) -> None:
    project.write("configsync.toml", '[targets.prod]\nvars = {endpoint = "data\\u0000bricks"}\n')
    project.write(INPUT, profile(spec__ai_infra__llm_endpoint={"$var": "endpoint"}))
    assert project.run("validate").code == 1
