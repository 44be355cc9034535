"""The syntax tree of an expression. What has no node here cannot be written in an expression.

Two nodes are equal only at the same place. To compare what they mean, use their canonical text
(`engine.checks.dataflow.facts.canonical`).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from engine.values import Value


class SourceRange(Value, kw_only=False):
    """The range `source[start:end]` of the expression that a node stands for."""

    start: int
    end: int


class Name(SourceRange, kw_only=False):
    """`cluster`."""

    name: str


class Const(SourceRange, kw_only=False):
    """A literal: text, a number, true, false or none."""

    value: Any


class Attr(SourceRange, kw_only=False):
    """`of.name`; `at` is the offset of the name."""

    of: Node
    name: str
    at: int


class Item(SourceRange, kw_only=False):
    """`of[index]`, or `of.0`."""

    of: Node
    index: Node


class Slice(SourceRange, kw_only=False):
    """`lower:upper:step`, as an index."""

    lower: Node | None
    upper: Node | None
    step: Node | None


class List(SourceRange, kw_only=False):
    """`[a, b]`, or `(a, b)`, which Jinja never takes as equal to a list."""

    items: tuple[Node, ...]
    is_tuple: bool


class Map(SourceRange, kw_only=False):
    """`{a: b}`."""

    pairs: tuple[tuple[Node, Node], ...]


class Compare(SourceRange, kw_only=False):
    """`left` with each of `ops`: (operator, right)."""

    left: Node
    ops: tuple[tuple[str, Node], ...]


class Logic(SourceRange, kw_only=False):
    """`and` and `or` of two operands or more, `not` of one."""

    op: str
    operands: tuple[Node, ...]


class Concat(SourceRange, kw_only=False):
    """`a ~ b`."""

    parts: tuple[Node, ...]


class Arithmetic(SourceRange, kw_only=False):
    """`left + right`, and `0 - x` for `-x`."""

    left: Node
    op: str
    right: Node


class Cond(SourceRange, kw_only=False):
    """`yes if test else no`; without `else`, `no` is None and the value may be undefined."""

    test: Node
    yes: Node
    no: Node | None


class Filter(SourceRange, kw_only=False):
    """`of | name(args)`; `at` is the offset of the name."""

    of: Node
    name: str
    args: tuple[Node, ...]
    named: tuple[tuple[str, Node], ...]
    at: int


Node = Name | Const | Attr | Item | Slice | List | Map | Compare | Logic | Concat | Arithmetic | Cond | Filter


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly inside a node, in the order of the text."""
    match node:
        case Name() | Const():
            return ()
        case Attr(of=of):
            return (of,)
        case Item(of=of, index=index):
            return (of, index)
        case Slice(lower=lower, upper=upper, step=step):
            return tuple(one for one in (lower, upper, step) if one is not None)
        case List(items=many) | Logic(operands=many) | Concat(parts=many):
            return many
        case Map(pairs=pairs):
            return tuple(one for pair in pairs for one in pair)
        case Compare(left=left, ops=ops):
            return (left, *(right for _, right in ops))
        case Arithmetic(left=left, right=right):
            return (left, right)
        case Cond(test=test, yes=yes, no=no):
            return (yes, test) if no is None else (yes, test, no)
        case Filter(of=of, args=args, named=named):
            return (of, *args, *(value for _, value in named))


def walk(node: Node) -> Iterator[Node]:
    """The node and everything in it."""
    yield node
    for child in children(node):
        yield from walk(child)


def is_path(node: Node) -> bool:
    """Is it the path of a member, such as `seen.DBClusters[0].Status`?"""
    return all(isinstance(one, (Name, Attr, Item, Const)) for one in walk(node))


def depth(node: Node) -> int:
    """The depth of Jinja's tree for a node. There `a or b or c` is nested, and comparisons, pairs and arguments are nodes."""
    inside = [depth(one) for one in children(node)]
    deepest = max(inside, default=-1) + 1
    match node:
        case Logic(operands=operands) if len(operands) > 1:
            return max(inside[0] + len(operands) - 1, deepest)
        case Compare() | Map():
            return deepest + 1
        case Filter(named=named) if named:
            return deepest + 1
        case _:
            return deepest
