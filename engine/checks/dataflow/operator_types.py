"""Operators: comparisons and arithmetic that fail, or whose outcome is always the same, and hyphens that are read as minus."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

from engine.checks.dataflow.facts import Facts, canonical
from engine.checks.dataflow.problems import Problems
from engine.checks.dataflow.scope import Missing
from engine.checks.dataflow.types import ANYTHING, INTEGER, NUMBER, Type, describe_type, of_value, reads_as
from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.operators import remedy
from engine.language.expressions.syntax_tree import Node

# -- comparisons -----------------------------------------------------------------------------------------------

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


# -- arithmetic ------------------------------------------------------------------------------------------------

_UNDEFINED: Final = "RB301"


def check_operand(problems: Problems, node: Node, op: str, type: Type, facts: Facts) -> bool:
    """Report an operand that is no number, or may be null. False if it is no number."""
    if not type.known or "secret" in type.names:
        return True
    written = problems.written(node)
    if not type.may_be("integer", "number"):
        message = f"`{op}` needs numbers; `{written}` is {describe_type(type)}"
        problems.report("RB307", node, message, _remedy(node, op, type))
        return False
    if "null" in type.names and canonical(node) not in facts.present:
        help = f"give a fallback, `{written} | default(0)`, or test first, `if: {written} != none`"
        problems.report("RB305", node, f"`{written}` may be null, and null is no number", help)
    return True


def _remedy(node: Node, op: str, type: Type) -> str:
    """What to write instead of an operand that is no number."""
    if not type.may_be("string"):
        return ""
    match node:
        case ast.Attr(of=ast.Name(name="settings"), name=name) if not type.format:
            return f"give the setting `{name}` the `type: integer` or `type: number`"
    return remedy(op, type.literals[0] if type.literals else _SAMPLES.get(type.format, "")).lstrip(": ")


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
