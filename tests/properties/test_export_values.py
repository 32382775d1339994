"""Any text reaches an application through its environment to the byte, and no other variable."""

from __future__ import annotations

import subprocess
from pathlib import Path

from dotenv import dotenv_values
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from configsync.render import dotenv, env

CHARACTERS = st.one_of(
    st.sampled_from("aN=1 \t\n\r'\"\\#$`{}:-!~*;&|()\x01\x1b\x7f\x81\x85\u2028\ufeffé日😀"),
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
)
SNIPPETS = st.sampled_from(
    [
        "\nEVIL=1\n",
        "'\nEVIL='1",
        '"\nEVIL="1',
        "export EVIL=1",
        "$(exit 1)",
        "${HOME}",
        "\\'",
        "\\\\",
    ]
)
TEXTS = st.lists(st.text(CHARACTERS, max_size=20) | SNIPPETS, max_size=4).map("".join)
VARIABLES = st.tuples(TEXTS, TEXTS, TEXTS).map(lambda texts: dict(zip("ABC", texts, strict=True)))

HERE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@HERE
@given(variables=VARIABLES)
@example(variables={"A": "'", "B": "ends in newlines\n\n", "C": "\n"})
def test_a_shell_evaluates_what_was_written(variables: dict[str, str]) -> None:
    # As a person would: by a command whose output is evaluated.
    script = """
        eval "$(cat)" && test -z "${EVIL+x}" && for name in A B C; do
            eval "printf '%s\\0' \\"\\$$name\\""
        done
    """
    written = env.render(variables).encode()
    done = subprocess.run(["sh", "-c", script], input=written, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == "".join(f"{text}\0" for text in variables.values()).encode()


@HERE
@given(variables=VARIABLES)
@example(variables={"A": "ends in a backslash '\\", "B": "", "C": '# "'})
def test_python_dotenv_reads_what_was_written(variables: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(dotenv.render(variables).encode())
    assert dotenv_values(file, interpolate=False) == variables
    # By default it replaces, in those that are named and no other.
    interpolated = dotenv_values(file)
    assert interpolated.keys() == variables.keys()
    replaced = dotenv.replaced(variables)
    kept = {name: text for name, text in variables.items() if name not in replaced}
    assert kept.items() <= interpolated.items()


@given(text=TEXTS)
def test_what_readers_disagree_on_stands_in_one_line(text: str) -> None:
    """So that no text of a stranger begins a line where quotes may be understood otherwise."""
    written = dotenv.render({"A": text})
    if written.startswith("A='"):
        assert written == f"A='{text}'\n"
        assert not any(c in text for c in ("'", "\r", "\\\\"))
        assert not text.endswith("\\")
    else:
        assert written.count("\n") == 1
