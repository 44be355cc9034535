"""The tree of Jinja's own parser, if the language allows all of its nodes: for comparison with our parser."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from jinja2 import Environment, TemplateError, nodes
from jinja2.parser import Parser

from engine.language.expressions.filters import CONCAT, FILTERS
from engine.language.expressions.grammar import MOST_CHARACTERS
from engine.language.expressions.token_cursor import MOST_BRACKETS, MOST_LEVELS

STRING = r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\""
BRACKET = re.compile(rf"{STRING}|[(\[{{]|[)\]}}]", re.DOTALL)
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
ESCAPES = frozenset("\r\n\\'\"abfnrtvxuUN01234567")
PLAIN = (
    nodes.Getattr, nodes.Getitem, nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair, nodes.Compare, nodes.Operand,
    nodes.And, nodes.Or, nodes.Not, nodes.Concat, nodes.Slice, nodes.CondExpr, nodes.Keyword, nodes.Neg,
    nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod,
)  # fmt: skip
RESERVED = frozenset({"self", "super", "loop", "caller", "varargs", "kwargs"})


def jinja_tree(source: str) -> nodes.Node | None:
    """Jinja's tree of the expression; None if Jinja cannot parse it, or the language does not allow it."""
    if len(source) > MOST_CHARACTERS or bracket_depth(source) > MOST_BRACKETS:
        return None
    environment = Environment(autoescape=False)  # nothing is rendered
    try:
        parser = Parser(environment, escaped(source), state="variable")
        tree = parser.parse_expression()
    except TemplateError:
        return None
    if not parser.stream.eos or not all(depth <= MOST_LEVELS and allowed(node) for node, depth in every(tree)):
        return None
    return normalised(tree)


def escaped(source: str) -> str:
    """The source with unknown escapes doubled: they mean the same, and Python gives no warning."""
    return ESCAPE.sub(lambda match: match.group() if match.group(1) in ESCAPES else "\\" + match.group(), source)


def bracket_depth(source: str) -> int:
    depth = deepest = 0
    for match in BRACKET.finditer(source):
        char = match.group()
        depth += (char in "([{") - (char in ")]}") if len(char) == 1 else 0
        deepest = max(deepest, depth)
    return deepest


def every(tree: nodes.Node) -> Iterator[tuple[nodes.Node, int]]:
    """Every node with its depth; without recursion, because a tree may be of any depth."""
    due = [(tree, 0)]
    while due:
        node, depth = due.pop()
        yield node, depth
        if depth <= MOST_LEVELS:
            due += [(child, depth + 1) for child in node.iter_child_nodes()]


def allowed(node: nodes.Node) -> bool:
    match node:
        case nodes.Name(name=name):
            return not name.startswith("_") and name not in RESERVED
        case nodes.Getattr(attr=name):
            return not name.startswith("_")
        case nodes.Const(value=value):
            return value < 10**64 if type(value) is int else value != math.inf
        case nodes.Filter():
            return node.name in FILTERS and node.dyn_args is None and node.dyn_kwargs is None
        case _:
            return isinstance(node, PLAIN)


def normalised(tree: Any) -> Any:
    """`~` as our filter, a negative number as one constant, and any other `-x` as `0 - x`."""
    for field, value in tree.iter_fields():
        if isinstance(value, list):
            setattr(tree, field, [normalised(one) if isinstance(one, nodes.Node) else one for one in value])
        elif isinstance(value, nodes.Node):
            setattr(tree, field, normalised(value))
    match tree:
        case nodes.Concat(nodes=parts):
            return nodes.Filter(nodes.List(parts), CONCAT, [], [], None, None)
        case nodes.Neg(node=nodes.Const(value=value)) if type(value) in (int, float):
            return nodes.Const(-value)
        case nodes.Neg(node=of):
            return nodes.Sub(nodes.Const(0), of)
        case _:
            return tree
