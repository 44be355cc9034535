"""The options of `runbook resume` that answer a hold, and `--with FILE`, which replaces the runbook instead."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from engine.cli.context import CommandContext
from engine.cli.files import load_runbook
from engine.cli.output import terminal
from engine.errors import UsageError
from engine.kernel import Operation
from engine.language.model import Runbook
from engine.language.nearest import did_you_mean

OUTCOMES: Final = ("done", "not-done")
DIFF_COLOURS: Final = {"+": "good", "-": "bad", "@": "busy"}


def read_answer(
    *,
    why: str | None,
    reject: str | None,
    outcome: str | None,
    output: str | None,
    accept_target: Sequence[str] | None,
) -> dict[str, Any]:
    """The answer, with only the keys that were given. `output` names a file. UsageError for options that conflict."""
    if outcome is not None and outcome not in OUTCOMES:
        raise UsageError(f"--outcome {outcome}: there is no such outcome; {did_you_mean(outcome, OUTCOMES)}")
    if output is not None and outcome != "done":
        raise UsageError("--output needs --outcome done: it is the output of a call that took effect")
    exclusive = {"--reject": reject, "--outcome": outcome, "--accept-target": accept_target or None}
    given = [name for name, value in exclusive.items() if value is not None]
    if len(given) > 1:
        raise UsageError(f"{' and '.join(given)} cannot be combined: they answer different holds")
    answer: dict[str, Any] = {
        "why": why,
        "reject": reject,
        "outcome": outcome,
        "accept_target": list(accept_target or ()) or None,
    }
    if output is not None:
        from engine.cli.arguments.input_options import read_value

        answer["output"] = read_value(output)
    return {name: value for name, value in answer.items() if value is not None}


def read_replacement(
    context: CommandContext, runbook: Runbook, operation: Operation, path: str, answer: Mapping[str, Any]
) -> str:  # fmt: skip
    """The text of the edited runbook in the file, checked; its changes are shown on stderr."""
    if answer:
        options = " and ".join(f"`--{name.replace('_', '-')}`" for name in answer)
        raise UsageError(
            f"{options} cannot be combined with `--with`: `--with` runs the step again instead of answering the hold"
        )
    new = load_runbook(path, context.registry, quiet=context.options.quiet)
    if new.name != runbook.name:
        raise UsageError(f"operation {operation.id} runs runbook {runbook.name}, but {path} is runbook {new.name}")
    step = operation.last_step.partition("[")[0]
    names = [one.id for one in new.steps]
    if not operation.ended and step and step not in names:
        raise UsageError(
            f"{path} has no step {step}, at which operation {operation.id} stopped; {did_you_mean(step, names)}"
        )
    context.remember_runbook(new)
    _print_diff(runbook.text, new.text, path)
    return new.text


def show_edits(context: CommandContext, runbook: Runbook, id: str) -> None:
    """Show on stderr what differs from the text that the operation was started with: somebody has edited it since."""
    first = context.first_event(id)
    digest = str(first.get("digest")) if first is not None else runbook.digest
    if digest == runbook.digest or context.options.quiet:
        return
    terminal.err(f"the runbook of {id} is not the one that it was started with:")
    text = context.store.blob(digest).decode("utf-8", "replace")
    _print_diff(text, runbook.text, "recorded runbook", before="as it was started")


def _print_diff(old: str, new: str, path: str, *, before: str = "recorded runbook") -> None:
    """A unified diff from the recorded text to that of the file."""
    diff = difflib.unified_diff(old.splitlines(), new.splitlines(), before, path, n=2, lineterm="")
    for line in list(diff) or [f"{path} is the same as the recorded runbook"]:
        colour = DIFF_COLOURS.get(line[:1])
        text = terminal.escape(line)
        terminal.err(terminal.style(text, colour, sys.stderr) if colour else text)
