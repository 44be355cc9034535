"""`runbook run`: start an operation and run it."""

from __future__ import annotations

import os
import secrets
from typing import Annotated, Final

import typer

from engine.cli.arguments.input_options import read_inputs
from engine.cli.context import CommandContext, check_operation_id, store_place
from engine.cli.files import load_runbook
from engine.cli.operations import run_operation
from engine.cli.options import RUN_OPTIONS, FileArgument, InputOption, InputsFileOption, Options, command
from engine.cli.output import terminal
from engine.errors import Locked
from engine.language.inputs import resolve_inputs
from engine.values import changed

ENDED: Final = (0, 1, 7)
"""Exit codes of operations that have ended."""


@command("run", *RUN_OPTIONS)
def run(
    options: Options,
    file: FileArgument,
    inputs: InputOption = None,
    inputs_file: InputsFileOption = None,
    operation_id: Annotated[
        str | None,
        typer.Option(
            "--operation-id", metavar="ID",
            help="an id of your own; repeating the command with it continues the same operation",
        ),
    ] = None,
) -> int:  # fmt: skip
    """Start an operation and run it until it ends, holds or is interrupted."""
    with CommandContext(options) as context:
        runbook = load_runbook(file, context.registry, quiet=options.quiet)
        context.remember_runbook(runbook)
        id = check_operation_id(operation_id or new_operation_id(runbook.name))
        values = resolve_inputs(runbook, read_inputs(inputs or [], inputs_file))
        _print_place(options)

        def start() -> int:
            code = run_operation(context, runbook, id, lambda engine: engine.run(runbook, id, values), is_new=True)
            for entry in context.unused_script() if code in ENDED else ():
                terminal.err(terminal.escape(f"sandbox: the script's entry {entry} was never used"))
            return code

        try:
            return start()
        except Locked as locked:
            if not (options.sandbox and end_held_sandbox(options, locked.holder)):
                raise
            return start()


def end_held_sandbox(options: Options, id: str) -> bool:
    """End a held operation of the sandbox, so that a new one can have its lock. False if it does not hold.

    Nothing of it is real: it would only be in the way of the next try.
    """
    with CommandContext(changed(options, quiet=True)) as context:
        runbook, operation = context.load_operation(id)
        if not context.is_sandboxed(id) or operation.hold is None:
            return False
        with context.running_engine(runbook, id, is_new=False) as engine:
            engine.cancel(id)
    terminal.err(f"sandbox: ended operation {id}, which held and had the lock")
    return True


def new_operation_id(runbook: str) -> str:
    """A unique id: `aurora-restore-1f2e3d4c`."""
    return f"{runbook[:48]}-{secrets.token_hex(4)}"


def _print_place(options: Options) -> None:
    """Say where the operation runs and is stored, if that may surprise."""
    if options.quiet:
        return
    if options.sandbox:
        terminal.err("sandbox: simulated AWS in virtual time; no real resource is touched")
    elif not options.store:
        place = terminal.escape(store_place(options, os.environ))
        terminal.err(
            f"storing the operation in {place}: only this machine can see or resume it; "
            "set --store or RUNBOOK_STORE to share it"
        )
