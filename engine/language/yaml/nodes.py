"""The nodes of a YAML document, which know their places in the text.

Lines and columns count from 1; `start` and `end` are offsets in the text. Nodes are slotted and never change once they
are read. They are not frozen values, because a runbook of 10,000 steps has a hundred thousand of them.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import ItemsView, Iterator
from typing import Any, Final

from engine.errors import Expected, Finding
from engine.language.yaml.positions import Style, source_offsets
from engine.values import Value

Plain = str | int | float | bool | None
"""The types of scalars in the core schema of YAML 1.2."""

LITERAL: Final = "|"
FOLDED: Final = ">"
_MOST_SHOWN: Final = 600


class Span(Value):
    """A range of the text. The end is exclusive: one column after the last character."""

    line: int
    column: int
    end_line: int
    end_column: int


class Source:
    """The text of one document, and the offsets at which its lines begin."""

    __slots__ = ("_starts", "file", "text")

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self._starts: list[int] = []

    def position(self, index: int) -> tuple[int, int]:
        """The line and column of the character at an offset."""
        if not self._starts:
            self._starts = [0, *(at + 1 for at, char in enumerate(self.text) if char == "\n")]
        line = bisect_right(self._starts, index)
        return line, index - self._starts[line - 1] + 1

    def span(self, start: int, end: int) -> Span:
        """The span of `text[start:end]`, at least one character long."""
        line, column = self.position(start)
        if end <= start:
            return Span(line=line, column=column, end_line=line, end_column=column + 1)
        end_line, end_column = self.position(end - 1)
        return Span(line=line, column=column, end_line=end_line, end_column=end_column + 1)


class Scalar:
    """A scalar. `text` is its content, `value` the same by YAML 1.2's core schema; `style` is one of `'"|>`, or "" for plain."""

    __slots__ = ("_offsets", "_source", "end", "start", "style", "text", "value")

    def __init__(self, text: str, value: Plain, style: Style, start: int, end: int, source: Source) -> None:
        self.text = text
        self.value = value
        self.style = style
        self.start = start
        self.end = end
        self._source = source
        self._offsets: list[int] | None = None  # of each character of `text`, computed when first needed

    @property
    def is_plain(self) -> bool:
        """Is it written without quotes or a block indicator?"""
        return not self.style

    @property
    def is_empty(self) -> bool:
        """Is nothing written at all, as after `key:`?"""
        return not self.style and not self.text

    @property
    def written(self) -> str:
        """The scalar as it is written in the file, with quotes and indicators."""
        return self._source.text[self.start : self.end]

    @property
    def span(self) -> Span:
        end = self.end
        if self.style in (LITERAL, FOLDED):  # the parser's end is where the next node begins
            end = self.start + len(self.written.rstrip())
        return self._source.span(self.start, end)

    def at(self, offset: int, length: int = 1) -> Span:
        """The span of `text[offset:offset + length]`, also inside quotes and blocks; if that is unknown, of the whole scalar."""
        offsets = self._offsets
        if offsets is None:
            offsets = self._offsets = source_offsets(self.written, self.style, self.text)
        if not offsets or offset >= len(offsets):
            return self.span
        last = offsets[min(offset + max(length, 1), len(offsets)) - 1]
        return self._source.span(self.start + offsets[offset], self.start + last + 1)

    def __repr__(self) -> str:
        return f"Scalar({self.value!r})"


class _Collection:
    __slots__ = ("_source", "end", "start")
    start: int
    end: int
    _source: Source

    @property
    def span(self) -> Span:
        """Its span, without the white space and comments that the parser includes at the end of a block."""
        lines = self._source.text[self.start : self.end].split("\n")
        while len(lines) > 1 and (not lines[-1].strip() or lines[-1].lstrip().startswith("#")):
            lines.pop()
        return self._source.span(self.start, self.start + len("\n".join(lines).rstrip()))


class ListNode(_Collection):
    """A sequence."""

    __slots__ = ("items",)

    def __init__(self, items: tuple[Node, ...], start: int, end: int, source: Source) -> None:
        self.start, self.end, self._source = start, end, source
        self.items = items

    def __iter__(self) -> Iterator[Node]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __repr__(self) -> str:
        return f"ListNode({list(self.items)!r})"


class MapNode(_Collection):
    """A mapping. If a key occurs twice, only the first is kept; the second is a finding."""

    __slots__ = ("_by_key",)

    def __init__(self, by_key: dict[str, tuple[Scalar, Node]], start: int, end: int, source: Source) -> None:
        self.start, self.end, self._source = start, end, source
        self._by_key = by_key

    @property
    def entries(self) -> tuple[tuple[Scalar, Node], ...]:
        return tuple(self._by_key.values())

    @property
    def head(self) -> Span:
        """Where a missing key is reported: at the first key, or at the map itself if it is empty."""
        return next((key.span for key, _ in self._by_key.values()), self.span)

    def get(self, key: str) -> Node | None:
        """The value of a key, or None."""
        found = self._by_key.get(key)
        return found[1] if found is not None else None

    def key(self, key: str) -> Scalar | None:
        """The node of a key, or None."""
        found = self._by_key.get(key)
        return found[0] if found is not None else None

    def items(self) -> ItemsView[str, tuple[Scalar, Node]]:
        """The text of each key, with the nodes of the key and its value."""
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


def to_python(node: Node) -> Any:
    """The node as Python values: dicts with text keys, lists, and scalars."""
    match node:
        case Scalar():
            return node.value
        case ListNode():
            return [to_python(item) for item in node.items]
        case MapNode():
            return {key: to_python(value) for key, (_, value) in node.items()}


def describe_node(node: Node) -> str:
    """What the node is, as messages say it."""
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
    """A message without its middle, if it quotes something very long."""
    return message if len(message) <= _MOST_SHOWN else f"{message[: _MOST_SHOWN // 2]} … {message[-_MOST_SHOWN // 4 :]}"


def finding_at(
    span: Span, file: str, *, rule: str, message: str, help: str, severity: str = "error", expected: Expected = ""
) -> Finding:
    """A finding at a place. A very long message or help is shortened."""
    return Finding(
        rule=rule, message=shorten(message), file=file, line=span.line, column=span.column, end_line=span.end_line,
        end_column=span.end_column, severity=severity, help=shorten(help), expected=expected,
    )  # fmt: skip
