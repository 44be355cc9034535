"""Completers that read the store: operations, their steps, names of runbooks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import typer

from engine.cli.arguments.completer import completer
from engine.cli.context import CommandContext
from engine.cli.options import STORE_OPTIONS, resolve_options
from engine.values import changed


def _context(ctx: typer.Context) -> CommandContext:
    """The context of the command that is being typed. Its store does not wait until it is available."""
    flags: dict[str, Any] = {name: ctx.params.get(name) for name in STORE_OPTIONS}
    return CommandContext(changed(resolve_options(flags, ("text",), os.environ), store_timeout=0.0))


@completer
def complete_operation(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """The operations of the store, newest first."""
    with _context(ctx) as context:
        for head in context.store.heads():
            yield head.operation, f"{head.summary.get('status', '')} {head.summary.get('runbook', '')}".strip()


@completer
def complete_runbook_name(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """The names of the runbooks that the store has operations of."""
    with _context(ctx) as context:
        names = {str(head.summary["runbook"]) for head in context.store.heads() if "runbook" in head.summary}
    yield from ((name, "") for name in sorted(names))


@completer
def complete_step(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """The steps of the operation whose id was typed."""
    with _context(ctx) as context:
        # After an option that waits for its value, the arguments before it are not assigned yet.
        id = ctx.params.get("id") or next(iter(ctx.args), "")
        runbook, operation = context.load_operation(str(id))
        for step in runbook.steps:
            record = operation.steps.get(step.id)
            yield step.id, record.status if record is not None else ""
