"""``configsync completion``."""

from __future__ import annotations

import click

from configsync.cli import output

SECTION = "Operate"

VARIABLE = "_CONFIGSYNC_COMPLETE"
"""By which a shell asks the command what may come next; click derives it from the name."""


@click.command(epilog="Example: configsync completion fish")
@click.argument("shell", type=click.Choice(("bash", "zsh", "fish")))
def command(shell: str) -> int:
    """Print what makes a shell complete commands, options, targets and addresses.

    \b
    bash, in ~/.bashrc: eval "$(configsync completion bash)"
    zsh, in ~/.zshrc:   eval "$(configsync completion zsh)"
    fish: configsync completion fish > ~/.config/fish/completions/configsync.fish
    """
    from click.shell_completion import get_completion_class

    from configsync.cli.main import cli

    kind = get_completion_class(shell)
    assert kind is not None
    output.data(kind(cli, {}, "configsync", VARIABLE).source())
    return 0
