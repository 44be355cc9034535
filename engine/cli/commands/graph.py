"""graph: the picture of a runbook, written as Mermaid or DOT."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from engine.cli.command_classes import Command
from engine.cli.files import checked
from engine.cli.options import Options, taking
from engine.cli.output import terminal
from engine.cli.output.flowchart import Edge, Node, Picture, Shape, picture
from engine.cli.session import surrounded

app = typer.Typer(rich_markup_mode=None)

MERMAID: Final[dict[Shape, tuple[str, str]]] = {
    "end": ("([", "])"), "step": ("[", "]"), "rescue": ("[[", "]]"), "hold": ("{{", "}}"), "fail": ("{{", "}}"),
    "list": ("[", "]"),
}  # fmt: skip
ARROWS: Final = {"next": "-->", "aside": "-.->", "no_return": "==>"}
DOT: Final[dict[Shape, str]] = {
    "end": "shape=oval", "step": "shape=box", "rescue": 'shape=box, style="rounded,dashed"',
    "hold": 'shape=hexagon, style=filled, fillcolor="#fff3cd"', "fail": 'shape=hexagon, style=filled, fillcolor="#f8d7da"',
    "list": "shape=note",
}  # fmt: skip
LINES: Final = {"next": "", "aside": "style=dashed", "no_return": "penwidth=3"}


@app.command("graph", cls=Command)
@taking("format", "debug", formats=("mermaid", "dot"))
def graph(options: Options, file: Annotated[str, typer.Argument(metavar="FILE", help="the runbook")]) -> int:
    """A runbook as a picture: its steps, their rows and rescues, the point of no return."""
    with surrounded(options) as here:
        drawn = picture(checked(file, here.registry, quiet=True))
        terminal.out(mermaid(drawn) if options.format == "mermaid" else dot(drawn))
    return 0


def mermaid(drawn: Picture) -> str:
    """A flow chart that GitHub and editors draw."""
    lines = ["flowchart TD"]
    lines += [f"  {_mermaid_node(node)}" for node in drawn.nodes]
    lines += [f"  {_mermaid_edge(edge)}" for edge in drawn.edges]
    if drawn.lists:
        lines += ["  subgraph ends [at an end or a hold]", "    direction LR"]
        lines += [f"    {_mermaid_node(node)}" for node in drawn.lists]
        lines.append("  end")
    for shape, style in (("hold", "fill:#fff3cd,stroke:#997404"), ("fail", "fill:#f8d7da,stroke:#b02a37")):
        names = [node.name for node in drawn.nodes if node.shape == shape]
        if names:
            lines += [f"  classDef {shape} {style},color:#000", f"  class {','.join(names)} {shape}"]
    return "\n".join(lines)


def _mermaid_node(node: Node) -> str:
    opened, closed = MERMAID[node.shape]
    title, *rest = (_mermaid_text(line) for line in node.lines)
    text = "<br>".join([f"<b>{title}</b>", *rest])
    return f'{node.name}{opened}"{text}"{closed}'


def _mermaid_edge(edge: Edge) -> str:
    label = f'|"{_mermaid_text(edge.label)}"|' if edge.label else ""
    return f"{edge.start} {ARROWS[edge.kind]}{label} {edge.end}"


def _mermaid_text(text: str) -> str:
    """Nothing in it is markup: entities are written as Mermaid has them."""
    marks = {"#": "#35;", "&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;", "\\": "#92;"}
    return "".join(marks.get(letter, letter) for letter in terminal.clean(text))


def dot(drawn: Picture) -> str:
    """A graph that Graphviz draws."""
    lines = ["digraph runbook {", '  graph [rankdir=TB, fontname="sans-serif"]', '  node [fontname="sans-serif"]']
    lines.append('  edge [fontname="sans-serif"]')
    lines += [f"  {node.name} [{DOT[node.shape]}, label={_dot_text(node.lines)}]" for node in drawn.nodes]
    for edge in drawn.edges:
        marks = [LINES[edge.kind], f"label={_quoted(edge.label)}" if edge.label else ""]
        told = ", ".join(mark for mark in marks if mark)
        lines.append(f"  {edge.start} -> {edge.end}" + (f" [{told}]" if told else ""))
    if drawn.lists:
        lines += ["  subgraph cluster_ends {", '    label="at an end or a hold"']
        lines += [f"    {node.name} [{DOT[node.shape]}, label={_dot_text(node.lines)}]" for node in drawn.lists]
        lines.append("  }")
    return "\n".join([*lines, "}"])


def _dot_text(lines: tuple[str, ...]) -> str:
    title, *rest = (_escaped(line) for line in lines)
    return '"' + "\\n".join([title, *rest]) + '"'


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    return terminal.clean(text).replace("\\", "\\\\").replace('"', '\\"')
