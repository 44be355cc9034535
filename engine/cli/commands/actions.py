"""`runbook actions`: the resource kinds and actions that runbooks can use."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli.context import CommandContext
from engine.cli.options import Options, command
from engine.cli.output import terminal
from engine.cli.output.descriptions import describe_kind_or_action, format_description, summarize
from engine.errors import UsageError
from engine.language.nearest import did_you_mean
from engine.registry import Registry


@command("actions", "format", "debug")
def actions(
    options: Options,
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="describe this kind or action, for example rds.cluster")
    ] = None,
) -> int:
    """List the resource kinds and actions that runbooks can use, or describe one of them."""
    with CommandContext(options) as context:
        if name is None:
            _print_all(options, context.registry)
            return 0
        description = describe_kind_or_action(context.registry, name)
        if description is None:
            known = [*context.registry.kinds, *context.registry.actions]
            hint = did_you_mean(name, known, rest="`runbook actions` lists them")
            raise UsageError(f"there is no kind or action {name}; {hint}")
        terminal.out_document(description, format_description(description), as_json=options.as_json)
    return 0


def _print_all(options: Options, registry: Registry) -> None:
    rows = [summarize(kind.name, "kind", kind.doc) for kind in registry.kinds.values()]
    rows += [summarize(action.name, "action", action.doc) for action in registry.actions.values()]
    rows.sort(key=lambda one: (one["is"], one["name"]))
    for prefix in sorted(registry.families):
        doc = "any AWS API call, checked against AWS's model"
        rows.append(summarize(f"{prefix}SERVICE.OPERATION", "family", doc))
    lines = terminal.align_columns([(one["name"], one["is"], one["doc"]) for one in rows])
    terminal.out_document({"actions": rows}, lines, as_json=options.as_json)
