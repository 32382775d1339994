"""``import seed``: profiles as applications seed them become documents."""

from __future__ import annotations

import pytest

from tests.conftest import Result, Workspace
from tests.profiles import profile

SEED = """\
version: 3
profiles:
  - name: production
    description: "What users meet"
    is_default: true
    created_by: setup
    ai_infra:
      llm_endpoint: databricks-claude-sonnet-4-5
      llm_temperature: 0.70
      llm_max_tokens: 60000
      top_p: 0.95
    genie_space:
      space_id: 01effebcc2781b6bbb749077a55d31e3
      space_name: Usage
      description: ""
      is_default: true
    mlflow: {experiment_name: /Shared/production}
    prompts:
      system_prompt: |
        Make at most {max_slides} slides.

        ```html
        <p>≥ 1</p>
        ```
      slide_editing_instructions: "Only what changes.\\r\\n\\tTrailing:  \\n"
      user_prompt_template: '{question}'
  - name: staging
    ai_infra: {llm_endpoint: small, llm_temperature: 0, llm_max_tokens: 100}
    genie_spaces:
      - {space_id: a, is_default: false}
      - {space_id: b, space_name: B, is_default: true, tags: [x, y]}
    mlflow: {experiment_name: /Shared/staging}
    prompts:
      system_prompt: "{max_slides}"
      slide_editing_instructions: Edit.
      user_prompt_template: "{question}"
"""


def import_seed(project: Workspace, text: str) -> Result:
    project.write("seed.yaml", text)
    return project.run("import", "seed", "seed.yaml")


def refused(project: Workspace, text: str) -> str:
    """Import a seed that must be refused; what is said about it."""
    before = sorted(project.root.rglob("*"))
    result = import_seed(project, text)
    assert result.code == 1, result
    assert "Nothing was written." in result.err
    assert [f for f in sorted(project.root.rglob("*")) if f.name != "seed.yaml"] == [
        f for f in before if f.name != "seed.yaml"
    ]
    return result.out


def test_each_profile_becomes_a_document(project: Workspace) -> None:
    result = import_seed(project, SEED)
    assert result.code == 0, result
    assert result.out == (
        "Wrote profiles/production.yaml\n"
        "Wrote profiles/production/slide_editing_instructions.md\n"
        "Wrote profiles/production/system_prompt.md\n"
        "Wrote profiles/staging.yaml\n"
        "Wrote schemas/profile.partial.schema.json\n"
        "Wrote schemas/profile.schema.json\n"
        "\n"
        "Not taken, since no document of these kinds has a place for it:\n"
        "  version\n"
        "  profiles[0].created_by\n"
        "  profiles[0].ai_infra.top_p\n"
        "  profiles[1].genie_spaces[1].tags\n"
        "What the application still needs can be a setting: configsync docs writing\n"
        "\n"
        "Next: configsync validate\n"
    )
    assert (project.root / "profiles/production.yaml").read_text() == (
        "# yaml-language-server: $schema=../schemas/profile.schema.json\n"
        "apiVersion: configsync/v1\n"
        "kind: Profile\n"
        "metadata:\n"
        "  name: production\n"
        "  description: What users meet\n"
        "spec:\n"
        "  default: true\n"
        "  ai_infra:\n"
        "    llm_endpoint: databricks-claude-sonnet-4-5\n"
        "    llm_temperature: 0.7\n"
        "    llm_max_tokens: 60000\n"
        "  genie_spaces:\n"
        '    - space_id: "01effebcc2781b6bbb749077a55d31e3"\n'
        "      space_name: Usage\n"
        '      description: ""\n'
        "      default: true\n"
        "  mlflow:\n"
        "    experiment_name: /Shared/production\n"
        "  prompts:\n"
        "    system_prompt: {$file: production/system_prompt.md}\n"
        "    slide_editing_instructions: {$file: production/slide_editing_instructions.md}\n"
        '    user_prompt_template: "{question}"\n'
    )
    assert project.ok("validate", "--strict", "-o", "json").json["diagnostics"] == []


def test_texts_reach_the_database_to_the_byte(workspace: Workspace) -> None:
    import_seed(workspace, SEED)
    workspace.ok("apply", "--auto-approve")
    rows = workspace.sql(
        "SELECT p.name, system_prompt, slide_editing_instructions, user_prompt_template "
        "FROM config_prompts JOIN config_profiles p ON p.id = profile_id ORDER BY p.name"
    )
    system = "Make at most {max_slides} slides.\n\n```html\n<p>≥ 1</p>\n```\n"
    assert rows == [
        ("production", system, "Only what changes.\r\n\tTrailing:  \n", "{question}"),
        ("staging", "{max_slides}", "Edit.", "{question}"),
    ]


def test_absent_text_is_null_and_empty_text_is_empty(workspace: Workspace) -> None:
    import_seed(workspace, SEED)
    workspace.ok("apply", "--auto-approve")
    rows = workspace.sql(
        "SELECT space_name, description FROM config_genie_spaces ORDER BY space_id"
    )
    assert rows == [("Usage", ""), (None, None), ("B", None)]
    assert workspace.sql("SELECT description FROM config_profiles ORDER BY name") == [
        ("What users meet",),
        (None,),
    ]


def test_a_list_at_the_top_will_do(project: Workspace) -> None:
    entries = SEED.split("profiles:\n")[1]
    result = import_seed(project, entries)
    assert result.code == 0, result
    assert "  [0].created_by\n" in result.out


SPACES = SEED[SEED.index("    genie_spaces:\n") :].partition("    mlflow")[0]

WRONG = (
    # What is replaced, by what (§ stands before the place that is to be named), code, words.
    ("0.70", "§0.755", "CS201", ""),
    ("tokens: 100", "tokens: §0", "CS202", ""),
    ("'{question}'", "§'{user_message}'", "CS206", ""),
    ("- name: staging", "- §title: staging", "CS162", "profiles[1].name is missing"),
    ("mlflow: {experiment_name: /Shared/staging}", "§mlflow: {}", "CS162", "profiles[1].mlflow."),
    (
        "system_prompt: |\n",
        "§system_prompt: ''\n      x: |\n",
        "CS162",
        "[0].prompts.system_prompt",
    ),
    ("genie_spaces:\n", "§genie_spaces: []\n    more:\n", "CS162", "profiles[1].genie_spaces is"),
    ("- {space_id: b,", "- §{", "CS162", "profiles[1].genie_spaces[1].space_id is missing"),
    ("profiles:\n", "users:\n", "CS162", "profiles is missing or empty"),
    ("is_default: true\n    c", "is_default: §yes\n    c", "CS160", "must be true or false"),
    ("tokens: 60000", "tokens: §[1]", "CS160", "must be a whole number, and is a list"),
    ("tokens: 60000", "tokens: §1.5", "CS160", "must be a whole number, and is a number: 1.5"),
    ("llm_endpoint: small", "llm_endpoint: §4.5", "CS160", "llm_endpoint must be text"),
    ("mlflow: {experiment_name: /Shared/staging}", "mlflow: §[x]", "CS160", "must be a mapping"),
    ("name: production", "name: §{$file: /etc/passwd}", "CS160", "profiles[0].name must be text"),
    ("  - name: staging", "  - §staging\n  - name: x", "CS160", "profiles[1] must be a mapping"),
    (SPACES, SPACES.replace(", is_default: true", "").replace("g", "§g", 1), "CS208", ""),
    ("name: staging", "name: §production", "CS302", "there is a Profile production already"),
    ("name: staging", "name: §' x'", "CS165", ""),
    ("name: staging", "name: staging\n    is_default: §true", "CS209", ""),
    ("version: 3", "version: §*a", "CS106", ""),
    ("    genie_spaces:", "    genie_space: {}\n    §genie_spaces:", "CS105", "has both"),
)


@pytest.mark.parametrize(("old", "new", "code", "words"), WRONG)
def test_what_is_wrong_is_said_where_it_stands(
    project: Workspace, old: str, new: str, code: str, words: str
) -> None:
    assert old in SEED
    marked = SEED.replace(old, new, 1)
    before = marked.partition("§")[0] if "§" in marked else ""
    place = f"{before.count(chr(10)) + 1}:{len(before.rpartition(chr(10))[2]) + 1}"
    said = refused(project, marked.replace("§", ""))
    assert f"error[{code}]: " in said
    assert f"--> seed.yaml:{place}\n" in said
    assert words in said


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "CS104"),
        ("profiles: []\n", "CS162"),
        ("profiles: production\n", "CS160"),
        ("just words\n", "CS151"),
        (f"{SEED}---\n{SEED}", "CS151"),
        ("profiles: [{name: a, name: b}]\n", "CS105"),
        ("profiles: [\n", "CS103"),
        ("\x01", "CS116"),
    ],
)
def test_another_structure_is_refused(project: Workspace, text: str, code: str) -> None:
    assert f"error[{code}]: " in refused(project, text)


def test_all_that_is_wrong_is_said_at_once(project: Workspace) -> None:
    text = SEED.replace("space_id: b,", "").replace("name: /Shared/staging", "name: ''")
    said = refused(project, text)
    assert said.count("error[CS162]") == 2


def test_names_that_look_the_same_are_refused(project: Workspace) -> None:
    said = refused(project, SEED.replace("name: staging", "name: Production"))
    assert "error[CS210]: " in said
    assert "--> seed.yaml:3:11\n" in said
    assert "--> seed.yaml:27:11\n" in said


def test_no_default_is_said(project: Workspace) -> None:
    result = import_seed(project, SEED.replace("    is_default: true\n    c", "    c"))
    assert result.code == 0, result
    assert "Note: No profile is the default." in result.out
    assert project.run("validate").code == 0


def test_the_default_of_the_project_stays(project: Workspace) -> None:
    project.write("profiles/main.yaml", profile("main", default=True))
    result = import_seed(project, SEED)
    assert "Note: production is the default there, but here it is main, which stays." in result.out
    project.ok("validate")


def test_a_name_that_the_project_has_is_refused(project: Workspace) -> None:
    project.write("profiles/main.yaml", profile("Staging", default=True))
    said = refused(project, SEED)
    assert "error[CS302]: there is a Profile staging already\n  --> seed.yaml:27:11" in said
    assert "--> profiles/main.yaml:5:13" in said


def test_no_file_is_overwritten(project: Workspace) -> None:
    project.write("profiles/staging.yaml", profile("other", default=True))
    result = import_seed(project, SEED)
    assert result.code == 1
    assert "profiles/staging.yaml exists already" in result.err
    assert [f.name for f in (project.root / "profiles").iterdir()] == ["staging.yaml"]


def test_names_that_would_share_a_file_get_their_own(project: Workspace) -> None:
    one = SEED.split("profiles:\n")[1].split("  - name: staging")[1]
    names = ["a/b", "a b", ".a-b.", "CON", "日本", "*", "é" * 100]
    entries = "".join(f'  - name: "{name}"{one}' for name in names)
    result = import_seed(project, f"profiles:\n{entries}")
    assert result.code == 0, result
    written = sorted(f.name for f in (project.root / "profiles").iterdir())
    assert len({name.casefold() for name in written}) == len(names)
    assert {"a-b.yaml", "日本.yaml", "unnamed.yaml"} < set(written)
    assert "CON.yaml" not in written
    assert project.ok("validate", "-o", "json").json["summary"]["documents"] == len(names)


def test_wrong_use_is_an_error(project: Workspace) -> None:
    project.write("seed.yaml", SEED)
    for arguments, words in (
        (("seed", "profiles"), "profiles is a folder, and seed takes a file."),
        (("seed", "nothing.yaml"), "nothing.yaml doesn't exist."),
        (("seed", "seed.yaml", "--name", "x"), "leave --name out"),
        (("slide-generator", "seed.yaml"), "seed.yaml is a file, and slide-generator takes a"),
        (("sed", "seed.yaml"), "The formats are: log-analyser, seed, slide-generator."),
    ):
        result = project.run("import", *arguments)
        assert result.code == 1
        assert words in result.err


def test_the_path_is_relative_to_the_folder_of_the_command(
    project: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("seed.yaml", SEED.replace("0.70", "0.755"))
    (project.root / "elsewhere").mkdir()
    result = Workspace(project.root / "elsewhere", project.capsys, monkeypatch).run(
        "import", "seed", "seed.yaml", "-C", ".."
    )
    assert "--> ../seed.yaml:9:24\n" in result.out
