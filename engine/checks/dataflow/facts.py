"""What a condition proves: after `if: old and not dry_run`, `old` is there, and `dry_run` is false.

Facts are canonical texts of expressions: `true` those that are known to hold, `there` those whose value is not null.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.syntax_tree import Node
from engine.values import Value


class Facts(Value, kw_only=False):
    true: frozenset[str] = frozenset()
    there: frozenset[str] = frozenset()

    def also(self, other: Facts) -> Facts:
        if not other.true and not other.there:
            return self
        return Facts(self.true | other.true, self.there | other.there)


NO_FACTS: Final = Facts()


def canonical(node: Node) -> str:
    """One text for one meaning, whatever its blanks and quotes."""
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
    """What must hold for it to be true: the parts of an `and`, each for itself."""
    if isinstance(node, ast.Logic) and node.op == "and":
        return frozenset().union(*(conditions(one) for one in node.operands))
    return frozenset({canonical(node)})


def when_true(node: Node) -> Facts:
    """What is known where it is true."""
    match node:
        case ast.Logic(op="and", operands=operands):
            return _together(when_true(one) for one in operands)
        case ast.Logic(op="not", operands=(of,)):
            return when_false(of).also(Facts(true=frozenset({canonical(node)})))
    return Facts(true=frozenset({canonical(node)}), there=frozenset(_there_if_true(node)))


def when_false(node: Node) -> Facts:
    """What is known where it is false."""
    match node:
        case ast.Logic(op="or", operands=operands):
            return _together(when_false(one) for one in operands)
        case ast.Logic(op="not", operands=(of,)):
            return when_true(of)
    told = frozenset({f"not ({canonical(node)})"})
    return Facts(true=told, there=frozenset(_there_if_false(node)))


def _together(many: Iterable[Facts]) -> Facts:
    found = NO_FACTS
    for one in many:
        found = found.also(one)
    return found


def _there_if_true(node: Node) -> list[str]:
    match node:
        case ast.Name() | ast.Attr() | ast.Item():
            return _with_its_owners(node)
        case ast.Compare(left=left, ops=(("==", ast.Const(value=value)),)) if value is not None:
            return _with_its_owners(left)
        case ast.Compare(left=left, ops=(("!=", ast.Const(value=None)),)):
            return _with_its_owners(left)
        case ast.Compare(left=left, ops=((">" | ">=", _),)):
            return _with_its_owners(left)
        case ast.Filter(name="default", of=of, args=(ast.Const(value=value), *_)) if not value:
            return _with_its_owners(of)
        case ast.Filter(name="length", of=of):
            return _with_its_owners(of)
    return []


def _there_if_false(node: Node) -> list[str]:
    match node:
        case ast.Compare(left=left, ops=(("==", ast.Const(value=None)),)):
            return _with_its_owners(left)
    return []


def _with_its_owners(node: Node) -> list[str]:
    """`old.endpoint` is there: then so is `old`. What `x | length` is of, too."""
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
            case _:
                return found
