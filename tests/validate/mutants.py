"""Mutants of a runbook: one row, rescue, `undo` or input is removed, or one name is misspelt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from engine.errors import ExpressionError
from engine.language.expressions.grammar import parse_expression
from engine.language.expressions.syntax_tree import Attr, Filter, Name, walk
from engine.language.expressions.template import split_template, strip_braces
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar, Span
from engine.language.yaml.reader import load_yaml

PROSE: Final = frozenset(
    {"description", "runbook", "pattern", "text", "subject", "lock", "tags", "outputs", "every", "for"}
)
"""Keys whose values contain no names: texts, durations, and words that the author chooses."""
CONDITIONS: Final = frozenset({"if", "is", "only", "status", "retry_if"})


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change: what it changes, where, and the resulting text."""

    what: str  # row, rescue, undo, input, name
    where: str
    text: str


def mutants(text: str) -> Iterator[Mutant]:
    """Every mutant of a runbook."""
    root = load_yaml(text)
    assert isinstance(root, MapNode)
    yield from dropped(text, root)
    seen = set()
    for token, span in names(root, ""):
        if (span.line, span.column) not in seen and len(token) > 1:
            seen.add((span.line, span.column))
            yield Mutant("name", f"{span.line}:{span.column} {token}", replaced(text, span, misspelt(token)))


def misspelt(token: str) -> str:
    """Two neighbouring characters swapped; if that gives the same word, one doubled."""
    middle = max(1, len(token) // 2)
    swapped = token[: middle - 1] + token[middle] + token[middle - 1] + token[middle + 1 :]
    return swapped if swapped != token else token[:middle] + token[middle - 1] + token[middle:]


def replaced(text: str, span: Span, new: str) -> str:
    lines = text.split("\n")
    line = lines[span.line - 1]
    lines[span.line - 1] = line[: span.column - 1] + new + line[span.end_column - 1 :]
    return "\n".join(lines)


# -- one thing less -------------------------------------------------------------------------------------------


def dropped(text: str, node: Node, path: str = "") -> Iterator[Mutant]:
    if isinstance(node, ListNode):
        for number, item in enumerate(node.items):
            if path.endswith("rescue"):
                whole = len(node.items) == 1
                yield Mutant("rescue", written(text, item.span), without(text, item.span, key=whole))
            yield from dropped(text, item, f"{path}/{number}")
    if isinstance(node, MapNode):
        for key, value in node.entries:
            what = _droppable(path, key.text)
            if what:
                whole = what == "row" and len(node.entries) == 1
                yield Mutant(what, written(text, key.span), _without_entry(text, key, value, whole=whole))
            yield from dropped(text, value, f"{path}/{key.text}")


def written(text: str, span: Span) -> str:
    """The line without its comment."""
    return text.split("\n")[span.line - 1].partition("  #")[0].strip().removeprefix("- ")


def _droppable(path: str, key: str) -> str:
    if path.endswith("states"):
        return "row"
    if path == "/inputs":
        return "input"
    return "undo" if key == "undo" else ""


def _without_entry(text: str, key: Scalar, value: Node, *, whole: bool) -> str:
    lines = text.split("\n")
    first, last = key.span.line - 1, value.span.end_line - 1
    if whole:
        first -= 1  # `states:` stands above its only row
    return "\n".join(lines[:first] + lines[last + 1 :])


def without(text: str, span: Span, *, key: bool) -> str:
    lines = text.split("\n")
    first = span.line - 1 - (1 if key else 0)
    return "\n".join(lines[:first] + lines[span.end_line :])


# -- names ----------------------------------------------------------------------------------------------------


def names(node: Node, path: str) -> Iterator[tuple[str, Span]]:
    """Every name: keys, words, and names in expressions."""
    match node:
        case MapNode():
            for key, value in node.entries:
                if key.text in PROSE and not path.endswith("/inputs"):
                    yield from in_expressions(value, key.text)
                    continue
                yield from _words(key)
                yield from names(value, f"{path}/{key.text}")
        case ListNode(items=items):
            for item in items:
                yield from names(item, path)
        case Scalar() if isinstance(node.value, str):
            yield from in_expressions(node, path.rpartition("/")[2])
            if _is_word(node, path):
                yield node.text, node.at(0, len(node.text))


def _words(key: Scalar) -> Iterator[tuple[str, Span]]:
    """The names of a row, which may be several."""
    offset = 0
    for piece in key.text.split(","):
        word = piece.strip().removeprefix("=")
        if word:
            yield word, key.at(offset + piece.index(word), len(word))
        offset += len(piece) + 1


def _is_word(node: Scalar, path: str) -> bool:
    """Does the word have a meaning: a kind, verb, step, error or type, but no text and no value of a parameter?"""
    last = path.rpartition("/")[2]
    if "${" in node.text or last in CONDITIONS or "/with/" in path or "/vars/" in path:
        return path.endswith("access")
    if path.startswith(("/settings", "/schedules")) or path in ("/region", "/time_limit", "/notify"):
        return False
    return last not in ("default", "hold", "fail", "region", "wait", "timeout", "enum", "retry") or last == "retry"


def in_expressions(node: Node, key: str) -> Iterator[tuple[str, Span]]:
    """The names, attributes and filters of the expressions of a value."""
    match node:
        case MapNode():
            for one, value in node.entries:
                yield from in_expressions(value, one.text)
        case ListNode(items=items):
            for item in items:
                yield from in_expressions(item, key)
        case Scalar() if isinstance(node.value, str):
            for source, offset in _sources(node, key):
                yield from _in_source(node, source, offset)


def _sources(node: Scalar, key: str) -> list[tuple[str, int]]:
    if key in CONDITIONS:
        return [strip_braces(node.text)]
    try:
        return [piece for piece in split_template(node.text) if isinstance(piece, tuple)]
    except ExpressionError:
        return []


def _in_source(node: Scalar, source: str, offset: int) -> Iterator[tuple[str, Span]]:
    try:
        tree = parse_expression(source)
    except ExpressionError:
        return
    for one in walk(tree):
        match one:
            case Name(name=name, start=start):
                yield name, node.at(offset + start, len(name))
            case Attr(name=name, at=at) | Filter(name=name, at=at):
                yield name, node.at(offset + at, len(name))
