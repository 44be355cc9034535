"""Comparisons whose outcome is always the same, or that fail: of two types, or with a literal that the other side never is."""

from __future__ import annotations

from typing import Final

from engine.checks.dataflow.problems import Problems
from engine.checks.dataflow.types import Type, describe_type, of_value, reads_as
from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.syntax_tree import Node

ORDERED: Final = frozenset({"<", "<=", ">", ">="})


def check_comparison(problems: Problems, op: str, left: tuple[Node, Type], right: tuple[Node, Type]) -> None:
    one, other = left[1], right[1]
    at = (left[0].start, right[0].end)
    if _of_other_meaning(problems, op, left, right):
        return
    if not one.known or not other.known or not {"null", "secret"}.isdisjoint(one.names | other.names):
        return
    if _never_in_status(problems, op, left, right):
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
        filters = {"timestamp": "`… | epoch`", "duration": "`… | seconds`"}
        help = filters.get(one.format or other.format, "")
        message = f"cannot order {describe_type(one)} and {describe_type(other)}"
        problems.report("RB307", at, message, f"for its seconds, write {help}" if help else "")
    else:
        outcome = "always false" if op == "==" else "always true"
        message = f"this is {outcome}: it compares {describe_type(one)} with {describe_type(other)}"
        problems.report("RB307", at, message)


def _of_other_meaning(problems: Problems, op: str, left: tuple[Node, Type], right: tuple[Node, Type]) -> bool:
    """Report a timestamp or duration that is compared with other text; True if it is one that is compared with text."""
    if op in ("in", "not in"):
        items = right[0].items if isinstance(right[0], ast.List) else ()
        types = [(item, of_value(item.value)) for item in items if isinstance(item, ast.Const)]
        found = [_of_other_meaning(problems, "==", left, one) for one in types]  # each item is reported
        return True in found
    format = left[1].format or right[1].format
    if not format or not {"secret"}.isdisjoint(left[1].names | right[1].names):
        return False
    if "string" not in left[1].names or "string" not in right[1].names:
        return False
    node, odd = left if not reads_as(left[1], format) else right
    if not reads_as(odd, format):
        written = problems.written(node)
        what = "text" if odd.literals or not odd.format else f"a {odd.format}"
        message = f"this compares a {format} with {what}: `{written}` is not known to be a {format}"
        problems.report("RB307", (left[0].start, right[0].end), message, _MEANT[format])
    return True


_MEANT: Final = {
    "timestamp": "write a date, a time and a time zone, such as '2024-03-20T06:00:00Z', or declare it with `type: timestamp`",
    "duration": "write a number and its unit, such as '90m', or declare it with `type: duration`",
}


def _never_in_status(problems: Problems, op: str, left: tuple[Node, Type], right: tuple[Node, Type]) -> bool:
    """Report a status that is compared with words that it never is. True if a status is compared."""
    status, words = (right, left[0]) if _is_status(right[0]) and op == "==" else (left, right[0])
    if not _is_status(status[0]) or not status[1].literals or op not in ("==", "in"):
        return _is_status(status[0]) and op == "!="
    nodes = words.items if op == "in" and isinstance(words, ast.List) else (words,)
    values = [node.value for node in nodes if isinstance(node, ast.Const)]
    if len(values) < len(nodes) or any(value in status[1].literals for value in values):
        return False
    written, legal = problems.written(status[0]), " or ".join(f"`{one}`" for one in status[1].literals[:6])
    shown = " or ".join(f"`{value}`" for value in values)
    message = f"this can never be true: here `{written}` is {legal}, never {shown}"
    help = problems.suggestion(str(values[0]), map(str, status[1].literals), "its statuses here")
    problems.report("RB410", (left[0].start, right[0].end), message, help)
    return True


def _is_status(node: Node) -> bool:
    """Is it the status of something that a step observes: `seen.status`, `old.status`?"""
    return isinstance(node, ast.Attr) and node.name == "status"


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
