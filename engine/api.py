"""Run, resume and read operations from Python. Each function returns the status document; `import runbook` exports them.

What a command reports by its exit code is raised here: RunbookInvalid, UsageError, EnvironmentProblem and Busy of
engine.errors. HELD, FAILED and STUCK are in the document. These functions ask nobody, print nothing, and handle no signals.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from engine.cli.commands.run import new_id
from engine.cli.context import Surroundings
from engine.cli.files import checked
from engine.cli.hold_answers import answer_of, edited
from engine.cli.input_options import typed_inputs
from engine.cli.options import DEMO, Options, settle
from engine.cli.output import status_document
from engine.cli.session import checked_id, located, surrounded
from engine.kernel import Operation
from engine.runtime.engine import Engine


def run(
    runbook: str | os.PathLike[str], inputs: Mapping[str, Any] | None = None, *, operation_id: str = "",
    yes: bool = False, yes_delete: Iterable[str] = (), **where: Any,
) -> dict[str, Any]:  # fmt: skip
    """Start an operation of the runbook in that file and drive it until it ends or holds.

    `where`: store, profile, region, endpoint_url, store_timeout, and sandbox (True, or the file of a world), as the
    options of the command. `yes` confirms what is deleted; `yes_delete` names what a protected pattern matches.
    """
    with surrounded(_options(where, yes=yes, yes_delete=yes_delete)) as here:
        read = checked(os.fspath(runbook), here.registry, quiet=True)
        here.knows(read)
        id = checked_id(operation_id or new_id(read.name))
        values = typed_inputs(read, dict(inputs or {}))
        return _driven(here, here.composed(read, id, begins=True), lambda engine: engine.run(read, id, values))


def resume(
    operation_id: str, *, with_: str | os.PathLike[str] = "", why: str | None = None, reject: str | None = None,
    outcome: str | None = None, output: Any = None, accept_target: str | None = None,
    yes_delete: Iterable[str] = (), **where: Any,
) -> dict[str, Any]:  # fmt: skip
    """Take an operation up where it stands, with an answer to its hold; `where` as in `run`."""
    with surrounded(_options(where, yes=True, yes_delete=yes_delete)) as here:
        answer = answer_of(why=why, reject=reject, outcome=outcome, output=None, accept_target=accept_target)
        if output is not None:
            answer["output"] = output
        read, operation = located(here, operation_id)
        text = edited(here, read, operation, os.fspath(with_), answer) if with_ else ""
        engine = here.composed(read, operation_id, begins=False)
        return _driven(here, engine, lambda engine: engine.resume(operation_id, answer, text))


def status(operation_id: str, **where: Any) -> dict[str, Any]:
    """The status document of an operation; `where` as in `run`."""
    with surrounded(_options(where)) as here:
        read, operation = located(here, operation_id)
        return status_document.made(operation, read, here.options, here.head(operation_id))


def _options(where: Mapping[str, Any], *, yes: bool = False, yes_delete: Iterable[str] = ()) -> Options:
    sandbox = where.get("sandbox")
    raw = {**where, "sandbox": DEMO if sandbox is True else sandbox, "yes": yes, "yes_delete": tuple(yes_delete)}
    unknown = set(raw) - set(Options.__struct_fields__)
    if unknown:
        message = f"there is no option {', '.join(sorted(unknown))}"
        raise TypeError(message)
    return settle({**raw, "quiet": True, "no_input": True}, ("text",), os.environ)


def _driven(here: Surroundings, engine: Engine, go: Callable[[Engine], Operation]) -> dict[str, Any]:
    operation = go(engine)
    return status_document.made(operation, here.runbook(operation.digest), here.options, here.head(operation.id))
