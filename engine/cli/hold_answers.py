"""What a person answers to a stop: yes or no, what became of a call, which thing is meant, another runbook."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping
from typing import Any, Final

from engine.cli.context import Surroundings
from engine.cli.files import checked
from engine.cli.output import terminal
from engine.errors import UsageError
from engine.kernel import Operation
from engine.language.model import Runbook
from engine.language.nearest import did_you_mean

OUTCOMES: Final = ("done", "not-done")
COLOURS: Final = {"+": "good", "-": "bad", "@": "busy"}


def answer_of(
    *, why: str | None, reject: str | None, outcome: str | None, output: str | None, accept_target: str | None
) -> dict[str, Any]:
    """The answer, with nothing in it that was not said. UsageError where two answers contradict."""
    if outcome is not None and outcome not in OUTCOMES:
        message = f"--outcome {outcome}: there is no such outcome; {did_you_mean(outcome, OUTCOMES)}"
        raise UsageError(message)
    if output is not None and outcome != "done":
        message = "--output is what the call has yielded: it goes with --outcome done"
        raise UsageError(message)
    said = {"--reject": reject, "--outcome": outcome, "--accept-target": accept_target}
    given = [name for name, value in said.items() if value is not None]
    if len(given) > 1:
        message = f"{' and '.join(given)} are answers to different questions: give one"
        raise UsageError(message)
    answer: dict[str, Any] = {"why": why, "reject": reject, "outcome": outcome, "accept_target": accept_target}
    if output is not None:
        from engine.cli.input_options import value_of_file

        answer["output"] = value_of_file(output)
    return {name: value for name, value in answer.items() if value is not None}


def edited(
    here: Surroundings, runbook: Runbook, operation: Operation, path: str, answer: Mapping[str, Any]
) -> str:  # fmt: skip
    """The text of another runbook, checked, and what it changes shown."""
    if answer:
        message = f"--with enters the step again and answers nothing: leave the answer ({', '.join(answer)}) for then"
        raise UsageError(message)
    new = checked(path, here.registry, quiet=here.options.quiet)
    if new.name != runbook.name:
        message = f"{path} is the runbook {new.name}, and operation {operation.id} is one of {runbook.name}"
        raise UsageError(message)
    at = operation.last_step.partition("[")[0]
    if not operation.ended and at and at not in {step.id for step in new.steps}:
        names = [step.id for step in new.steps]
        message = f"{path} has no step {at}, where the operation stands; {did_you_mean(at, names)}"
        raise UsageError(message)
    here.knows(new)
    changes = list(
        difflib.unified_diff(runbook.text.splitlines(), new.text.splitlines(), "as it was", path, n=2, lineterm="")
    )
    for line in changes or ["--with changes nothing: it is the same text"]:
        colour = COLOURS.get(line[:1])
        told = terminal.clean(line)
        terminal.err(terminal.dyed(told, colour, sys.stderr) if colour else told)
    return new.text
