"""``configsync fmt``: what its canonical form is, what it leaves alone, and what it prints."""

from __future__ import annotations

import io
import os
import stat
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from configsync.edit import format_lines
from configsync.edit.format import Formatter
from configsync.edit.plain import is_plain
from configsync.kinds import all_kinds
from tests.conftest import Workspace

REPOSITORY = Path(__file__).parents[2]
FORMATTER = Formatter(all_kinds())

EXAMPLES = {
    "the keys of a document stand in their order": (
        """
        spec: {}
        kind: Profile
        metadata: {description: A, name: a}
        apiVersion: configsync/v1
        """,
        """
        apiVersion: configsync/v1
        kind: Profile
        metadata: {name: a, description: A}
        spec: {}
        """,
    ),
    "keys of a spec stand as its class declares them, unknown ones last": (
        """
        kind: Profile
        spec:
          mlflow: {experiment_name: /Shared/a}
          temprature: 1
          genie_spaces:
            - description: Sales
              space_id: a
          ai_infra:
            llm_max_tokens: 1
            llm_endpoint: b
        """,
        """
        kind: Profile
        spec:
          ai_infra:
            llm_endpoint: b
            llm_max_tokens: 1
          genie_spaces:
            - space_id: a
              description: Sales
          mlflow: {experiment_name: /Shared/a}
          temprature: 1
        """,
    ),
    "labels keep their order, and so does all of an unknown kind's spec": (
        """
        kind: Profile
        metadata: {labels: {team: b, area: a}, name: c}
        ---
        spec: {b: 1, a: 2}
        kind: Unheard
        """,
        """
        kind: Profile
        metadata: {name: c, labels: {team: b, area: a}}
        ---
        kind: Unheard
        spec: {b: 1, a: 2}
        """,
    ),
    "two columns of indentation, also below a list": (
        """
        a:
            b:
            - c:   1
              d:
                 - e
            -   - f
                - g
            -
                h:    2
        """,
        """
        a:
          b:
            - c: 1
              d:
                - e
            - - f
              - g
            - h: 2
        """,
    ),
    "a comment travels with the key below it, a trailing one with its line": (
        """
        kind: Profile
        metadata:
          # What people read.
          # In two lines.
          description: A   # short
          name: a          # long
        """,
        """
        kind: Profile
        metadata:
          name: a          # long
          # What people read.
          # In two lines.
          description: A   # short
        """,
    ),
    "the header stays at the top": (
        """
        # yaml-language-server: $schema=../schemas/profile.schema.json
        # Copyright
        kind: Profile
        apiVersion: configsync/v1
        """,
        """
        # yaml-language-server: $schema=../schemas/profile.schema.json
        # Copyright
        apiVersion: configsync/v1
        kind: Profile
        """,
    ),
    "a comment below the header belongs to its key": (
        """


        # Copyright


        # The kind
        kind: Profile
        apiVersion: configsync/v1
        """,
        """
        # Copyright

        apiVersion: configsync/v1
        # The kind
        kind: Profile
        """,
    ),
    "what is commented out at the end of a section stays there": (
        """
        kind: Profile
        spec:
            genie_spaces:
              - space_id: a
                # description: b
              # - space_id: c
            ai_infra: {}
            # mlflow: {}
        metadata: {}
        # The end.
        """,
        """
        kind: Profile
        metadata: {}
        spec:
          ai_infra: {}
          genie_spaces:
            - space_id: a
              # description: b
            # - space_id: c
          # mlflow: {}
        # The end.
        """,
    ),
    "a comment without room where it stands goes above": (
        """
        a:
          # one
          b
        c: # two
          - # three
            d: e
        f: { # four
          g: h }
        """,
        """
        # one
        a: b
        c: # two
          # three
          - d: e
        f: {g: h} # four
        """,
    ),
    "one blank line between things, none at the start or end of a section": (
        """


        a:

          b: 1



          c: 2

          # d


          e: 3

        f: 4


        """,
        """
        a:
          b: 1

          c: 2

          # d

          e: 3

        f: 4
        """,
    ),
    "blank lines travel with the key below them": (
        """
        kind: Profile
        metadata: {name: a}
        spec:
          prompts: {}

          # Where runs go
          mlflow: {}

          ai_infra: {}
        """,
        """
        kind: Profile
        metadata: {name: a}
        spec:
          ai_infra: {}

          # Where runs go
          mlflow: {}
          prompts: {}
        """,
    ),
    "quotes only where they are needed, and double ones": (
        """
        a: 'text'
        "b": "it's"
        c: 'it''s: so'
        d: 'no'
        e: "1.0"
        f: '2024-01-01'
        g: "{question}"
        h: '"quoted: twice"'
        i: "caf\\u00e9"
        j: ' '
        k: "say \\"hi\\""
        l: '01ef'
        """,
        """
        a: text
        b: it's
        c: "it's: so"
        d: "no"
        e: "1.0"
        f: "2024-01-01"
        g: "{question}"
        h: '"quoted: twice"'
        i: "caf\\u00e9"
        j: " "
        k: "say \\"hi\\""
        l: "01ef"
        """,
    ),
    "plain text stays plain, however it reads": (
        """
        a:   no
        b:   0777
        c:   0.70
        d:   ~
        e:
        f:   http://a
        """,
        """
        a: no
        b: 0777
        c: 0.70
        d: ~
        e:
        f: http://a
        """,
    ),
    "a flow collection stays one if it fits on a line": (
        """
        a: { b : 1,c: [ 2,3 , ], }
        d: [
          e,
          'f',
        ]
        g: [h: i]
        """,
        """
        a: {b: 1, c: [2, 3]}
        d: [e, f]
        g: [{h: i}]
        """,
    ),
    "one that doesn't fit becomes a block, and so does one with comments": (
        """
        a: {b: a text that has far too many words for it, c: that they don't fit on one line,
          d: "not", e: even here}
        f: [1, # one
            2]
        """,
        """
        a:
          b: a text that has far too many words for it
          c: that they don't fit on one line
          d: not
          e: even here
        f:
          - 1 # one
          - 2
        """,
    ),
    "block scalars keep their text, whatever their indentation": (
        """
        a:    |
                Hello  {name}
                  # no comment

                bye
        b:
        - >-   # folded
         one
         two

        - |2
            three
        """,
        """
        a: |
          Hello  {name}
            # no comment

          bye
        b:
          - >-   # folded
            one
            two

          - |2
              three
        """,
    ),
    "blank lines that a block scalar keeps are its text": (
        """
        kind: Profile
        spec:
          z: |+
            kept


          ai_infra: {}
        """,
        """
        kind: Profile
        spec:
          ai_infra: {}
          z: |+
            kept


        """,
    ),
    "text over several lines keeps its lines": (
        """
        a: one
             two

             three   # end
        b: "one
         two \\
             three"
        """,
        """
        a: one
          two

          three   # end
        b: "one
          two \\
          three"
        """,
    ),
    "--- stands between documents only": (
        """
        --- # first
        a: 1

        # about the second
        ---
        # header

        b: 2
        ...
        --- # third
        {c: 3}
        """,
        """
        # first
        a: 1

        # about the second
        ---
        # header

        b: 2
        --- # third
        {c: 3}
        """,
    ),
    "faults above the syntax don't matter": (
        """
        kind:   [Profile]
        a:   1
        a:   2
        apiVersion:   .inf
        """,
        """
        apiVersion: .inf
        kind: [Profile]
        a: 1
        a: 2
        """,
    ),
    "JSON is YAML": (
        """
        {
          "kind": "Profile",
          "apiVersion": "configsync/v1",
          "spec": {"ai_infra": {"llm_max_tokens": 60000, "llm_endpoint": "databricks-claude"}},
          "metadata": {"name": "a"}
        }
        """,
        """
        apiVersion: configsync/v1
        kind: Profile
        metadata: {name: a}
        spec: {ai_infra: {llm_endpoint: databricks-claude, llm_max_tokens: 60000}}
        """,
    ),
}


@pytest.mark.parametrize(("before", "after"), EXAMPLES.values(), ids=EXAMPLES)
def test_example(before: str, after: str) -> None:
    before, after = (dedent(text).removeprefix("\n") for text in (before, after))
    assert formatted(before) == after
    assert formatted(after) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("\n\n", ""),
        ("# only a comment", "# only a comment\n"),
        ("a: 1", "a: 1\n"),
        ("a: 1   \n", "a: 1\n"),
        ("a: |\n  b", "a: |-\n  b\n"),
        ("a: 1\r\nb: |\r\n  c\r\n  d\r\n", "a: 1\nb: |\n  c\n  d\n"),
        ("\ufeffa:  1\n", "a: 1\n"),
        ("a:\t1 #\tb\t\n", "a: 1 #\tb\n"),
        ("---\n---\na: 1\n", "---\n---\na: 1\n"),
        ("? a\n: b\n", "a: b\n"),
        ("[]", "[]\n"),
        ("text", "text\n"),
    ],
)
def test_bytes(before: str, after: str) -> None:
    assert formatted(before) == after
    assert formatted(after) == after


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("%YAML 1.2\n---\na: 1\n", "it has a % directive", 1),
        ("a: 1\nb: ! 2\n", "it has a tag", 2),
        ("a: &x # one\n  2\n", "an anchor and its value are not in one line", 1),
        ("? 'a\n  b'\n: 1\n", "a key goes over several lines", 1),
        (
            "kind: Profile\nspec: # configsync: ignore CS204 a reason\n  {ai_infra: {}}\n",
            "an ignore comment would silence something else",
            2,
        ),
    ],
)
def test_what_is_not_safe_is_refused(text: str, reason: str, line: int) -> None:
    result = FORMATTER.format(text, "a.yaml")
    assert result.text is None
    (diagnostic,) = result.diagnostics
    assert diagnostic.summary == f"a.yaml can't be formatted safely: {reason}"
    assert diagnostic.location is not None
    assert diagnostic.location.line == line


@pytest.mark.parametrize(
    ("wrong", "reason", "line"),
    [
        (("d: 2", "d: 3"), "a value would change", 4),
        (("c: [x]", "c: [x, y]"), "a value would change", 3),
        (("f: two", "g: two"), "a value would change", 5),
        (("# about", "# of"), "a comment would be lost", 3),
    ],
)
def test_a_wrong_form_is_refused_in_the_line_that_it_is_about(
    monkeypatch: pytest.MonkeyPatch, wrong: tuple[str, str], reason: str, line: int
) -> None:
    def write(*given: Any) -> str:
        return format_lines.write(*given).replace(*wrong)

    monkeypatch.setattr("configsync.edit.format.write", write)
    text = "a: one\nb: {}\nc: [x]  # about\nd: 2\ne: {f: two}\n"
    (diagnostic,) = FORMATTER.format(text, "a.yaml").diagnostics
    assert diagnostic.summary == f"a.yaml can't be formatted safely: {reason}"
    assert diagnostic.location is not None
    assert diagnostic.location.line == line


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: {", "CS103"),
        ("a: *b\n", "CS106"),
        ("a: !!str b\n", "CS107"),
        ("a: \x01\n", "CS116"),
        ("[" * 100, "CS112"),
    ],
)
def test_faults_of_syntax_are_those_that_validate_finds(text: str, code: str) -> None:
    result = FORMATTER.format(text, "a.yaml")
    assert result.text is None
    assert [d.code for d in result.diagnostics] == [code]


def test_aliases_are_kept_where_they_are_allowed() -> None:
    text = dedent(
        """\
        kind: Profile
        spec:
          genie_spaces:
          -   &one
              description: &text   'A'
              space_id:  a
          - <<:   *one
            space_id: b
          - {description:   *text, space_id: c}
          ai_infra: &ai { llm_endpoint: a }
          other:  &empty
        """
    )
    assert Formatter(all_kinds(), aliases=True).format(text, "a.yaml").text == dedent(
        """\
        kind: Profile
        spec:
          ai_infra: &ai {llm_endpoint: a}
          genie_spaces:
            - &one
              space_id: a
              description: &text A
            - <<: *one
              space_id: b
            - {space_id: c, description: *text}
          other: &empty
        """
    )


def test_an_alias_stays_behind_its_anchor() -> None:
    text = "kind: Profile\nspec:\n  mlflow: &a {b: c}\n  ai_infra: *a\n"
    result = Formatter(all_kinds(), aliases=True).format(text, "a.yaml")
    assert [d.code for d in result.diagnostics] == ["CS170"]


def test_an_ignore_comment_goes_with_what_it_silences() -> None:
    text = dedent(
        """\
        kind: Profile
        spec:
          ai_infra:
            # configsync: ignore CS201 it has to be
            llm_temperature: 0.95
            llm_endpoint: a # configsync: ignore CS202 it comes later
        """
    )
    ai_infra = formatted(text).split("ai_infra:\n")[1]
    assert ai_infra == (
        "    llm_endpoint: a # configsync: ignore CS202 it comes later\n"
        "    # configsync: ignore CS201 it has to be\n"
        "    llm_temperature: 0.95\n"
    )


@pytest.mark.parametrize(
    "text", ["y", "No", "null", "1a", "a: b", "a #b", "a ", "", "[a", "é\u200b"]
)
def test_text_that_keeps_its_quotes(text: str) -> None:
    assert not is_plain(text)


def formatted(text: str) -> str:
    result = FORMATTER.format(text, "a.yaml")
    assert result.text is not None, result.diagnostics
    return result.text


# The command


MESSY = "kind:   Profile\napiVersion:   configsync/v1\n"
TIDY = "apiVersion: configsync/v1\nkind: Profile\n"


def test_fmt_writes_what_changes(project: Workspace) -> None:
    file = project.write("profiles/a.yaml", MESSY)
    file.chmod(0o640)
    project.write("profiles/b.yaml", TIDY)
    result = project.ok("fmt")
    assert result.out == "profiles/a.yaml\n1 file changed, 1 unchanged.\n"
    assert file.read_text() == TIDY
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert sorted(os.listdir(project.root / "profiles")) == ["a.yaml", "b.yaml"]
    assert project.ok("fmt").out == "0 files changed, 2 unchanged.\n"


def test_check_writes_nothing(project: Workspace) -> None:
    file = project.write("profiles/a.yaml", MESSY)
    result = project.run("fmt", "--check")
    assert result.code == 1
    assert result.out == "profiles/a.yaml\n1 file would change, 0 unchanged.\n"
    assert file.read_text() == MESSY
    project.ok("fmt")
    assert project.ok("fmt", "--check").out == "0 files would change, 1 unchanged.\n"


def test_diff_shows_hostile_text_as_code_points(project: Workspace) -> None:
    file = project.write("profiles/a.yaml", "a:   \u202eb\r\n# c")
    result = project.ok("fmt", "--diff")
    assert result.out == dedent(
        """\
        --- a/profiles/a.yaml
        +++ b/profiles/a.yaml
        @@ -1,2 +1,2 @@
        -a:   <U+202E>b␍
        -# c
        \\ No newline at end of file
        +a: <U+202E>b
        +# c
        1 file would change, 0 unchanged.
        """
    )
    assert file.read_bytes().endswith(b"# c")
    assert project.run("fmt", "--diff", "--check").code == 1


def test_a_fault_leaves_its_file_alone_and_no_other(project: Workspace) -> None:
    broken = project.write("profiles/a.yaml", "a:   [1\n")
    project.write("profiles/b.yaml", MESSY)
    project.write("profiles/c.yaml", b"a:   \xff\n")
    result = project.run("fmt")
    assert result.code == 1
    assert "profiles/b.yaml\n" in result.out
    assert "error[CS103]" in result.out
    assert "--> profiles/c.yaml:1:6" in result.out
    assert result.out.endswith("\n1 file changed, 0 unchanged, 2 can't be formatted.\n")
    assert broken.read_text() == "a:   [1\n"


def test_paths_restrict_the_files(project: Workspace) -> None:
    for name in ("a.yaml", "sub/b.yaml", "sub/c.yaml"):
        project.write(f"profiles/{name}", MESSY)
    assert project.ok("fmt", "profiles/sub/b.yaml").out.startswith("profiles/sub/b.yaml\n1 file")
    assert project.ok("fmt", "-C", "profiles", "sub").out.startswith("profiles/sub/c.yaml\n1 file")
    assert project.ok("fmt", ".").out.startswith("profiles/a.yaml\n1 file")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("profiles/b.yaml", "Error: profiles/b.yaml doesn't exist.\n"),
        ("..", "Error: .. is outside of the project in "),
        ("other", "Error: other has no YAML file of the project, whose paths are: profiles.\n"),
    ],
)
def test_paths_that_are_refused(project: Workspace, path: str, message: str) -> None:
    project.write("profiles/a.yaml", TIDY)
    project.write("other/a.yaml", MESSY)
    result = project.run("fmt", path)
    assert result.code == 1
    assert result.err.startswith(message)


def test_a_link_is_a_finding_and_not_followed(project: Workspace) -> None:
    outside = project.write("outside.yaml", MESSY)
    (project.root / "profiles/a.yaml").symlink_to(outside)
    result = project.run("fmt", "profiles/a.yaml")
    assert result.code == 1
    assert "it is a symbolic link" in result.out
    assert outside.read_text() == MESSY


def test_overlays_are_formatted_too(project: Workspace) -> None:
    project.write("configsync.toml", '[targets.prod]\noverlay = "overlays/prod"\n')
    project.write("overlays/prod/a.yaml", MESSY)
    assert project.ok("fmt").out == "overlays/prod/a.yaml\n1 file changed, 0 unchanged.\n"


@pytest.mark.parametrize(
    ("flags", "given", "code", "out"),
    [
        ([], MESSY, 0, TIDY),
        ([], TIDY, 0, TIDY),
        ([], "a: [", 1, ""),
        (["--check"], MESSY, 1, ""),
        (["--check"], TIDY, 0, ""),
    ],
)
def test_standard_input(
    project: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    flags: list[str],
    given: str,
    code: int,
    out: str,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
    result = project.run("fmt", *flags, "-")
    assert (result.code, result.out) == (code, out)
    assert ("--> <stdin>:" in result.err) is (given == "a: [")


def test_standard_input_stands_alone(project: Workspace) -> None:
    assert project.run("fmt", "-", "profiles").code == 1


def test_our_own_profiles_are_canonical(project: Workspace) -> None:
    assert project.ok("fmt", "--check", "-C", str(REPOSITORY)).out.startswith("0 files")


def test_what_import_writes_is_canonical(project: Workspace) -> None:
    project.write("seed.yaml", SEED)
    project.ok("import", "seed", "seed.yaml")
    result = project.ok("fmt", "--check")
    assert result.out == "0 files would change, 2 unchanged.\n"


SEED = """
- name: Sales team
  description: 'It''s: for "sales"'
  is_default: true
  ai_infra: {llm_endpoint: databricks-claude, llm_temperature: 0.7, llm_max_tokens: 60000}
  genie_spaces:
    - {space_id: "0123", space_name: "Usage, by region", description: "yes", is_default: true}
    - {space_id: 01ef, space_name: " # ", description: "https://a"}
  mlflow: {experiment_name: "/Users/{username}/a b"}
  prompts:
    system_prompt: |
      At most {max_slides} slides.

      Thanks.
    slide_editing_instructions: One line
    user_prompt_template: "{question}"
- name: "2"
  ai_infra: {llm_endpoint: databricks-claude, llm_temperature: 1.0, llm_max_tokens: 1}
  genie_space: {space_id: a, space_name: "1.0"}
  mlflow: {experiment_name: /Shared/b}
  prompts:
    system_prompt: "no"
    slide_editing_instructions: "\\ttab"
    user_prompt_template: "{question}\\n\\n"
"""
