"""A flowchart as text: Mermaid, which GitHub and editors draw, and DOT, which Graphviz draws."""

from __future__ import annotations

from typing import Final

from engine.cli.output import terminal
from engine.cli.output.flowchart import Edge, Flowchart, Node, Shape

LISTS_TITLE: Final = "when it ends or holds"

MERMAID_SHAPES: Final[dict[Shape, tuple[str, str]]] = {
    "end": ("([", "])"), "step": ("[", "]"), "rescue": ("[[", "]]"), "hold": ("{{", "}}"), "fail": ("{{", "}}"),
    "list": ("[", "]"),
}  # fmt: skip
MERMAID_ARROWS: Final = {"next": "-->", "aside": "-.->", "no_return": "==>"}
MERMAID_ESCAPES: Final = {
    "#": "#35;", "&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;", "\\": "#92;"
}  # fmt: skip
DOT_SHAPES: Final[dict[Shape, str]] = {
    "end": "shape=oval", "step": "shape=box", "rescue": 'shape=box, style="rounded,dashed"',
    "hold": 'shape=hexagon, style=filled, fillcolor="#fff3cd"', "fail": 'shape=hexagon, style=filled, fillcolor="#f8d7da"',
    "list": "shape=note",
}  # fmt: skip
DOT_LINES: Final = {"next": "", "aside": "style=dashed", "no_return": "penwidth=3"}


# -- Mermaid ----------------------------------------------------------------------------------------------------


def format_mermaid(chart: Flowchart) -> str:
    """The flowchart as Mermaid."""
    lines = ["flowchart TD"]
    lines += [f"  {_mermaid_node(node)}" for node in chart.nodes]
    lines += [f"  {_mermaid_edge(edge)}" for edge in chart.edges]
    if chart.lists:
        lines += [f"  subgraph ends [{LISTS_TITLE}]", "    direction LR"]
        lines += [f"    {_mermaid_node(node)}" for node in chart.lists]
        lines.append("  end")
    for shape, style in (("hold", "fill:#fff3cd,stroke:#997404"), ("fail", "fill:#f8d7da,stroke:#b02a37")):
        names = [node.name for node in chart.nodes if node.shape == shape]
        if names:
            lines += [f"  classDef {shape} {style},color:#000", f"  class {','.join(names)} {shape}"]
    return "\n".join(lines)


def _mermaid_node(node: Node) -> str:
    opening, closing = MERMAID_SHAPES[node.shape]
    title, *rest = (_mermaid_text(line) for line in node.lines)
    text = "<br>".join([f"<b>{title}</b>", *rest])
    return f'{node.name}{opening}"{text}"{closing}'


def _mermaid_edge(edge: Edge) -> str:
    label = f'|"{_mermaid_text(edge.label)}"|' if edge.label else ""
    return f"{edge.start} {MERMAID_ARROWS[edge.kind]}{label} {edge.end}"


def _mermaid_text(text: str) -> str:
    return "".join(MERMAID_ESCAPES.get(letter, letter) for letter in terminal.escape(text))


# -- DOT --------------------------------------------------------------------------------------------------------


def format_dot(chart: Flowchart) -> str:
    """The flowchart as DOT."""
    lines = ["digraph runbook {", '  graph [rankdir=TB, fontname="sans-serif"]', '  node [fontname="sans-serif"]']
    lines.append('  edge [fontname="sans-serif"]')
    lines += [f"  {_dot_node(node)}" for node in chart.nodes]
    lines += [f"  {_dot_edge(edge)}" for edge in chart.edges]
    if chart.lists:
        lines += ["  subgraph cluster_ends {", f"    label={_dot_text(LISTS_TITLE)}"]
        lines += [f"    {_dot_node(node)}" for node in chart.lists]
        lines.append("  }")
    return "\n".join([*lines, "}"])


def _dot_node(node: Node) -> str:
    return f"{node.name} [{DOT_SHAPES[node.shape]}, label={_dot_text(*node.lines)}]"


def _dot_edge(edge: Edge) -> str:
    attributes = [DOT_LINES[edge.kind], f"label={_dot_text(edge.label)}" if edge.label else ""]
    text = ", ".join(one for one in attributes if one)
    return f"{edge.start} -> {edge.end}" + (f" [{text}]" if text else "")


def _dot_text(*lines: str) -> str:
    """The lines as one quoted string."""
    escaped = [terminal.escape(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return '"' + "\\n".join(escaped) + '"'
