"""Arithmetic: what its operands may be, and names with hyphens, which are read as subtractions."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from engine.checks.dataflow.facts import Facts, canonical
from engine.checks.dataflow.problems import Problems
from engine.checks.dataflow.scope import Missing
from engine.checks.dataflow.types import ANYTHING, INTEGER, NUMBER, Type, describe_type
from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.operators import remedy
from engine.language.expressions.syntax_tree import Node

_UNDEFINED: Final = "RB301"


def check_operand(problems: Problems, node: Node, op: str, type: Type, facts: Facts) -> None:
    """Report an operand that is no number, or may be null."""
    if not type.known or "secret" in type.names:
        return
    written = problems.written(node)
    if not type.may_be("integer", "number"):
        help = remedy(op, type.literals[0] if type.literals else _SAMPLES.get(type.format or "", "")).lstrip(": ")
        message = f"`{op}` needs numbers; `{written}` is {describe_type(type)}"
        problems.report("RB307", node, message, help if type.may_be("string") else "")
    elif "null" in type.names and canonical(node) not in facts.present:
        help = f"give a fallback, `{written} | default(0)`, or test first, `if: {written} != none`"
        problems.report("RB305", node, f"`{written}` may be null, and null is no number", help)


_SAMPLES: Final[Mapping[str, str]] = {"timestamp": "2024-03-20T06:00:00Z", "duration": "1h"}
"""A value of each form of text, for which `remedy` has words."""


def result_of(op: str, left: Type, right: Type) -> Type:
    """The type of `left op right`."""
    return INTEGER if op != "/" and left.is_only("integer") and right.is_only("integer") else NUMBER


def report_hyphens(problems: Problems, node: ast.Arithmetic, facts: Facts) -> bool:
    """RB304 and True for `copy-snapshot`, if that, or a part of it, can only be one name with hyphens."""
    for parts in _hyphenated(node, problems.source):
        first, *others = parts
        names = [one.name for one in parts]
        joined = "_".join(names)
        undefined = any(_is_undefined(problems, one.name, facts) for one in others)
        if isinstance(first, ast.Name):
            known = not isinstance(problems.scope.binding(joined, facts), Missing)
            undefined = undefined or _is_undefined(problems, first.name, facts)
        else:
            known = joined in _attributes(problems, first, facts)
        if known or undefined:
            start = first.start if isinstance(first, ast.Name) else first.at
            message = f"`{'-'.join(names)}` is read as a subtraction"
            problems.report("RB304", (start, others[-1].end), message, f"in an expression, write `{joined}`")
            return True
    return False


def _is_undefined(problems: Problems, name: str, facts: Facts) -> bool:
    found = problems.scope.binding(name, facts)
    return isinstance(found, Missing) and found.rule == _UNDEFINED


def _attributes(problems: Problems, node: ast.Attr, facts: Facts) -> Mapping[str, Type]:
    """The attributes of `settings` in `settings.kms-key`."""
    if not isinstance(node.of, ast.Name):
        return {}
    found = problems.scope.binding(node.of.name, facts)
    return (ANYTHING if isinstance(found, Missing) else found.type).attributes or {}


def _hyphenated(node: ast.Arithmetic, source: str) -> list[list[ast.Name | ast.Attr]]:
    """The runs of names that are joined by hyphens without blanks."""
    runs: list[list[ast.Name | ast.Attr]] = []
    run: list[ast.Name | ast.Attr] = []
    for left, right in pairwise(_operands(node)):
        before, after = _last_name(left), _first_name(right)
        if before is None or after is None or source[before.end : after.start] != "-":
            run = []
        elif run and run[-1] is before:
            run.append(after)
        else:
            run = [before, after]
            runs.append(run)
    return runs


def _operands(node: Node) -> list[Node]:
    """`a`, `b` and `c` of `a-b-c`."""
    found: list[Node] = []
    while isinstance(node, ast.Arithmetic) and node.op == "-":
        found.append(node.right)
        node = node.left
    return [node, *reversed(found)]


def _last_name(node: Node) -> ast.Name | ast.Attr | None:
    """The name at the end of an operand: `b` of `a ~ b`."""
    while isinstance(node, (ast.Concat, ast.Arithmetic)):
        node = node.parts[-1] if isinstance(node, ast.Concat) else node.right
    return node if isinstance(node, (ast.Name, ast.Attr)) else None


def _first_name(node: Node) -> ast.Name | None:
    """The name that an operand begins with: `a` of `a.b ~ c`."""
    while not isinstance(node, ast.Name):
        match node:
            case ast.Attr(of=of) | ast.Item(of=of) | ast.Filter(of=of) | ast.Arithmetic(left=of):
                node = of
            case ast.Concat(parts=(first, *_)):
                node = first
            case _:
                return None
    return node
