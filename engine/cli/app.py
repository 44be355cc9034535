"""The command tree. A command's module is imported only when that command is called, for a fast start.

Must not know what any command does.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from typing import Any, Final

import typer

from engine import __version__
from engine.cli.options import DEMO, Group, registered
from engine.cli.output import terminal
from engine.errors import UsageError
from engine.language.nearest import did_you_mean

COMMANDS: Final[Mapping[str, str]] = {
    "validate": "check runbooks and report all findings; needs no credentials or network",
    "fmt": "reformat runbooks; their meaning and comments stay the same",
    "run": "start an operation and run it until it ends, holds or is interrupted",
    "resume": "continue an operation from its last checkpoint, or answer its hold",
    "restart": "go back to an earlier step, after checking its prerequisites",
    "status": "show one operation: its state, and the next command",
    "list": "list all operations",
    "history": "show every event of an operation",
    "cancel": "stop an operation safely, wherever it runs",
    "cleanup": "undo what a failed, cancelled or stuck operation left behind",
    "orphans": "find tagged resources that no active operation owns",
    "graph": "draw a runbook as a Mermaid or DOT graph",
    "iam": "print the least-privilege IAM policy of a runbook",
    "actions": "list the resource kinds and actions that runbooks can use",
    "explain": "explain a rule, an error, a kind, or a runbook's state tables and times",
    "schema": "print the JSON Schema of runbooks, for editors",
    "store": "create a store for operations, or delete old ones from it",
    "trust": "accept the content of a project's runbook.toml",
    "completion": "print the completion script of a shell",
}
"""Each command with its line in `runbook --help`. Its code is in `engine/cli/commands/NAME.py`."""


class LazyGroup(Group):
    """A group that imports a command's module when the command is called."""

    def make_context(self, info_name: Any, args: list[str], parent: Any = None, **extra: Any) -> Any:
        return super().make_context(info_name, normalize_args(args), parent, **extra)

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        importlib.import_module(f"engine.cli.commands.{cmd_name}")
        return typer.main.get_group(registered).commands[cmd_name]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if not args or args[0] in COMMANDS or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        hint = did_you_mean(args[0], COMMANDS, rest="`runbook --help` lists the commands")
        raise UsageError(f"there is no command `{args[0]}`; {hint}")

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands without importing their modules."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def run_command(args: list[str]) -> int:
    """Run the command and return its exit code. Raises UsageError, and whatever the command raises."""
    app = typer.Typer(
        cls=LazyGroup, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )  # fmt: skip
    app.callback(no_args_is_help=True)(_root)
    group = typer.main.get_command(app)
    if "_RUNBOOK_COMPLETE" in os.environ:  # a shell asks, by the script of `runbook completion`
        from typer.completion import completion_init  # type: ignore[attr-defined]

        completion_init()
    try:
        code = group.main(args=args, prog_name="runbook", standalone_mode=False)
    except typer.TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # typer does not export this class
            terminal.err(error.format_message())
            return UsageError.exit_code
        message = _usage_message(error)
        raise UsageError(message + (_hint_of_sandbox(args) if "Missing argument" in message else "")) from error
    return int(code or 0)


def _root(
    version: bool = typer.Option(False, "--version", help="print the version and exit"),
) -> None:
    """Run recovery flows written as YAML. An operation that is interrupted or killed resumes from its last checkpoint."""
    if version:
        terminal.out(f"runbook {__version__}")
        raise typer.Exit


def normalize_args(args: list[str]) -> list[str]:
    """The arguments with `--sandbox` written as `--sandbox=demo` where no world follows. UsageError if not UTF-8."""
    normalized: list[str] = []
    for number, word in enumerate(args):
        if any("\ud800" <= letter <= "\udfff" for letter in word):
            raise UsageError(f"argument {number + 1} is not UTF-8: {word.encode('unicode_escape').decode()}")
        following = args[number + 1] if number + 1 < len(args) else "-"
        normalized.append(f"--sandbox={DEMO}" if word == "--sandbox" and following.startswith("-") else word)
    return normalized


def _hint_of_sandbox(args: list[str]) -> str:
    """`--sandbox FILE` takes the file for its world, and then the command has none."""
    at = args.index("--sandbox") + 1 if "--sandbox" in args else len(args)
    if at >= len(args):
        return ""
    return f". `--sandbox {args[at]}` names the file of a world; write `{args[at]} --sandbox`"


def _usage_message(error: Any) -> str:
    """Typer's message, with similar option names and where to find help."""
    message = error.format_message() if hasattr(error, "format_message") else str(error) or "stopped"
    wrong = getattr(error, "option_name", "")
    context = getattr(error, "ctx", None)
    if context is None:
        return message.rstrip(".")
    rest = f"`{context.command_path} --help` lists all options"
    known = [name for one in context.command.get_params(context) for name in one.opts if name.startswith("--")]
    if wrong and wrong not in known:
        return f"there is no option {wrong}; {did_you_mean(wrong, known, rest=rest)}"
    return f"{message.rstrip('.')}; {rest}"
