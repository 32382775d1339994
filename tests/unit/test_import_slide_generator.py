"""``import slide-generator``: three files of an application become one profile."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Workspace
from tests.profiles import profile

FILES = {
    "config.yaml": (
        "llm:\n  endpoint: databricks-claude\n  temperature: 0.7\n  max_tokens: 60000\n"
        "genie:\n  default_space_id: 01ef\n  description: Usage data\n"
        "api:\n  port: 8000\n"
    ),
    "mlflow.yaml": "tracking:\n  experiment_name: /Shared/slides\n",
    "prompts.yaml": (
        "system_prompt: |\n  At most {max_slides} slides.  \n\n  ≥ 1\n"
        "slide_editing_instructions: Edit.\nuser_prompt_template: '{question}'\n"
    ),
}


@pytest.fixture
def application(project: Workspace) -> Workspace:
    for name, text in FILES.items():
        project.write(f"app/{name}", text)
    return project


def test_the_files_become_a_profile(application: Workspace) -> None:
    result = application.ok("import", "slide-generator", "app")
    assert result.out == (
        "Wrote profiles/app.yaml\n"
        "Wrote profiles/app/system_prompt.md\n"
        "Wrote schemas/profile.partial.schema.json\n"
        "Wrote schemas/profile.schema.json\n"
        "\n"
        "Not taken, since no document of these kinds has a place for it:\n"
        "  config.yaml: api.port\n"
        "What the application still needs can be a setting: configsync docs writing\n"
        "\n"
        "Note: app is the default, as the first profile of this project.\n"
        "\n"
        "Next: configsync validate\n"
    )
    prompt = (application.root / "profiles/app/system_prompt.md").read_bytes()
    assert prompt.decode() == "At most {max_slides} slides.  \n\n≥ 1\n"
    assert application.ok("validate", "--strict", "-o", "json").json["diagnostics"] == []


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("config.yaml", "0.7", "0.755", "CS201 app/config.yaml:3:16"),
        ("config.yaml", "60000", "many", "CS160 app/config.yaml:4:15"),
        ("config.yaml", "databricks-claude", "[a, b]", "CS160 app/config.yaml:2:13"),
        ("config.yaml", "  endpoint: databricks-claude\n", "", "CS162 app/config.yaml:1:1"),
        ("config.yaml", "Usage data", "''", "CS162 app/config.yaml:7:3"),
        ("mlflow.yaml", "/Shared/slides", "slides", "CS205 app/mlflow.yaml:2:20"),
        ("mlflow.yaml", "tracking:\n  experiment_name:", "tracking:", "CS160 app/mlflow.yaml:1:11"),
        ("mlflow.yaml", FILES["mlflow.yaml"], "[1, 2]", "CS160 app/mlflow.yaml:1:1"),
        ("mlflow.yaml", FILES["mlflow.yaml"], "", "CS104 app/mlflow.yaml:1:1"),
        ("prompts.yaml", "{question}", "{user_message}", "CS206 app/prompts.yaml:6:23"),
        ("prompts.yaml", "Edit.", "{a: {b: c}}", "CS160 app/prompts.yaml:5:29"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(
    application: Workspace, file: str, old: str, new: str, said: str
) -> None:
    assert old in FILES[file]
    application.write(f"app/{file}", FILES[file].replace(old, new))
    result = application.run("import", "slide-generator", "app")
    assert result.code == 1
    code, place = said.split()
    assert f"error[{code}]: " in result.out
    assert f"--> {place}\n" in result.out
    assert list((application.root / "profiles").iterdir()) == []


def test_a_missing_file_is_said(application: Workspace) -> None:
    (application.root / "app/mlflow.yaml").unlink()
    result = application.run("import", "slide-generator", "app")
    assert result.code == 1
    assert "error[CS101]: app/mlflow.yaml can't be read" in result.out


@pytest.mark.parametrize("name", ["", " x", "a\nb", "x" * 101, "\t", "\udcff"])
def test_a_name_that_no_profile_can_have_is_refused(application: Workspace, name: str) -> None:
    result = application.run("import", "slide-generator", "app", "--name", name)
    assert result.code == 1
    assert "name" in result.err
    assert "should not" not in result.err
    assert list((application.root / "profiles").iterdir()) == []


def test_a_name_that_is_taken_is_refused(application: Workspace) -> None:
    application.write("profiles/x.yaml", profile("App", default=True))
    result = application.run("import", "slide-generator", "app")
    assert result.code == 1
    assert "there is a Profile app already" in result.out
    assert "Choose another --name, or remove profiles/x.yaml." in result.out


def test_a_warning_is_shown_and_stops_nothing(application: Workspace) -> None:
    text = FILES["prompts.yaml"].replace("{max_slides}", "ten")
    application.write("app/prompts.yaml", text)
    result = application.ok("import", "slide-generator", "app")
    assert "warning[CS207]" in result.out
    assert "--> app/prompts.yaml:1:16\n" in result.out
    assert "Wrote profiles/app.yaml\n" in result.out


def test_the_schema_of_the_team_is_enforced(application: Workspace) -> None:
    schema = application.ok("schema", "Profile").json
    schema["$defs"]["AiInfra"]["properties"]["llm_max_tokens"] = {"maximum": 100}
    import json

    application.write("schemas/profile.schema.json", json.dumps(schema))
    result = application.run("import", "slide-generator", "app")
    assert result.code == 1
    assert "error[CS164]" in result.out
    assert "--> app/config.yaml:4:15\n" in result.out


def test_the_folder_may_be_anywhere(application: Workspace, tmp_path: Path) -> None:
    folder = application.root / "app"
    elsewhere = folder.rename(tmp_path / "elsewhere")
    application.ok("import", "slide-generator", str(elsewhere))
    assert application.ok("validate", "-o", "json").json["summary"]["documents"] == 1
