"""A YAML document as nodes with their places. No runbooks here: any document has this form.

Lines and columns count from 1. Nodes are slotted and are not changed once they are read; they are not frozen,
because a runbook of 10,000 steps has a hundred thousand of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import ItemsView, Iterator
from typing import Any, Final

from engine.language.yaml.positions import source_offsets
from engine.values import Value

Plain = str | int | float | bool | None
"""What a scalar may be: the types of YAML 1.2's core schema."""

LITERAL: Final = "|"
FOLDED: Final = ">"
_MOST_SHOWN: Final = 600


class Span(Value):
    """From the first character to one past the last."""

    line: int
    column: int
    end_line: int
    end_column: int


class Source:
    """The text of one document, and where its lines begin."""

    __slots__ = ("_starts", "file", "text")

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self._starts: list[int] = []

    def place(self, index: int) -> tuple[int, int]:
        """Line and column of a character of the text."""
        if not self._starts:
            self._starts = [0, *(at + 1 for at, char in enumerate(self.text) if char == "\n")]
        line = bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1

    def span(self, start: int, end: int) -> Span:
        """The span of `text[start:end]`, one character at least."""
        line, column = self.place(start)
        if end <= start:
            return Span(line=line, column=column, end_line=line, end_column=column + 1)
        end_line, end_column = self.place(end - 1)
        return Span(line=line, column=column, end_line=end_line, end_column=end_column + 1)


class Scalar:
    """One value. `text` is it as text, `value` as YAML 1.2's core schema has it; `style` is `'"|>` or empty."""

    __slots__ = ("_places", "_source", "end", "start", "style", "text", "value")

    def __init__(self, text: str, value: Plain, style: str, start: int, end: int, source: Source) -> None:
        self.text = text
        self.value = value
        self.style = style
        self.start = start
        self.end = end
        self._source = source
        self._places: list[int] | None = None  # of each character, once somebody asks

    @property
    def is_plain(self) -> bool:
        """Was it written without quotes?"""
        return not self.style

    @property
    def empty(self) -> bool:
        """Was nothing written at all?"""
        return not self.style and not self.text

    @property
    def written(self) -> str:
        """It as the file has it, quotes and indicators too."""
        return self._source.text[self.start : self.end]

    @property
    def span(self) -> Span:
        end = self.end
        if self.style in (LITERAL, FOLDED):  # the parser has it end where the next thing begins
            end = self.start + len(self.written.rstrip())
        return self._source.span(self.start, end)

    def at(self, offset: int, length: int = 1) -> Span:
        """The place of `text[offset:offset + length]`, also inside quotes and folded or literal blocks."""
        places = self._places
        if places is None:
            places = self._places = source_offsets(self.written, self.style, self.text)
        if not places or offset >= len(places):
            return self.span
        last = places[min(offset + max(length, 1), len(places)) - 1]
        return self._source.span(self.start + places[offset], self.start + last + 1)

    def __repr__(self) -> str:
        return f"Scalar({self.value!r})"


class ListNode:
    """A sequence."""

    __slots__ = ("_source", "end", "items", "start")

    def __init__(self, items: tuple[Node, ...], start: int, end: int, source: Source) -> None:
        self.items = items
        self.start = start
        self.end = end
        self._source = source

    @property
    def span(self) -> Span:
        return _trimmed_span(self._source, self.start, self.end)

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return f"ListNode({list(self.items)!r})"


class MapNode:
    """A mapping. Of a key that is written twice, the first one counts (and the second is a finding)."""

    __slots__ = ("_by_key", "_source", "end", "start")

    def __init__(self, by_key: dict[str, tuple[Scalar, Node]], start: int, end: int, source: Source) -> None:
        self._by_key = by_key
        self.start = start
        self.end = end
        self._source = source

    @property
    def entries(self) -> tuple[tuple[Scalar, Node], ...]:
        return tuple(self._by_key.values())

    @property
    def span(self) -> Span:
        return _trimmed_span(self._source, self.start, self.end)

    @property
    def head(self) -> Span:
        """Where what is missing in it is told: its first key; of an empty one, itself."""
        return next((key.span for key, _ in self._by_key.values()), self.span)

    def get(self, key: str) -> Node | None:
        """The value under a key."""
        found = self._by_key.get(key)
        return found[1] if found is not None else None

    def key(self, key: str) -> Scalar | None:
        """The key itself, for its place."""
        found = self._by_key.get(key)
        return found[0] if found is not None else None

    def items(self) -> ItemsView[str, tuple[Scalar, Node]]:
        """Each key's text, with the key and its value."""
        return self._by_key.items()

    def __contains__(self, key: object) -> bool:
        return key in self._by_key

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_key)

    def __len__(self) -> int:
        return len(self._by_key)

    def __repr__(self) -> str:
        return f"MapNode({ {key: node for key, (_, node) in self._by_key.items()}!r})"


Node = Scalar | ListNode | MapNode


def _trimmed_span(source: Source, start: int, end: int) -> Span:
    """Without the white space and comments that the parser counts in at the end of a block."""
    text = source.text[start:end]
    lines = text.split("\n")
    while len(lines) > 1 and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
        lines.pop()
    return source.span(start, start + len("\n".join(lines).rstrip()))


def to_python(node: Node) -> Any:
    """The document as Python values: dicts with text for keys, lists, and scalars."""
    match node:
        case Scalar():
            return node.value
        case ListNode():
            return [to_python(item) for item in node.items]
        case MapNode():
            return {key: to_python(value) for key, (_, value) in node.items()}


def describe_node(node: Node) -> str:
    """What it is, in words of a message."""
    match node:
        case ListNode():
            return "a list"
        case MapNode():
            return "a map"
        case Scalar(value=None):
            return "null" if node.text else "nothing"
        case Scalar(value=bool()):
            return f"the boolean `{node.text}`"
        case Scalar(value=int() | float()):
            return f"the number `{node.text}`"
        case Scalar():
            return "text"


def shorten(message: str) -> str:
    """A message that quotes something endless, with its middle left out."""
    return message if len(message) <= _MOST_SHOWN else f"{message[: _MOST_SHOWN // 2]} … {message[-_MOST_SHOWN // 4 :]}"
