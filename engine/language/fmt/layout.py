"""A runbook's text laid out anew: order of keys, indentation, blanks. By positions: whatever is written is taken as it is.

Every line of the text goes to some entry or item: the comments and free lines above it, what it says, and the
comments behind it. Scalars, and what stands over several lines, are moved as a whole and never written anew. What is
not understood raises Strange. Reads no file, and knows of runbooks only what `arranging` says of their keys.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from engine.language.fmt.key_order import form_of_items, form_of_value, key_order
from engine.language.yaml.nodes import FOLDED, LITERAL, ListNode, MapNode, Node, Scalar

INDENT: Final = 2
"""Columns of one level."""

_COLON: Final = re.compile(r"[ \t]*:")
_MODELINE: Final = re.compile(r"#\s*yaml-language-server:")


class UnsupportedSyntax(Exception):
    """YAML of a form that is not laid out; `line` counts from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line}")
        self.line = line


@dataclass(slots=True)
class Chunk:
    """An entry or item, or all those of a block: the comments above it, and its own lines."""

    above: list[str]
    own: list[str] = field(default_factory=list)
    is_open: bool = False  # it ends with a text to which free lines below it would belong
    column: int = -1  # of its value on its first line; -1: it has none there
    gap: tuple[int, int] = (0, 0)  # where the blanks before that value stand in its first line


def lay_out(text: str, root: MapNode) -> str:
    """The text of a document, whose lines end in LF. Raises Strange."""
    layout = _Layout(text)
    if layout.is_flow(root):
        return text[: root.start] + layout.in_flow(root) + text[root.end :].rstrip() + "\n"
    return "\n".join(layout.document(root)) + "\n"


class _Layout:
    """One text being laid out."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")
        self.starts = [0]
        for line in self.lines[:-1]:
            self.starts.append(self.starts[-1] + len(line) + 1)

    # -- places ----------------------------------------------------------------------------------------------

    def line(self, at: int) -> int:
        """The index of the line that a character stands in."""
        return bisect_right(self.starts, at) - 1

    def column(self, at: int) -> int:
        return at - self.starts[self.line(at)]

    def rest(self, at: int) -> str:
        """What follows in the line, without blanks at its end."""
        return self.text[at : self.starts[self.line(at)] + len(self.lines[self.line(at)])].rstrip()

    def is_flow(self, node: Node) -> bool:
        return not isinstance(node, Scalar) and self.text[node.start : node.start + 1] in ("{", "[")

    def is_block(self, node: Node) -> bool:
        """A map or a list that is written line by line."""
        return not isinstance(node, Scalar) and not self.is_flow(node)

    def last(self, node: Node) -> int:
        """The last line that it says something in."""
        if isinstance(node, MapNode) and self.is_block(node):
            return self.last(node.entries[-1][1])
        if isinstance(node, ListNode) and self.is_block(node):
            return self.last(node.items[-1])
        if isinstance(node, Scalar) and node.style in (LITERAL, FOLDED):
            return self.last_of_block(node)
        return self.line(max(node.end - 1, node.start))

    def last_of_block(self, node: Scalar) -> int:
        """With `+` free lines below it are its own; else those that have more blanks than its text is indented."""
        first, end = self.line(node.start), node.end
        if end < len(self.text):  # where the next thing begins
            end = self.text.rfind("\n", node.start, end) + 1
        last = self.line(max(end - 1, node.start))
        if self.keeps(node):
            return last
        body = [line for line in self.lines[first + 1 : last + 1] if line.strip()]
        indent = len(body[0]) - len(body[0].lstrip(" ")) if body else 0
        while last > first and not self.lines[last].strip() and len(self.lines[last]) <= indent:
            last -= 1
        return last

    def keeps(self, node: Node) -> bool:
        """Is it a text to which the free lines below it belong?"""
        return (
            isinstance(node, Scalar)
            and node.style in (LITERAL, FOLDED)
            and "+" in self.rest(node.start).partition("#")[0]
        )

    # -- lines -----------------------------------------------------------------------------------------------

    def free(self, first: int, last: int, shift: int, least: int = 0) -> list[str]:
        """Lines with nothing but comments, moved, but never left of `least`; of several empty ones, one."""
        found: list[str] = []
        for line in self.lines[first : last + 1]:
            said = line.strip()
            if said:
                found.append(" " * max(least, len(line) - len(line.lstrip()) + shift) + said)
            elif not found or found[-1]:
                found.append("")
        return found

    def above(self, first: int, last: int, shift: int, indent: int) -> list[str]:
        """Free lines above an entry. Where comments begin, none stands right of it: it would belong to what is above."""
        found = self.free(first, last, shift)
        for number, line in enumerate(found):
            if line.startswith(" " * (indent + 1)) and (not number or not found[number - 1]):
                found[number] = " " * indent + line.lstrip()
        return found

    def moved(self, first: int, last: int, shift: int) -> list[str]:
        """Lines as they are, so many columns to the right."""
        if shift >= 0:
            return [" " * shift + line if line else line for line in self.lines[first : last + 1]]
        return [line[min(-shift, len(line) - len(line.lstrip(" "))) :] for line in self.lines[first : last + 1]]

    def split(self, first: int, last: int, column: int) -> int:
        """How many of the free lines from `first` belong to what is above: up to the last comment right of the column."""
        mine = 0
        for number, line in enumerate(self.lines[first : last + 1], 1):
            said = line.lstrip()
            if said and len(line) - len(said) <= column:
                break
            mine = number if said else mine
        return mine

    # -- the document ----------------------------------------------------------------------------------------

    def document(self, root: MapNode) -> list[str]:
        """The first lines stay the first: directives, what is set apart by a free line, the word for editors."""
        first, head = self.line(root.start), 0
        if self.lines[first][: self.column(root.start)].strip():
            raise UnsupportedSyntax(first + 1)
        for number, line in enumerate(self.lines[:first], 1):
            if not line.strip().startswith("#") or _MODELINE.match(line.strip()):
                head = number
        above = self.free(0, head - 1, 0)
        while above and not above[0]:
            del above[0]
        whole = self.map(root, 0, head, len(self.lines) - 1, "runbook")
        return [*above, *whole.above, *whole.own]

    def block(self, node: Node, indent: int, first: int, last: int, form: str) -> Chunk:
        """A map or a list, with the comments of the lines from `first` to `last`."""
        if isinstance(node, MapNode):
            return self.map(node, indent, first, last, form)
        assert isinstance(node, ListNode)
        return self.list(node, indent, first, last, form)

    # -- maps ------------------------------------------------------------------------------------------------

    def map(self, node: MapNode, indent: int, first: int, last: int, form: str) -> Chunk:
        column = self.column(node.start)
        shift = indent - column
        entries = node.entries
        chunks: dict[str, Chunk] = {}
        for number, (key, value) in enumerate(entries):
            at = self.line(key.start)
            if self.column(key.start) != column or (number and self.lines[at][:column].strip()):
                raise UnsupportedSyntax(at + 1)
            end = self.line(entries[number + 1][0].start) - 1 if number + 1 < len(entries) else last
            said = self.last(value)
            mine = said + self.split(said + 1, end, column)
            chunk = Chunk(self.above(first, at - 1, shift, indent))
            self.entry(chunk, key, value, indent, mine, form_of_value(form, key.text, node))
            chunks[key.text] = chunk
            first = mine + 1
        ordered = [chunks[name] for name in key_order(form, node) or chunks]
        align_values(ordered)
        return join_chunks(ordered, self.free(first, last, shift, indent))

    def entry(self, chunk: Chunk, key: Scalar, value: Node, indent: int, last: int, form: str) -> None:
        """Its lines: `key: value`, or the key and what stands below it. `last`: the last of its comments."""
        at, colon = self.line(key.start), _COLON.match(self.text, key.end)
        if colon is None or self.line(key.end) != at:
            raise UnsupportedSyntax(at + 1)
        head, after = f"{' ' * indent}{key.written}:", colon.end()
        if self.is_block(value):
            if self.line(value.start) == at:
                raise UnsupportedSyntax(at + 1)
            inside = self.block(value, indent + INDENT, at + 1, last, form)
            chunk.own, chunk.is_open = [head + self.rest(after), *inside.above, *inside.own], inside.is_open
        elif self.line(value.start) != at:
            shift = indent - self.column(key.start)
            chunk.own = [head + self.rest(after), *self.tail(chunk, at + 1, value, last, shift)]
        else:
            shift = indent - self.column(key.start)
            gap = self.text[after : value.start]
            chunk.column, chunk.gap = len(head) + len(gap), (len(head), len(head) + len(gap))
            chunk.own = [head + gap + self.value(value, form), *self.tail(chunk, at + 1, value, last, shift)]

    def value(self, value: Node, form: str) -> str:
        """The first line of a value that begins beside its key or dash, with the comment behind it."""
        line = self.line(value.start)
        in_block = isinstance(value, Scalar) and value.style in (LITERAL, FOLDED)
        if in_block or self.line(max(value.end - 1, value.start)) != line:
            return self.text[value.start : self.starts[line] + len(self.lines[line])]
        return self.in_flow(value, form) + self.rest(value.end)

    def tail(self, chunk: Chunk, first: int, value: Node, last: int, shift: int) -> list[str]:
        """The further lines of a value, and the comments that belong to it."""
        said = self.last(value)
        chunk.is_open = said == last and self.keeps(value)
        return [*self.moved(first, said, shift), *self.free(max(first, said + 1), last, shift)]

    # -- lists -----------------------------------------------------------------------------------------------

    def list(self, node: ListNode, indent: int, first: int, last: int, form: str) -> Chunk:
        dashes = [self.dash(item) for item in node.items]
        column = self.column(dashes[0])
        shift = indent - column
        chunks: list[Chunk] = []
        for number, (dash, item) in enumerate(zip(dashes, node.items, strict=True)):
            at = self.line(dash)
            if self.column(dash) != column or (number and self.lines[at][:column].strip()):
                raise UnsupportedSyntax(at + 1)
            end = self.line(dashes[number + 1]) - 1 if number + 1 < len(dashes) else last
            said = self.last(item)
            mine = said + self.split(said + 1, end, column)
            chunk = Chunk(self.above(first, at - 1, shift, indent))
            self.item(chunk, dash, item, indent, mine, form_of_items(form))
            chunks.append(chunk)
            first = mine + 1
        if form == "main_steps":
            separate_steps(chunks)
        return join_chunks(chunks, self.free(first, last, shift, indent))

    def item(self, chunk: Chunk, dash: int, item: Node, indent: int, last: int, form: str) -> None:
        at, head = self.line(dash), " " * indent + "- "
        beside = self.line(item.start) == at
        said = self.rest(dash + 1).strip()
        if self.is_block(item) and (beside or not said):
            inside = self.block(item, indent + INDENT, at if beside else at + 1, last, form)
            chunk.above += [" " * indent + line.lstrip() if line else line for line in inside.above]
            chunk.own, chunk.is_open = [head + inside.own[0][len(head) :], *inside.own[1:]], inside.is_open
        elif self.is_block(item):
            inside = self.block(item, indent + INDENT, at + 1, last, form)
            chunk.own, chunk.is_open = [head + said, *inside.above, *inside.own], inside.is_open
        elif beside:
            shift = indent - self.column(dash)
            chunk.own = [head + self.value(item, form), *self.tail(chunk, at + 1, item, last, shift)]
        else:
            shift = indent - self.column(dash)
            chunk.own = [(head + said).rstrip(), *self.tail(chunk, at + 1, item, last, shift)]

    def dash(self, item: Node) -> int:
        """Where the dash of an item stands: before it in its line, else above it."""
        line = self.line(item.start)
        before = self.lines[line][: self.column(item.start)].rstrip()
        while not before.endswith("-"):
            if before.strip() or not line:
                raise UnsupportedSyntax(line + 1)
            line -= 1
            before = self.lines[line].partition(" #")[0].rstrip() if self.lines[line].strip()[:1] != "#" else ""
        return self.starts[line] + len(before) - 1

    # -- in one line -----------------------------------------------------------------------------------------

    def in_flow(self, node: Node, form: str = "runbook") -> str:
        """A scalar as it is written; `{a: b, c: [d, e]}` of maps and lists that stand in one line."""
        if isinstance(node, Scalar) or not self.is_flow(node) or "\n" in self.text[node.start : node.end]:
            return self.text[node.start : node.end]
        if isinstance(node, ListNode):
            return f"[{', '.join(self.in_flow(item, form_of_items(form)) for item in node.items)}]"
        entries = node.items()
        by_key = dict(entries)
        found = []
        for name in key_order(form, node) or by_key:
            key, value = by_key[name]
            found.append(f"{key.written}: {self.in_flow(value, form_of_value(form, name, node))}")
        return "{" + ", ".join(found) + "}"


def align_values(chunks: list[Chunk]) -> None:
    """One blank before a value; more where it stands below or above another one in the same column."""
    columns = [-1, *(chunk.column for chunk in chunks), -1]
    for number, chunk in enumerate(chunks, 1):
        if chunk.column < 0 or chunk.column in (columns[number - 1], columns[number + 1]):
            continue
        start, end = chunk.gap
        chunk.own[0] = f"{chunk.own[0][:start]} {chunk.own[0][end:]}"


def separate_steps(chunks: list[Chunk]) -> None:
    """A free line between steps, but for those of a line each."""
    for before, chunk in pairwise(chunks):
        if not before.is_open and "" not in chunk.above and (len(before.own) > 1 or len(chunk.own) > 1):
            chunk.above.insert(0, "")


def join_chunks(chunks: list[Chunk], below: list[str]) -> Chunk:
    """All of them as one, and the comments below them. No free line begins it, or ends it."""
    while below and not below[-1]:
        below.pop()
    further = [*chunks[1:], *([Chunk(below)] if below else [])]
    for before, above in zip([None, *chunks], [chunks[0].above, *(one.above for one in further)], strict=False):
        while above and not above[0] and (before is None or before.is_open):
            del above[0]
    lines = [line for one in further for line in (*one.above, *one.own)]
    return Chunk(chunks[0].above, [*chunks[0].own, *lines], is_open=not below and chunks[-1].is_open)
