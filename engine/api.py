"""Run, resume and read operations from Python. Each function returns the status document; `import runbook` exports them.

What a command reports by its exit code is raised here: RunbookInvalid, UsageError, EnvironmentProblem and Busy of
engine.errors. HELD, FAILED and STUCK are in the document. These functions ask nobody, print nothing, and handle no signals.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

from engine.cli.arguments.hold_answers import read_answer, read_replacement
from engine.cli.commands.run import new_operation_id
from engine.cli.context import CommandContext, check_operation_id
from engine.cli.files import load_runbook
from engine.cli.options import DEMO, STORE_OPTIONS, Options, resolve_options
from engine.cli.output.status_document import build_document
from engine.kernel import Operation
from engine.language.inputs import resolve_inputs


def run(
    runbook: str | os.PathLike[str], inputs: Mapping[str, Any] | None = None, *, operation_id: str = "",
    yes: bool = False, yes_delete: Iterable[str] = (), **where: Any,
) -> dict[str, Any]:  # fmt: skip
    """Start an operation of the runbook in that file and run it until it ends or holds.

    `where`: store, profile, region, endpoint_url, store_timeout and sandbox (True, or the file of a world), as for the
    command. `yes` confirms deletions; `yes_delete` allows them for names that a protected pattern matches.
    """
    with CommandContext(_options(where, yes=yes, yes_delete=yes_delete)) as context:
        loaded = load_runbook(os.fspath(runbook), context.registry, quiet=True)
        context.remember_runbook(loaded)
        id = check_operation_id(operation_id or new_operation_id(loaded.name))
        values = resolve_inputs(loaded, dict(inputs or {}))
        engine = context.build_engine(loaded, id, is_new=True)
        return _document(context, engine.run(loaded, id, values))


def resume(
    operation_id: str, *, with_: str | os.PathLike[str] = "", why: str | None = None, reject: str | None = None,
    outcome: str | None = None, output: Any = None, accept_target: str | Iterable[str] | None = None,
    yes_delete: Iterable[str] = (), **where: Any,
) -> dict[str, Any]:  # fmt: skip
    """Continue an operation from its last checkpoint, with an answer to its hold. `where` as for `run`."""
    with CommandContext(_options(where, yes=True, yes_delete=yes_delete)) as context:
        ids = [accept_target] if isinstance(accept_target, str) else list(accept_target or ())
        answer = read_answer(why=why, reject=reject, outcome=outcome, output=None, accept_target=ids)
        if output is not None:
            answer["output"] = output
        loaded, operation = context.load_operation(operation_id)
        text = read_replacement(context, loaded, operation, os.fspath(with_), answer) if with_ else ""
        engine = context.build_engine(loaded, operation_id, is_new=False)
        return _document(context, engine.resume(operation_id, answer, text))


def status(operation_id: str, **where: Any) -> dict[str, Any]:
    """The status document of an operation. `where` as for `run`."""
    with CommandContext(_options(where)) as context:
        _, operation = context.load_operation(operation_id)
        return _document(context, operation)


def _options(where: Mapping[str, Any], *, yes: bool = False, yes_delete: Iterable[str] = ()) -> Options:
    sandbox = where.get("sandbox")
    flags = {
        **dict.fromkeys(STORE_OPTIONS),
        **where,
        "sandbox": DEMO if sandbox is True else sandbox,
        "yes": yes,
        "yes_delete": tuple(yes_delete),
    }
    unknown = set(flags) - set(Options.__struct_fields__)
    if unknown:
        raise TypeError(f"there is no option {', '.join(sorted(unknown))}")
    return resolve_options({**flags, "quiet": True, "no_input": True}, ("text",), os.environ)


def _document(context: CommandContext, operation: Operation) -> dict[str, Any]:
    runbook = context.runbook(operation.digest)
    return build_document(operation, runbook, context.options, context.store.head(operation.id))
