"""The tree of commands, built without their bodies: a command's file is imported when it is asked for.

Must not know what any command does.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Final

import typer

from engine import __version__
from engine.cli.command_classes import Group
from engine.cli.options import DEMO
from engine.cli.output import terminal
from engine.errors import UsageError
from engine.language.nearest import did_you_mean

COMMANDS: Final[Mapping[str, str]] = {
    "validate": "check runbooks: all findings at once, without credentials or network",
    "fmt": "lay runbooks out: order of keys, indentation, blanks; their meaning and comments stay",
    "run": "start an operation and drive it to its end, a hold or an interrupt",
    "resume": "take an operation up where it stands; answer a hold",
    "restart": "go back to a step, after its prerequisites are proved",
    "status": "one operation: where it stands, and what to type next",
    "list": "all operations",
    "history": "every event of one operation",
    "cancel": "stop an operation safely, wherever it runs",
    "cleanup": "undo what a failed, cancelled or stuck operation left",
    "orphans": "what bears the tool's tags and no live operation owns",
    "graph": "a runbook as a picture: Mermaid or DOT",
    "iam": "the least-privilege policy of a runbook",
    "actions": "the kinds and actions that there are",
    "explain": "a rule, an error name, or a runbook's filled state tables and times",
    "schema": "the JSON Schema of runbooks, for editors",
    "store": "make and look after a store",
}
"""Each command, with its line in the list of commands. Its code is `engine/cli/commands/NAME.py`."""


class Tree(Group):
    """A group whose commands are looked up when they are named."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"engine.cli.commands.{cmd_name}")
        return typer.main.get_group(module.app).commands[cmd_name]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if not args or args[0] in COMMANDS or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        message = (
            f"there is no command `{args[0]}`; {did_you_mean(args[0], COMMANDS, rest='`runbook --help` lists them')}"
        )
        raise UsageError(message)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Without importing one of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def ask(words: list[str]) -> int:
    """What the command that is asked for returns."""
    app = typer.Typer(cls=Tree, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.callback(no_args_is_help=True)(_root)
    group = typer.main.get_command(app)
    try:
        code = group.main(args=spelt(words), prog_name="runbook", standalone_mode=False)
    except typer.TyperException as error:
        raise UsageError(_told(error)) from error
    return int(code or 0)


def _root(
    version: bool = typer.Option(False, "--version", help="the version, and nothing else"),
) -> None:
    """Recovery flows written as YAML: checked, run, killed, and resumed from where they stood."""
    if version:
        terminal.out(f"runbook {__version__}")
        raise typer.Exit


def spelt(words: list[str]) -> list[str]:
    """The words with `--sandbox` alone written out. UsageError for what is no text."""
    told: list[str] = []
    for number, word in enumerate(words):
        if any("\ud800" <= letter <= "\udfff" for letter in word):
            message = f"word {number + 1} of the command is not UTF-8: {word.encode('unicode_escape').decode()}"
            raise UsageError(message)
        after = words[number + 1] if number + 1 < len(words) else "-"
        told.append(f"--sandbox={DEMO}" if word == "--sandbox" and after.startswith("-") else word)
    return told


def _told(error: Any) -> str:
    """Typer's own message, with near names and where to look."""
    message = error.format_message() if hasattr(error, "format_message") else str(error) or "stopped"
    wrong = getattr(error, "option_name", "")
    context = getattr(error, "ctx", None)
    if context is None:
        return message.rstrip(".")
    help = f"`{context.command_path} --help` lists all options"
    known = [name for one in context.command.get_params(context) for name in one.opts if name.startswith("--")]
    if wrong and wrong not in known:
        return f"there is no option {wrong}; {did_you_mean(wrong, known, rest=help)}"
    return f"{message.rstrip('.')}; {help}"
