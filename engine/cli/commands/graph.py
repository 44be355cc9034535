"""`runbook graph`: a runbook as a flowchart, in Mermaid or DOT."""

from __future__ import annotations

from engine.cli.context import CommandContext
from engine.cli.files import load_runbook
from engine.cli.options import FileArgument, Options, command
from engine.cli.output import terminal
from engine.cli.output.flowchart import build_flowchart
from engine.cli.output.graph_formats import format_dot, format_mermaid


@command("graph", "format", "debug", formats=("mermaid", "dot"))
def graph(options: Options, file: FileArgument) -> int:
    """Draw a runbook as a graph: its steps, state rows and rescues, and the point of no return."""
    with CommandContext(options) as context:
        chart = build_flowchart(load_runbook(file, context.registry, quiet=True))
        terminal.out(format_mermaid(chart) if options.format == "mermaid" else format_dot(chart))
    return 0
