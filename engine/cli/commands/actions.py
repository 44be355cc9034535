"""`runbook actions`: the kinds and actions that a runbook can name."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli.command_classes import Command
from engine.cli.options import Options, taking
from engine.cli.output import descriptions, terminal
from engine.cli.session import surrounded
from engine.errors import UsageError
from engine.language.nearest import did_you_mean
from engine.registry import Registry

app = typer.Typer(rich_markup_mode=None)


@app.command("actions", cls=Command)
@taking("format", "debug")
def actions(
    options: Options,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="one of them, say rds.cluster")] = None,
) -> int:
    """The kinds of resources and the actions that a runbook can name."""
    with surrounded(options) as here:
        if name is None:
            _all(options, here.registry)
        else:
            one_of(options, here.registry, name)
    return 0


def _all(options: Options, registry: Registry) -> None:
    told = [descriptions.short(kind.name, "kind", kind.doc) for kind in registry.kinds.values()]
    told += [descriptions.short(one.name, "action", one.doc) for one in registry.actions.values()]
    told.sort(key=lambda one: (one["is"], one["name"]))
    told += [descriptions.family(prefix) for prefix in sorted(registry.families)]
    if options.as_json:
        terminal.document({"format": 1, "actions": told})
        return
    for line in terminal.columns([(one["name"], one["is"], one["doc"]) for one in told]):
        terminal.out(line)


def one_of(options: Options, registry: Registry, name: str) -> None:
    found = descriptions.named(registry, name)
    if found is None:
        known = [*registry.kinds, *registry.actions]
        message = f"there is no kind or action {name}; {did_you_mean(name, known, rest='`runbook actions` lists them')}"
        raise UsageError(message)
    if options.as_json:
        terminal.document({"format": 1, **found})
    else:
        terminal.out("\n".join(descriptions.as_text(found)))
