"""What a condition proves: after `if: old and not dry_run`, `old` is not null and `dry_run` is false.

Facts are expressions in canonical form: `true` are those known to be true, `present` those known not to be null.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.syntax_tree import Node
from engine.values import Value


class Facts(Value, kw_only=False):
    true: frozenset[str] = frozenset()
    present: frozenset[str] = frozenset()

    def also(self, other: Facts) -> Facts:
        if not other.true and not other.present:
            return self
        return Facts(self.true | other.true, self.present | other.present)


NO_FACTS: Final = Facts()


def canonical(node: Node) -> str:
    """The same text for the same expression, however its blanks and quotes are written."""
    match node:
        case ast.Name(name=name):
            return name
        case ast.Const(value=value):
            return repr(value)
        case ast.Attr(of=of, name=name):
            return f"{canonical(of)}.{name}"
        case ast.Item(of=of, index=ast.Const(value=str() as name)):
            return f"{canonical(of)}.{name}"
        case ast.Logic(op="not", operands=(of,)):
            return f"not ({canonical(of)})"
        case ast.Logic(op=op, operands=operands):
            return f" {op} ".join(f"({canonical(one)})" for one in operands)
        case ast.Compare(left=left, ops=ops):
            return canonical(left) + "".join(f" {op} {canonical(right)}" for op, right in ops)
        case ast.Filter(of=of, name=name, args=args, named=named):
            inside = [canonical(one) for one in args] + [f"{key}={canonical(one)}" for key, one in named]
            return f"{canonical(of)}|{name}({', '.join(inside)})"
        case _:
            return f"{type(node).__name__}({', '.join(canonical(one) for one in ast.children(node))})"


def conditions(node: Node) -> frozenset[str]:
    """The conditions that must all hold for it to be true: the operands of an `and`, or itself."""
    if isinstance(node, ast.Logic) and node.op == "and":
        return frozenset().union(*(conditions(one) for one in node.operands))
    return frozenset({canonical(node)})


def when_true(node: Node) -> Facts:
    """The facts that hold if it is true."""
    match node:
        case ast.Logic(op="and", operands=operands):
            return _together(when_true(one) for one in operands)
        case ast.Logic(op="not", operands=(of,)):
            return when_false(of).also(Facts(true=frozenset({canonical(node)})))
    return Facts(true=frozenset({canonical(node)}), present=frozenset(_present_if_true(node)))


def when_false(node: Node) -> Facts:
    """The facts that hold if it is false."""
    match node:
        case ast.Logic(op="or", operands=operands):
            return _together(when_false(one) for one in operands)
        case ast.Logic(op="not", operands=(of,)):
            return when_true(of)
    return Facts(true=frozenset({f"not ({canonical(node)})"}), present=frozenset(_present_if_false(node)))


def _together(many: Iterable[Facts]) -> Facts:
    found = NO_FACTS
    for one in many:
        found = found.also(one)
    return found


def _present_if_true(node: Node) -> list[str]:
    match node:
        case ast.Name() | ast.Attr() | ast.Item():
            return _with_owners(node)
        case ast.Compare(left=left, ops=(("==", ast.Const(value=value)),)) if value is not None:
            return _with_owners(left)
        case ast.Compare(left=left, ops=(("!=", ast.Const(value=None)),)):
            return _with_owners(left)
        case ast.Compare(left=left, ops=((">" | ">=", _),)):
            return _with_owners(left)
        case ast.Filter(name="default", of=of, args=(ast.Const(value=value), *_)) if not value:
            return _with_owners(of)
        case ast.Filter(name="length", of=of):
            return _with_owners(of)
    return []


def _present_if_false(node: Node) -> list[str]:
    match node:
        case ast.Compare(left=left, ops=(("==", ast.Const(value=None)),)):
            return _with_owners(left)
    return []


def _with_owners(node: Node) -> list[str]:
    """If `old.endpoint` is present, so is `old`; if `x | length` or `x | default(none)` is, so is `x`."""
    found = []
    while True:
        match node:
            case ast.Attr(of=of) | ast.Item(of=of):
                found.append(canonical(node))
                node = of
            case ast.Name():
                return [*found, canonical(node)]
            case ast.Filter(name="length" | "first" | "last", of=of):
                node = of
            case ast.Filter(name="default", of=of, args=(ast.Const(value=None),)):
                node = of
            case _:
                return found
