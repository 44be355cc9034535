"""One command's dealings with one operation: found, driven, told, and its exit code."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import typer

from engine.cli.context import Surroundings, typed
from engine.cli.options import Options
from engine.cli.output import status_document, terminal
from engine.errors import EnvironmentProblem, StoreConflict, UsageError
from engine.kernel import Operation
from engine.language.model import Runbook
from engine.runtime.driver import Interrupted
from engine.runtime.engine import Engine

OPERATION: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

Id = Annotated[str, typer.Argument(metavar="ID", help="the operation")]


@contextmanager
def surrounded(options: Options) -> Iterator[Surroundings]:
    """The surroundings of a command, closed when it ends."""
    here = Surroundings(options)
    try:
        yield here
    finally:
        here.close()


def located(here: Surroundings, id: str) -> tuple[Runbook, Operation]:
    """The operation of that id; UsageError where there is none, or can be none."""
    return here.found(checked_id(id))


def checked_id(id: str) -> str:
    """An operation's id is part of tags, keys and file names. UsageError."""
    if OPERATION.fullmatch(id) is None:
        message = f"{id!r} is no operation id: letters, digits, `.`, `_` and `-`, at most 64, a letter or digit first"
        raise UsageError(message)
    return id


def drive(
    here: Surroundings, runbook: Runbook, id: str, go: Callable[[Engine], Operation], *, begins: bool = False
) -> int:
    """Compose, do it, tell how it ended or where it stands."""
    try:
        with here.driving(runbook, id, begins=begins) as engine:
            operation = go(engine)
    except Interrupted as stopped:
        terminal.err(f"interrupted; it stands as it was recorded. Next: {_resume(here, id)}")
        _tell(here, *located(here, id), hint=False)
        return stopped.code
    except (EnvironmentProblem, StoreConflict) as error:
        there = _is_there(here, id)
        if there is not False:
            perhaps = f"; if nothing was, the same again with --operation-id {id}" if begins and there is None else ""
            error.add_note(f"What is recorded stands. Next: {_resume(here, id)}{perhaps}")
        raise
    _tell(here, here.runbook(operation.digest), operation)
    return status_document.code_of(operation)


def _tell(here: Surroundings, runbook: Runbook, operation: Operation, *, hint: bool = True) -> None:
    """Whether anybody reads it or not, the exit code is the operation's."""
    try:
        told(here, runbook, operation, hint=hint)
    except terminal.NobodyReads:
        return


def _resume(here: Surroundings, id: str) -> str:
    return typed(here.options, f"runbook resume {id}")


def _is_there(here: Surroundings, id: str) -> bool | None:
    """None where it cannot be told: the store is what is away."""
    try:
        return here.head(id) is not None
    except EnvironmentProblem:
        return None


def told(here: Surroundings, runbook: Runbook, operation: Operation, *, hint: bool = True) -> None:
    """The document on stdout, what to type next on stderr."""
    made = status_document.made(operation, runbook, here.options, here.head(operation.id))
    if here.options.as_json:
        terminal.document(made)
    else:
        terminal.out("\n".join(status_document.as_text(made)))
    if hint and not (here.options.quiet and operation.ended == "SUCCEEDED"):
        for line in status_document.hints(made):
            terminal.err(line)
