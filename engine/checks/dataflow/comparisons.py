"""Comparisons whose outcome is always the same, or that fail: of two types, or with a literal that the other side never is."""

from __future__ import annotations

from typing import Final

from engine.checks.dataflow.problems import Problems
from engine.checks.dataflow.types import Type, describe_type
from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.syntax_tree import Node

ORDERED: Final = frozenset({"<", "<=", ">", ">="})


def check_comparison(problems: Problems, op: str, left: tuple[Node, Type], right: tuple[Node, Type]) -> None:
    one, other = left[1], right[1]
    at = (left[0].start, right[0].end)
    if not one.known or not other.known or not {"null", "secret"}.isdisjoint(one.names | other.names):
        return
    if op in ("in", "not in"):
        if not other.may_be("array", "object", "string"):
            written = problems.written(right[0])
            problems.report("RB307", at, f"`in` needs a list, map or text; `{written}` is {describe_type(other)}")
        elif isinstance(right[0], ast.List):
            for item in right[0].items:
                _check_literal(problems, item, one, "this item never matches")
        return
    if _numbers(one) & _numbers(other):
        _check_equality(problems, op, left, right)
        return
    if op in ORDERED:
        problems.report("RB307", at, f"cannot order {describe_type(one)} and {describe_type(other)}")
    else:
        outcome = "always false" if op == "==" else "always true"
        message = f"this is {outcome}: it compares {describe_type(one)} with {describe_type(other)}"
        problems.report("RB307", at, message)


def _check_equality(problems: Problems, op: str, left: tuple[Node, Type], right: tuple[Node, Type]) -> None:
    """Report a literal that the other side can never be."""
    if op in ("==", "!="):
        outcome = "this is always false" if op == "==" else "this is always true"
        _check_literal(problems, left[0], right[1], outcome)
        _check_literal(problems, right[0], left[1], outcome)


def _check_literal(problems: Problems, node: Node, of: Type, why: str) -> None:
    """Report a literal that is not one of the known values of the other side."""
    if not isinstance(node, ast.Const) or not isinstance(node.value, str):
        return
    if len(of.literals) > 1 and node.value not in of.literals:
        legal = problems.suggestion(node.value, map(str, of.literals), "its values")
        problems.report("RB307", node, f"{why}: `{node.value}` is not one of the possible values", legal)


def _numbers(type: Type) -> frozenset[str]:
    return type.names | {"number"} if "integer" in type.names else type.names
