"""`runbook completion`: the script that lets a shell complete commands, options, operations, steps and runbooks."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from engine.cli.options import Options, command
from engine.cli.output import terminal
from engine.errors import UsageError
from engine.language.nearest import did_you_mean

SHELLS: Final = ("bash", "zsh", "fish")
VARIABLE: Final = "_RUNBOOK_COMPLETE"
"""Typer's: with it, `runbook` prints completions instead of running a command."""


@command("completion", "debug")
def completion(
    options: Options, shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish")]
) -> int:
    """Print the completion script of a shell. For bash: put `eval "$(runbook completion bash)"` into ~/.bashrc."""
    if shell not in SHELLS:
        raise UsageError(f"no completion for {shell}; {did_you_mean(shell, SHELLS)}")
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    terminal.out(get_completion_script(prog_name="runbook", complete_var=VARIABLE, shell=shell), raw=True)
    return 0
