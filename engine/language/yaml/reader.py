"""Text to nodes: YAML 1.2 core on the event stream of PyYAML's parser, with everything refused that misleads.

What is refused is in docs/language.md, "YAML". Size is asked before anything is parsed, and depth on the events as they
come, because the C library's composer ends the process on 100,000 nested `[`. Findings are collected; only a
syntax error, or too deep a nesting, ends the reading. Knows nothing of runbooks.
"""

from __future__ import annotations

import re
from typing import Any, Final

import yaml

from engine.errors import Finding, RunbookInvalid
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar, Source, Span, brief
from engine.language.yaml.scalars import resolve
from engine.language.yaml.syntax_errors import CUT_OFF, QUOTE_ALL, is_cut_off, problem_of, without_expression

LARGEST: Final = 1_000_000
PARTS: Final = 100_000
"""Values, and beginnings and ends of lists and maps: more than a runbook of 1 MB has that somebody wrote."""
DEEPEST: Final = 64
MOST: Final = 1_000
"""So many findings end the reading: nobody reads more, and text that was made to hurt has a hundred thousand."""

_TRIES: Final = 20
"""So many expressions that stand where none can are told at once."""

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NOT_TEXT: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]|\r(?!\n)"
)
"""Control characters, what turns the direction of writing, line breaks that YAML 1.2 does not know."""
_ACCOUNT: Final = re.compile(r"[0-9]{12}")
_IDS: Final = re.compile(r".*(?:id|ids|account|accounts|owner|owners)", re.IGNORECASE)
"""Keys whose value is an id."""


def read(text: bytes | str, file: str = "-") -> Node:
    """The document. RunbookInvalid with all RB1xx findings."""
    node, findings = examine(text, file)
    if findings or node is None:
        raise RunbookInvalid(findings)
    return node


def examine(text: bytes | str, file: str = "-") -> tuple[Node | None, list[Finding]]:
    """The document as far as it can be read, and all that is refused in it."""
    reading = _Reading(file)
    try:
        return reading.document(reading.decoded(text)), reading.findings
    except _Refused:
        return None, reading.findings


class _Refused(Exception):
    """Nothing more can be read; the finding is told already."""


class _Open:
    """A map or a list that is being read."""

    __slots__ = ("by_key", "dropped", "flow", "items", "key", "start")

    def __init__(self, start: int, *, is_map: bool, flow: bool) -> None:
        self.start = start
        self.flow = flow
        self.items: list[Node] = []
        self.by_key: dict[str, tuple[Scalar, Node]] | None = {} if is_map else None
        self.key: Scalar | None = None
        self.dropped = False  # the value of this key is not kept: it is a second one, or a merge


class _Reading:
    """One document being read."""

    __slots__ = ("findings", "last", "root", "source", "stack")

    def __init__(self, file: str) -> None:
        self.findings: list[Finding] = []
        self.source = Source("", file)
        self.stack: list[_Open] = []
        self.root: Node | None = None
        self.last: Scalar | None = None  # the scalar read last

    def tell(self, rule: str, span: Span, message: str, help: str = "") -> None:
        self.findings.append(
            Finding(
                rule=rule, message=brief(message), help=brief(help), file=self.source.file, line=span.line, column=span.column,
                end_line=span.end_line, end_column=span.end_column,
            )
        )  # fmt: skip
        if len(self.findings) >= MOST:
            raise _Refused

    def refuse(self, rule: str, span: Span, message: str, help: str = "") -> _Refused:
        """To be raised."""
        self.tell(rule, span, message, help)
        return _Refused()

    # -- bytes to text -----------------------------------------------------------------------------------

    def decoded(self, text: bytes | str) -> str:
        """Size, UTF-8, characters."""
        size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "replace"))
        if size > LARGEST:
            message = f"the file has {size} bytes; at most 1 MB is allowed"
            raise self.refuse("RB104", self.source.span(0, 1), message, "split it into several runbooks")
        if isinstance(text, bytes):
            text = self._as_utf8(text)
        self.source = Source(text.removeprefix("\ufeff"), self.source.file)
        found = _NOT_TEXT.search(self.source.text)
        if found is not None:
            span = self.source.span(found.start(), found.end())
            message = (
                f"the character U+{ord(found.group()):04X} is not allowed: it is invisible, or misleads the reader"
            )
            help = "remove it, or write it as an escape in double quotes; lines end in LF or CRLF"
            raise self.refuse("RB103", span, message, help)
        return self.source.text

    def _as_utf8(self, raw: bytes) -> str:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            before = raw[: error.start].decode("utf-8").removeprefix("\ufeff")
            span = Source(before, "").span(len(before), len(before))
            message = f"the byte 0x{raw[error.start]:02X} is not UTF-8"
            raise self.refuse("RB102", span, message, "save the file as UTF-8") from error

    # -- text to nodes -----------------------------------------------------------------------------------

    def document(self, text: str) -> Node:
        """The one document of the text, a map."""
        for _ in range(_TRIES):
            again = self._events(text)
            if again is None:
                return self._whole()
            text = again
            self.source = Source(text, self.source.file)
            self.stack, self.root, self.last = [], None, None
        raise _Refused

    def _events(self, text: str) -> str | None:
        """Reads all of it. Where a `${` stood unquoted in a flow map, the text without it, to be read again."""
        try:
            for number, event in enumerate(iter(_LOADER(text).get_event, None)):
                if number > PARTS:
                    raise self._too_many(event)
                self._event(event)
        except yaml.YAMLError as error:
            rule, start, end, message, help = problem_of(error, text, self.last)
            span = self.source.span(start, end)
            # A `$` before a brace was read as a key without a value: told once, as what it is.
            self.findings = [one for one in self.findings if (one.line, one.column) != (span.line, span.column)]
            told = self.refuse(rule, span, message, help)
            without = without_expression(text, start) if rule == "RB113" else None
            if without is None:
                raise told from error
            self.findings = [one for one in self.findings if one.rule == "RB113"]
            return without
        return None

    def _too_many(self, event: Any) -> _Refused:
        span = self.source.span(event.start_mark.index, event.start_mark.index + 1)
        message = f"the file has more than {PARTS} values, lists and maps"
        return self.refuse("RB104", span, message, "split it into several runbooks")

    def _whole(self) -> Node:
        """What was read, which is to be a map."""
        root = self.root
        if root is None or (isinstance(root, Scalar) and root.value is None):
            hint = "write `runbook: NAME` and `steps: …`"
            raise self.refuse("RB116", self.source.span(0, 1), "the file is empty", hint)
        if not isinstance(root, MapNode):
            what = "a list" if isinstance(root, ListNode) else "text"
            hint = "write `runbook: NAME` and `steps: …` at the top level"
            raise self.refuse("RB117", root.span, f"expected a runbook (a map), found {what}", hint)
        return root

    def _event(self, event: Any) -> None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._put(self._scalar(event))
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._open(event, is_map=kind is yaml.MappingStartEvent)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._put(self._closed(event.end_mark.index))
        elif kind is yaml.AliasEvent:
            self._put(self._alias(event))
        elif kind is yaml.DocumentStartEvent:
            self._begin(event)

    def _begin(self, event: Any) -> None:
        span = self.source.span(event.start_mark.index, event.end_mark.index)
        if self.root is not None:
            raise self.refuse(
                "RB110", span, "a second YAML document starts here", "put each runbook in a file of its own"
            )
        if event.version not in (None, (1, 2)):
            self.tell(
                "RB110", span, "runbooks are YAML 1.2; other versions are not supported", "remove the `%YAML` line"
            )
        if event.tags:
            self.tell("RB109", span, "YAML tags are not allowed", "remove the `%TAG` line")

    def _open(self, event: Any, *, is_map: bool) -> None:
        if len(self.stack) >= DEEPEST:
            span = self.source.span(event.start_mark.index, event.end_mark.index)
            raise self.refuse("RB105", span, f"nested more than {DEEPEST} levels deep", "")
        if event.anchor is not None or event.tag is not None:
            self._decorated(event)
        self.stack.append(_Open(event.start_mark.index, is_map=is_map, flow=event.flow_style))

    def _closed(self, end: int) -> Node:
        one = self.stack.pop()
        if one.by_key is None:
            return ListNode(tuple(one.items), one.start, end, self.source)
        return MapNode(one.by_key, one.start, end, self.source)

    def _decorated(self, event: Any) -> None:
        start = event.start_mark.index
        written = self.source.text[start:].split(maxsplit=1)[0]
        span = self.source.span(start, start + len(written))
        if event.anchor is not None:
            self.tell(
                "RB108", span, f"the anchor `&{event.anchor}` is not allowed", "write the value out, or use `vars`"
            )
        else:
            hint = "remove it; if this is text that begins with `!`, quote it"
            self.tell("RB109", span, f"the tag `{written}` is not allowed", hint)

    def _alias(self, event: Any) -> Scalar:
        span = self.source.span(event.start_mark.index, event.end_mark.index)
        hint = "write the value out, or use `vars`; if this is text that begins with `*`, quote it"
        self.tell("RB108", span, f"the alias `*{event.anchor}` is not allowed", hint)
        return Scalar("null", None, "", event.start_mark.index, event.end_mark.index, self.source)

    # -- scalars -----------------------------------------------------------------------------------------

    def _scalar(self, event: Any) -> Scalar:
        text, start, end = event.value, event.start_mark.index, event.end_mark.index
        style = event.style or ""
        if event.anchor is not None or event.tag is not None:
            self._decorated(event)
        value = text if style or event.tag is not None else self._plain(text, start, end)
        self.last = node = Scalar(text, value, style, start, end, self.source)
        return node

    def _plain(self, text: str, start: int, end: int) -> Any:
        if "${" in text and is_cut_off(self.source.text, end, text):
            self.tell("RB114", self.source.span(start, end), CUT_OFF, QUOTE_ALL)
        try:
            return resolve(text)
        except ValueError as error:
            self.tell("RB111", self.source.span(start, end), f"`{text[:40]}`: {error}", "if it is text, quote it")
            return text

    # -- where they belong -------------------------------------------------------------------------------

    def _put(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        within = self.stack[-1]
        if within.by_key is None:
            self._valued(node, None)
            within.items.append(node)
        elif within.key is None:
            self._key(within, within.by_key, node)
        else:
            if not within.dropped:
                self._valued(node, within)
                within.by_key[within.key.text] = (within.key, node)
            within.key = None

    def _key(self, within: _Open, by_key: dict[str, tuple[Scalar, Node]], node: Node) -> None:
        within.dropped = True
        if not isinstance(node, Scalar) or node.empty:
            self.tell("RB118", node.span, "a key must be text", "put the key in quotes")
            within.key = self.last or Scalar("", None, "", 0, 0, self.source)
            return
        within.key = node
        if node.plain and node.text == "<<":
            self.tell(
                "RB107",
                node.span,
                "merge keys (`<<`) are not allowed",
                "write the keys out; if `<<` is an ordinary key, quote it",
            )
        elif node.text in by_key:
            first = by_key[node.text][0].span
            message = f"duplicate key `{node.text}`: first used in line {first.line}, column {first.column}"
            self.tell("RB106", node.span, message, "remove one of them")
        else:
            within.dropped = False

    def _valued(self, node: Node, within: _Open | None) -> None:
        """A value that was meant, and a number that is one."""
        if not isinstance(node, Scalar) or node.style:
            return
        key = within.key if within is not None else None
        if not node.text:
            span = key.span if key is not None else node.span
            what = f"`{key.text}`" if key is not None else "this item"
            hint = "write a value, or `null`"
            if within is not None and within.flow:
                hint = f'inside `{{…}}` a comma ends the entry; quote several names: `"{what[1:-1]}, …": …`'
            self.tell("RB112", span, f"{what} has no value", hint)
        elif type(node.value) is int and _ACCOUNT.fullmatch(node.text) and self._means_id():
            self.tell(
                "RB115", node.span, f"`{node.text}` is read as a number, but looks like an AWS account id", "quote it"
            )

    def _means_id(self) -> bool:
        """Does the key that is being read, or the one of the list that it stands in, name an id?"""
        key = next((one.key for one in reversed(self.stack) if one.by_key is not None), None)
        return key is not None and _IDS.fullmatch(key.text) is not None
