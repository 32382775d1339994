"""The help of every command, and every command that the guides show, against the command line."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from configsync.cli.history import verify
from configsync.cli.main import SECTIONS, _module, cli

REPOSITORY = Path(__file__).parents[2]
DOCS = sorted((REPOSITORY / "configsync/docs").iterdir())
SHOWN = [REPOSITORY / "README.md", *DOCS]
NAMES = cli.list_commands(click.Context(cli))

CODE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(rf"`(?:configsync )?((?:{'|'.join(NAMES)}) [^`]+)`")
COMMENT = re.compile(r"(^|\s)#.*$", re.MULTILINE)
CALL = re.compile(r"(?<![\w./-])configsync (?=-?[a-zA-Z])")


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command by what is typed, those within groups too."""
    for name in NAMES:
        command = _module(name).command
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {part}", found) for part, found in command.commands.items())
    yield "history verify", verify


COMMANDS = dict(commands())


def examples(command: click.Command) -> list[str]:
    """The command lines in a command's epilog."""
    lines = (command.epilog or "").replace("\b", "").splitlines()
    return [line[line.index("configsync ") :] for line in lines if line]


def calls(text: str) -> Iterator[str]:
    """The command lines of configsync within a text, each to where the shell would end it."""
    # Words that a variable brings if it is set are as good as any.
    joined = re.sub(r"\$\{\w+:\+([^}]*)\}", r"\1", text.replace("\\\n", " "))
    for found in CALL.finditer(joined):
        line = joined[found.end() :].partition("\n")[0]
        words: list[str] = []
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        try:
            for word in lexer:
                if re.fullmatch(r"[|&;<>()]+", word):
                    break
                words.append(word)
        except ValueError:
            # Within quotes of its own, as of sh -c: its last word ends where they do.
            words = line.partition("'")[0].split()
        yield shlex.join(words)


def parse(line: str) -> None:
    """Take a command line in as configsync would, and do nothing. Raises UsageError."""
    context = cli.make_context("configsync", shlex.split(line))
    try:
        while isinstance(context.command, click.Group):
            rest = [*getattr(context, "_protected_args", ()), *context.args]
            name, command, rest = context.command.resolve_command(context, rest)
            assert command is not None
            context = command.make_context(name, rest, parent=context)
    except click.exceptions.Exit:
        pass  # --help and --version


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    command = COMMANDS[name]
    assert _module(name.split()[0]).SECTION in SECTIONS
    summary = command.get_short_help_str(90)
    assert summary.endswith(".")
    assert not summary.endswith("...")
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert (parameter.help or "").endswith("."), parameter.opts
        else:
            shown = parameter.make_metavar(click.Context(command))
            assert shown in command.get_usage(click.Context(command))
    if not isinstance(command, click.Group):
        assert (command.epilog or "").lstrip("\b\n").startswith("Example: configsync ")


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_are_of_the_command_and_can_be_copied(name: str) -> None:
    for line in (COMMANDS[name].epilog or "").replace("\b", "").splitlines():
        assert len(line) <= 76, "it would be wrapped"
    for example in examples(COMMANDS[name]):
        assert example.startswith(f"configsync {name.removesuffix(' verify')}")
        parse(example.removeprefix("configsync "))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_stands_in_a_guide(name: str) -> None:
    text = "".join(file.read_text(encoding="utf-8") for file in SHOWN)
    assert re.search(rf"(configsync |`){name}\b", text)


@pytest.mark.parametrize("file", SHOWN, ids=lambda file: file.stem)
def test_every_command_of_a_guide_is_understood(file: Path) -> None:
    for line in shown_in(file):
        parse(line)


@pytest.mark.parametrize("file", SHOWN, ids=lambda file: file.stem)
def test_sentences_name_commands_and_options_that_there_are(file: Path) -> None:
    prose = CODE.sub("", file.read_text(encoding="utf-8"))
    for inline in INLINE.findall(re.sub(r"\s+", " ", prose)):
        try:
            parse(inline)
        except click.NoSuchOption:
            raise
        except click.UsageError:
            pass  # a command may be named by some of its words, a value by what it is


def shown_in(file: Path) -> list[str]:
    """The command lines in a file's code; of what a session prints, none."""
    text = file.read_text(encoding="utf-8")
    blocks = CODE.findall(text) if file.suffix == ".md" else [("", text)]
    lines: list[str] = []
    for language, block in blocks:
        session = "\n".join(line for line in block.splitlines() if line.startswith("$ "))
        lines += calls(session if language == "console" else COMMENT.sub("", block))
    return lines


def test_guides_show_commands() -> None:
    shown = [line for file in SHOWN for line in shown_in(file)]
    assert len(shown) > 100
    assert "apply -q --auto-approve --actor alice" in shown
    assert "export profile/production -o dotenv --out .env --force" in shown
    with pytest.raises(click.UsageError, match="--nonsense"):
        parse("plan --nonsense")
    with pytest.raises(click.UsageError, match="no command applly"):
        parse("applly")


def test_help_is_grouped() -> None:
    shown = cli.get_help(click.Context(cli, info_name="configsync"))
    headings = re.findall(r"^(\w+):$", shown, re.MULTILINE)
    assert headings == ["Options", *SECTIONS]
