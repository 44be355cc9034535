"""`runbook schema`: the JSON Schema of runbooks, for editors."""

from __future__ import annotations

from engine.cli.context import CommandContext
from engine.cli.options import Options, command
from engine.cli.output import terminal


@command("schema", "debug")
def schema(options: Options) -> int:
    """Print the JSON Schema of runbooks, for editors."""
    from engine.language.reference import json_schema

    with CommandContext(options) as context:
        document = json_schema.schema(context.registry.kinds, context.registry.actions)
        terminal.out(json_schema.as_text(document).rstrip("\n"), raw=True)
    return 0
