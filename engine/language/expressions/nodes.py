"""The tree of an expression, as `grammar` reads it.

Offsets are characters of the expression's source; `start` and `end` span the whole node. Nodes are compared by
`facts.canonical`, never field by field, so that a cold start does not wait for methods that nobody calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Name:
    """`cluster`."""

    name: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Const:
    """A literal."""

    value: Any
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Attr:
    """`of.name`; `at` is where the name begins."""

    of: Node
    name: str
    at: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Item:
    """`of[index]`; `at` is where the index begins."""

    of: Node
    index: Node
    at: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Slice:
    """`a:b` in an index."""

    bounds: tuple[Node, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Listing:
    """`[a, b]`."""

    items: tuple[Node, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Pairs:
    """`{a: b}`."""

    pairs: tuple[tuple[Node, Node], ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Compare:
    """`left` with each of `ops`: (operator, right)."""

    left: Node
    ops: tuple[tuple[str, Node], ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Logic:
    """`and`, `or`, `not`: one or two operands."""

    op: str
    operands: tuple[Node, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Concat:
    """`a ~ b`."""

    parts: tuple[Node, ...]
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Cond:
    """`yes if test else no`; without `else`, `no` is None and the value may be undefined."""

    test: Node
    yes: Node
    no: Node | None
    start: int
    end: int


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Filter:
    """`of | name(args)`; `at` is where the name begins."""

    of: Node
    name: str
    args: tuple[Node, ...]
    named: tuple[tuple[str, Node], ...]
    at: int
    start: int
    end: int


Node = Name | Const | Attr | Item | Slice | Listing | Pairs | Compare | Logic | Concat | Cond | Filter


def children(node: Node) -> tuple[Node, ...]:
    """What a node is made of, in the order in which it is written."""
    match node:
        case Name() | Const():
            return ()
        case Attr(of=of):
            return (of,)
        case Item(of=of, index=index):
            return (of, index)
        case Slice(bounds=many) | Listing(items=many) | Logic(operands=many) | Concat(parts=many):
            return many
        case Pairs(pairs=pairs):
            return tuple(one for pair in pairs for one in pair)
        case Compare(left=left, ops=ops):
            return (left, *(right for _, right in ops))
        case Cond(test=test, yes=yes, no=no):
            return (yes, test) if no is None else (yes, test, no)
        case Filter(of=of, args=args, named=named):
            return (of, *args, *(value for _, value in named))


def walk(node: Node) -> Iterator[Node]:
    """The node and everything in it."""
    yield node
    for child in children(node):
        yield from walk(child)


def depth(node: Node) -> int:
    """How many levels the evaluation's own tree of it has."""
    inside = [depth(one) for one in children(node)]
    deepest = max(inside, default=-1) + 1
    match node:
        case Logic(operands=operands) if len(operands) > 1:
            return max(inside[0] + len(operands) - 1, deepest)
        case Compare() | Pairs():
            return deepest + 1
        case Filter(named=named) if named:
            return deepest + 1
        case _:
            return deepest
