"""Lays out the text of a runbook: the order of keys, indentation, spaces and blank lines.

The text is cut into chunks, one for each entry of a map and each item of a list, which are sorted and indented. Every
line belongs to one chunk: the comments and blank lines above an entry, its own lines, and the comments after it. Scalars
and values over several lines are moved as a whole; their text is copied, never written again. What cannot be formatted
raises UnsupportedSyntax. It reads no file, and knows of runbooks only the order of keys (`key_order`).
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
"""Columns for each level."""

_COLON: Final = re.compile(r"[ \t]*:")
_MODELINE: Final = re.compile(r"#\s*yaml-language-server:")


class UnsupportedSyntax(Exception):
    """YAML that cannot be formatted; `line` counts from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(f"line {line}")
        self.line = line


@dataclass(slots=True)
class Chunk:
    """The text of an entry or item, or of a whole map or list: the lines above it (comments, blank lines), and its own."""

    above: list[str]
    lines: list[str] = field(default_factory=list)
    is_open: bool = False  # it ends with a block scalar that keeps blank lines, so one below it would become a part
    column: int = -1  # of its value in its first line; -1: the value is not in that line
    gap: tuple[int, int] = (0, 0)  # the range of the spaces before that value, in its first line


def lay_out(text: str, root: MapNode) -> str:
    """The formatted text of a document, whose lines must end in LF. Raises UnsupportedSyntax."""
    layout = _Layout(text)
    if layout.is_flow(root):
        return text[: root.start] + layout.one_line(root) + text[root.end :].rstrip() + "\n"
    return "\n".join(layout.document(root)) + "\n"


class _Layout:
    """Lays out one text. Offsets are in the text; lines and columns count from 0."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.split("\n")
        self.starts = [0]
        for line in self.lines[:-1]:
            self.starts.append(self.starts[-1] + len(line) + 1)

    # -- places ----------------------------------------------------------------------------------------------

    def line_of(self, at: int) -> int:
        """The line of an offset."""
        return bisect_right(self.starts, at) - 1

    def column_of(self, at: int) -> int:
        return at - self.starts[self.line_of(at)]

    def rest_of_line(self, at: int) -> str:
        """What follows in the line of an offset, without trailing spaces."""
        return self.text[at : self.starts[self.line_of(at)] + len(self.lines[self.line_of(at)])].rstrip()

    def is_flow(self, node: Node) -> bool:
        return not isinstance(node, Scalar) and self.text[node.start : node.start + 1] in ("{", "[")

    def is_block(self, node: Node) -> bool:
        """Is it a map or a list that is written line by line?"""
        return not isinstance(node, Scalar) and not self.is_flow(node)

    def last_line(self, node: Node) -> int:
        """The last line of a node."""
        if isinstance(node, MapNode) and self.is_block(node):
            return self.last_line(node.entries[-1][1])
        if isinstance(node, ListNode) and self.is_block(node):
            return self.last_line(node.items[-1])
        if isinstance(node, Scalar) and node.style in (LITERAL, FOLDED):
            return self.last_line_of_block_scalar(node)
        return self.line_of(max(node.end - 1, node.start))

    def last_line_of_block_scalar(self, node: Scalar) -> int:
        """With `+`, the blank lines below belong to it; else only lines of spaces that are longer than its indentation."""
        first, end = self.line_of(node.start), node.end
        if end < len(self.text):  # the parser's end is where the next node begins
            end = self.text.rfind("\n", node.start, end) + 1
        last = self.line_of(max(end - 1, node.start))
        if self.keeps_blank_lines(node):
            return last
        body = [line for line in self.lines[first + 1 : last + 1] if line.strip()]
        indent = len(body[0]) - len(body[0].lstrip(" ")) if body else 0
        while last > first and not self.lines[last].strip() and len(self.lines[last]) <= indent:
            last -= 1
        return last

    def keeps_blank_lines(self, node: Node) -> bool:
        """Is it a block scalar with `+`, to which the blank lines below it belong?"""
        return (
            isinstance(node, Scalar)
            and node.style in (LITERAL, FOLDED)
            and "+" in self.rest_of_line(node.start).partition("#")[0]
        )

    # -- lines -----------------------------------------------------------------------------------------------

    def comment_lines(self, first: int, last: int, shift: int, least: int = 0) -> list[str]:
        """Comment lines, shifted, but not to the left of the column `least`. Several blank lines become one."""
        found: list[str] = []
        for line in self.lines[first : last + 1]:
            comment = line.strip()
            if comment:
                found.append(" " * max(least, len(line) - len(line.lstrip()) + shift) + comment)
            elif not found or found[-1]:
                found.append("")
        return found

    def lines_above(self, first: int, last: int, shift: int, indent: int) -> list[str]:
        """Comment lines above an entry. No group of them begins to its right, for it would belong to the entry before."""
        found = self.comment_lines(first, last, shift)
        for number, line in enumerate(found):
            if line.startswith(" " * (indent + 1)) and (not number or not found[number - 1]):
                found[number] = " " * indent + line.lstrip()
        return found

    def shifted(self, first: int, last: int, shift: int) -> list[str]:
        """Lines, moved to the right by `shift` columns, or to the left."""
        if shift >= 0:
            return [" " * shift + line if line else line for line in self.lines[first : last + 1]]
        return [line[min(-shift, len(line) - len(line.lstrip(" "))) :] for line in self.lines[first : last + 1]]

    def count_trailing_comments(self, first: int, last: int, column: int) -> int:
        """How many of the lines below an entry belong to it: up to the last comment to the right of its column."""
        count = 0
        for number, line in enumerate(self.lines[first : last + 1], 1):
            comment = line.lstrip()
            if comment and len(line) - len(comment) <= column:
                break
            count = number if comment else count
        return count

    # -- the document ----------------------------------------------------------------------------------------

    def document(self, root: MapNode) -> list[str]:
        """All lines. The head of the file stays at the top: directives, comments before a blank line, an editor's modeline."""
        first, head = self.line_of(root.start), 0
        if self.lines[first][: self.column_of(root.start)].strip():
            raise UnsupportedSyntax(first + 1)
        for number, line in enumerate(self.lines[:first], 1):
            if not line.strip().startswith("#") or _MODELINE.match(line.strip()):
                head = number
        above = self.comment_lines(0, head - 1, 0)
        while above and not above[0]:
            del above[0]
        whole = self.chunk(root, 0, head, len(self.lines) - 1, "runbook")
        return [*above, *whole.above, *whole.lines]

    def chunk(self, node: Node, indent: int, first: int, last: int, form: str) -> Chunk:
        """A map or a list that covers the lines from `first` to `last`, comments included."""
        assert not isinstance(node, Scalar)
        entries = node.entries if isinstance(node, MapNode) else ()
        values = node.items if isinstance(node, ListNode) else [value for _, value in entries]
        # Where each begins: at its key or its dash.
        starts = [key.start for key, _ in entries] or [self.dash_of(item) for item in values]
        column = self.column_of(starts[0])
        shift = indent - column
        chunks: list[Chunk] = []
        for number, (start, value) in enumerate(zip(starts, values, strict=True)):
            at = self.line_of(start)
            if self.column_of(start) != column or (number and self.lines[at][:column].strip()):
                raise UnsupportedSyntax(at + 1)
            end = self.line_of(starts[number + 1]) - 1 if number + 1 < len(starts) else last
            content_end = self.last_line(value)
            entry_end = content_end + self.count_trailing_comments(content_end + 1, end, column)
            chunk = Chunk(self.lines_above(first, at - 1, shift, indent))
            if isinstance(node, MapNode):
                key = entries[number][0]
                self.entry(chunk, key, value, indent, entry_end, form_of_value(form, key.text, node))
            else:
                self.item(chunk, start, value, indent, entry_end, form_of_items(form))
            chunks.append(chunk)
            first = entry_end + 1
        if isinstance(node, MapNode):
            by_key = dict(zip(node, chunks, strict=True))
            chunks = [by_key[name] for name in key_order(form, node) or by_key]
            align_values(chunks)
        elif form == "main_steps":
            separate_steps(chunks)
        return join_chunks(chunks, self.comment_lines(first, last, shift, indent))

    # -- entries of maps -------------------------------------------------------------------------------------

    def entry(self, chunk: Chunk, key: Scalar, value: Node, indent: int, last: int, form: str) -> None:
        """Set the lines of an entry: `key: value`, or the key and its value below. `last` is the last line of its comments."""
        at, colon = self.line_of(key.start), _COLON.match(self.text, key.end)
        if colon is None or self.line_of(key.end) != at:
            raise UnsupportedSyntax(at + 1)
        head, after = f"{' ' * indent}{key.written}:", colon.end()
        if self.is_block(value):
            if self.line_of(value.start) == at:
                raise UnsupportedSyntax(at + 1)
            inside = self.chunk(value, indent + INDENT, at + 1, last, form)
            chunk.lines, chunk.is_open = [head + self.rest_of_line(after), *inside.above, *inside.lines], inside.is_open
        elif self.line_of(value.start) != at:
            shift = indent - self.column_of(key.start)
            chunk.lines = [head + self.rest_of_line(after), *self.further_lines(chunk, at + 1, value, last, shift)]
        else:
            shift = indent - self.column_of(key.start)
            gap = self.text[after : value.start]
            chunk.column, chunk.gap = len(head) + len(gap), (len(head), len(head) + len(gap))
            chunk.lines = [
                head + gap + self.first_line(value, form),
                *self.further_lines(chunk, at + 1, value, last, shift),
            ]

    def first_line(self, value: Node, form: str) -> str:
        """The first line of a value that is in the line of its key or dash, with the comment after it."""
        line = self.line_of(value.start)
        in_block = isinstance(value, Scalar) and value.style in (LITERAL, FOLDED)
        if in_block or self.line_of(max(value.end - 1, value.start)) != line:
            return self.text[value.start : self.starts[line] + len(self.lines[line])]
        return self.one_line(value, form) + self.rest_of_line(value.end)

    def further_lines(self, chunk: Chunk, first: int, value: Node, last: int, shift: int) -> list[str]:
        """The other lines of a value, and its comments."""
        content_end = self.last_line(value)
        chunk.is_open = content_end == last and self.keeps_blank_lines(value)
        return [*self.shifted(first, content_end, shift), *self.comment_lines(max(first, content_end + 1), last, shift)]

    # -- items of lists --------------------------------------------------------------------------------------

    def item(self, chunk: Chunk, dash: int, item: Node, indent: int, last: int, form: str) -> None:
        at, head = self.line_of(dash), " " * indent + "- "
        beside = self.line_of(item.start) == at
        comment = self.rest_of_line(dash + 1).strip()
        if self.is_block(item) and (beside or not comment):
            inside = self.chunk(item, indent + INDENT, at if beside else at + 1, last, form)
            chunk.above += [" " * indent + line.lstrip() if line else line for line in inside.above]
            chunk.lines, chunk.is_open = [head + inside.lines[0][len(head) :], *inside.lines[1:]], inside.is_open
        elif self.is_block(item):
            inside = self.chunk(item, indent + INDENT, at + 1, last, form)
            chunk.lines, chunk.is_open = [head + comment, *inside.above, *inside.lines], inside.is_open
        elif beside:
            shift = indent - self.column_of(dash)
            chunk.lines = [head + self.first_line(item, form), *self.further_lines(chunk, at + 1, item, last, shift)]
        else:
            shift = indent - self.column_of(dash)
            chunk.lines = [(head + comment).rstrip(), *self.further_lines(chunk, at + 1, item, last, shift)]

    def dash_of(self, item: Node) -> int:
        """The offset of the dash of an item: before it in its line, or above it."""
        line = self.line_of(item.start)
        before = self.lines[line][: self.column_of(item.start)].rstrip()
        while not before.endswith("-"):
            if before.strip() or not line:
                raise UnsupportedSyntax(line + 1)
            line -= 1
            before = self.lines[line].partition(" #")[0].rstrip() if self.lines[line].strip()[:1] != "#" else ""
        return self.starts[line] + len(before) - 1

    # -- flow style, in one line -----------------------------------------------------------------------------------------

    def one_line(self, node: Node, form: str = "runbook") -> str:
        """A scalar as it is written; a map or list in one line as `{a: b, c: [d, e]}`."""
        if isinstance(node, Scalar) or not self.is_flow(node) or "\n" in self.text[node.start : node.end]:
            return self.text[node.start : node.end]
        if isinstance(node, ListNode):
            return f"[{', '.join(self.one_line(item, form_of_items(form)) for item in node.items)}]"
        entries = node.items()
        by_key = dict(entries)
        found = []
        for name in key_order(form, node) or by_key:
            key, value = by_key[name]
            found.append(f"{key.written}: {self.one_line(value, form_of_value(form, name, node))}")
        return "{" + ", ".join(found) + "}"


def align_values(chunks: list[Chunk]) -> None:
    """Leave one space before a value, unless it is aligned with the value above or below."""
    columns = [-1, *(chunk.column for chunk in chunks), -1]
    for number, chunk in enumerate(chunks, 1):
        if chunk.column < 0 or chunk.column in (columns[number - 1], columns[number + 1]):
            continue
        start, end = chunk.gap
        chunk.lines[0] = f"{chunk.lines[0][:start]} {chunk.lines[0][end:]}"


def separate_steps(chunks: list[Chunk]) -> None:
    """Put a blank line between steps, unless both have only one line."""
    for before, chunk in pairwise(chunks):
        if not before.is_open and "" not in chunk.above and (len(before.lines) > 1 or len(chunk.lines) > 1):
            chunk.above.insert(0, "")


def join_chunks(chunks: list[Chunk], below: list[str]) -> Chunk:
    """One chunk of all of them and the comments below. It neither begins nor ends with a blank line."""
    while below and not below[-1]:
        below.pop()
    further = [*chunks[1:], *([Chunk(below)] if below else [])]
    for before, above in zip([None, *chunks], [chunks[0].above, *(one.above for one in further)], strict=False):
        while above and not above[0] and (before is None or before.is_open):
            del above[0]
    lines = [line for one in further for line in (*one.above, *one.lines)]
    return Chunk(chunks[0].above, [*chunks[0].lines, *lines], is_open=not below and chunks[-1].is_open)
