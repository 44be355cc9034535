"""Text → nodes: the core of YAML 1.2, without the parts that mislead (docs/language.md, "YAML").

It builds the nodes from the events of PyYAML's parser. The composer of the C library is not used: on 100,000 nested `[`
it ends the process, so the depth is checked event by event, and the size before anything is parsed. Findings are
collected; only a syntax error or an exceeded limit ends the reading.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

import yaml

from engine.errors import Finding, RunbookInvalid
from engine.language.yaml import odd_spaces
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar, Source, Span, finding_at
from engine.language.yaml.positions import Style
from engine.language.yaml.scalars import resolve
from engine.language.yaml.syntax_errors import (
    CUT_OFF,
    QUOTE_ALL,
    find_before_error,
    is_cut_off,
    mask_expression,
    name_in_braces,
    problem_of,
)

MOST_BYTES: Final = 1_000_000
MOST_NODES: Final = 100_000
"""Scalars, and beginnings and ends of lists and maps. No runbook that a person wrote reaches it."""
MOST_LEVELS: Final = 64
MOST_FINDINGS: Final = 1_000
"""Reading ends after this many findings: nobody reads more, and a hostile file has a hundred thousand."""

_MOST_REREADS: Final = 20
"""How often a text is read again without an unquoted `${ }` in a flow map, so that the rest of it is checked too."""

_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FORBIDDEN: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]|\r(?!\n)"
)
"""Control characters, marks that change the direction of text, and line breaks that YAML 1.2 does not have."""
_ACCOUNT_ID: Final = re.compile(r"[0-9]{12}")
_ID_KEY: Final = re.compile(r".*(?:id|ids|account|accounts|owner|owners)", re.IGNORECASE)
"""Keys whose value is probably an id."""


def load_yaml(text: bytes | str, file: str = "-") -> Node:
    """The document. RunbookInvalid with all findings if there are any."""
    node, findings = parse_yaml(text, file)
    if findings or node is None:
        raise RunbookInvalid(findings)
    return node


def parse_yaml(text: bytes | str, file: str = "-") -> tuple[Node | None, list[Finding]]:
    """The document as far as it can be read, and the RB1xx findings. It does not raise for a wrong document."""
    reader = _DocumentReader(file)
    try:
        return reader.document(reader.decode(text)), reader.findings
    except _StopReading:
        return None, reader.findings


class _StopReading(Exception):
    """Nothing more can be read; the reason is already reported."""


class _OpenCollection:
    """A map or a list that is being read."""

    __slots__ = ("entries", "flow", "ignore_value", "items", "key", "start")

    def __init__(self, start: int, *, is_map: bool, flow: bool) -> None:
        self.start = start
        self.flow = flow
        self.items: list[Node] = []
        self.entries: dict[str, tuple[Scalar, Node]] | None = {} if is_map else None
        self.key: Scalar | None = None
        self.ignore_value = False  # the key is a duplicate, a merge key or not text


class _DocumentReader:
    """Reads one document: `decode`, then `document`."""

    __slots__ = ("findings", "has_odd_spaces", "last_scalar", "root", "source", "stack")

    def __init__(self, file: str) -> None:
        self.findings: list[Finding] = []
        self.source = Source("", file)
        self.has_odd_spaces = False
        self.stack: list[_OpenCollection] = []
        self.root: Node | None = None
        self.last_scalar: Scalar | None = None

    def report(self, rule: str, span: Span, message: str, help: str = "") -> None:
        self.findings.append(finding_at(span, self.source.file, rule=rule, message=message, help=help))
        if len(self.findings) >= MOST_FINDINGS:
            raise _StopReading

    def fatal(self, rule: str, span: Span, message: str, help: str = "") -> _StopReading:
        """Report a finding, and return the exception to raise."""
        self.report(rule, span, message, help)
        return _StopReading()

    # -- bytes to text -----------------------------------------------------------------------------------

    def decode(self, text: bytes | str) -> str:
        """The text without a byte-order mark. Checks its size, its encoding and its characters."""
        size = len(text) if isinstance(text, bytes) else len(text.encode("utf-8", "replace"))
        if size > MOST_BYTES:
            message = f"the file has {size} bytes; at most 1 MB is allowed"
            raise self.fatal("RB104", self.source.span(0, 1), message, "split it into several runbooks")
        if isinstance(text, bytes):
            text = self._decode_utf8(text)
        self.source = Source(text.removeprefix("\ufeff"), self.source.file)
        found = _FORBIDDEN.search(self.source.text)
        if found is not None:
            span = self.source.span(found.start(), found.end())
            code = f"U+{ord(found.group()):04X}"
            message = f"the character {code} is not allowed: it is invisible, or misleads the reader"
            help = "remove it, or write it as an escape in double quotes; lines end in LF or CRLF"
            raise self.fatal("RB103", span, message, help)
        self.has_odd_spaces = odd_spaces.has_odd_space(self.source.text)
        return self.source.text

    def _decode_utf8(self, raw: bytes) -> str:
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            before = raw[: error.start].decode("utf-8").removeprefix("\ufeff")
            span = Source(before, "").span(len(before), len(before))
            message = f"the byte 0x{raw[error.start]:02X} is not UTF-8"
            raise self.fatal("RB102", span, message, "save the file as UTF-8") from error

    # -- text to nodes -----------------------------------------------------------------------------------

    def document(self, text: str) -> Node:
        """The only document of the text, which must be a map."""
        for _ in range(_MOST_REREADS):
            masked = self._read_events(text)
            if masked is None:
                return self._root_map()
            text = masked
            self.source = Source(text, self.source.file)
            self.stack, self.root, self.last_scalar = [], None, None
        raise _StopReading

    def _read_events(self, text: str) -> str | None:
        """Read the whole text. If an unquoted `${ }` in a flow map stops the parser, returns the text with it masked."""
        try:
            for number, event in enumerate(iter(_LOADER(text).get_event, None)):
                if number > MOST_NODES:
                    raise self._too_many(event)
                self._add_event(event)
        except yaml.YAMLError as error:
            if self.has_odd_spaces and (at := find_before_error(error, text, self.last_scalar)) is not None:
                raise self._odd_space(at) from error
            problem = problem_of(error, text, self.last_scalar)
            span = self.source.span(problem.start, problem.end)
            # The `$` of an unquoted `${` has already been reported, as a key without a value.
            self.findings = [one for one in self.findings if (one.line, one.column) != (span.line, span.column)]
            stop = self.fatal(problem.rule, span, problem.message, problem.help)
            masked = mask_expression(text, problem.start) if problem.rule == "RB113" else None
            if masked is None:
                raise stop from error
            self.findings = [one for one in self.findings if one.rule == "RB113"]  # the rest is found again
            return masked
        return None

    def _odd_space(self, at: int) -> _StopReading:
        """RB103 for the character at the offset. What else was found follows from it, and is left out."""
        self.findings = []
        message, help = odd_spaces.describe(self.source.text[at])
        return self.fatal("RB103", self.source.span(at, at + 1), message, help)

    def _too_many(self, event: Any) -> _StopReading:
        span = self.source.span(event.start_mark.index, event.start_mark.index + 1)
        message = f"the file has more than {MOST_NODES} values, lists and maps"
        return self.fatal("RB104", span, message, "split it into several runbooks")

    def _root_map(self) -> Node:
        """The root. RB116 or RB117 if it is not a map."""
        root = self.root
        if self.has_odd_spaces and isinstance(root, Scalar) and root.is_plain:
            self._reject_odd_space(root, odd_spaces.find_in_value)
        if root is None or (isinstance(root, Scalar) and root.value is None):
            hint = "write `runbook: NAME` and `steps: …`"
            raise self.fatal("RB116", self.source.span(0, 1), "the file is empty", hint)
        if not isinstance(root, MapNode):
            what = "a list" if isinstance(root, ListNode) else "text"
            hint = "write `runbook: NAME` and `steps: …` at the top level"
            raise self.fatal("RB117", root.span, f"expected a runbook (a map), found {what}", hint)
        return root

    def _add_event(self, event: Any) -> None:
        kind = type(event)
        if kind is yaml.ScalarEvent:
            self._add_node(self._scalar(event))
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._start_collection(event, is_map=kind is yaml.MappingStartEvent)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._add_node(self._end_collection(event.end_mark.index))
        elif kind is yaml.AliasEvent:
            self._add_node(self._alias(event))
        elif kind is yaml.DocumentStartEvent:
            self._start_document(event)

    def _start_document(self, event: Any) -> None:
        span = self.source.span(event.start_mark.index, event.end_mark.index)
        if self.root is not None:
            hint = "put each runbook in a file of its own"
            raise self.fatal("RB110", span, "a second YAML document starts here", hint)
        if event.version not in (None, (1, 2)):
            message = "runbooks are YAML 1.2; other versions are not supported"
            self.report("RB110", span, message, "remove the `%YAML` line")
        if event.tags:
            self.report("RB109", span, "YAML tags are not allowed", "remove the `%TAG` line")

    def _start_collection(self, event: Any, *, is_map: bool) -> None:
        if len(self.stack) >= MOST_LEVELS:
            span = self.source.span(event.start_mark.index, event.end_mark.index)
            raise self.fatal("RB105", span, f"nested more than {MOST_LEVELS} levels deep", "")
        if event.anchor is not None or event.tag is not None:
            self._report_anchor_or_tag(event)
        self.stack.append(_OpenCollection(event.start_mark.index, is_map=is_map, flow=event.flow_style))

    def _end_collection(self, end: int) -> Node:
        done = self.stack.pop()
        if done.entries is None:
            return ListNode(tuple(done.items), done.start, end, self.source)
        return MapNode(done.entries, done.start, end, self.source)

    def _report_anchor_or_tag(self, event: Any) -> None:
        start = event.start_mark.index
        word = self.source.text[start:].split(maxsplit=1)[0]
        span = self.source.span(start, start + len(word))
        if event.anchor is not None:
            self.report(
                "RB108", span, f"the anchor `&{event.anchor}` is not allowed", "write the value out, or use `vars`"
            )
        else:
            hint = "remove it; if this is text that begins with `!`, quote it"
            self.report("RB109", span, f"the tag `{word}` is not allowed", hint)

    def _alias(self, event: Any) -> Scalar:
        span = self.source.span(event.start_mark.index, event.end_mark.index)
        hint = "write the value out, or use `vars`; if this is text that begins with `*`, quote it"
        self.report("RB108", span, f"the alias `*{event.anchor}` is not allowed", hint)
        return Scalar("null", None, "", event.start_mark.index, event.end_mark.index, self.source)

    # -- scalars -----------------------------------------------------------------------------------------

    def _scalar(self, event: Any) -> Scalar:
        text, start, end = event.value, event.start_mark.index, event.end_mark.index
        style: Style = event.style or ""
        if event.anchor is not None or event.tag is not None:
            self._report_anchor_or_tag(event)
        value = text if style or event.tag is not None else self._resolve_plain(text, start, end)
        self.last_scalar = node = Scalar(text, value, style, start, end, self.source)
        return node

    def _resolve_plain(self, text: str, start: int, end: int) -> Any:
        if "${" in text and is_cut_off(self.source.text, end, text):
            self.report("RB114", self.source.span(start, end), CUT_OFF, QUOTE_ALL)
        try:
            return resolve(text)
        except ValueError as error:
            self.report("RB111", self.source.span(start, end), f"`{text[:40]}`: {error}", "if it is text, quote it")
            return text

    def _reject_odd_space(self, node: Scalar, find: Callable[[str, int, int], int | None]) -> None:
        at = find(self.source.text, node.start, node.end)
        if at is not None:
            raise self._odd_space(at)

    # -- nodes into their list or map -------------------------------------------------------------------------------

    def _add_node(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        within = self.stack[-1]
        if within.entries is None:
            self._check_value(node, None)
            within.items.append(node)
        elif within.key is None:
            self._set_key(within, within.entries, node)
        else:
            if not within.ignore_value:
                self._check_value(node, within)
                within.entries[within.key.text] = (within.key, node)
            within.key = None

    def _set_key(self, within: _OpenCollection, entries: dict[str, tuple[Scalar, Node]], node: Node) -> None:
        within.ignore_value = True
        if not isinstance(node, Scalar) or node.is_empty:
            self._report_key(within, node)
            within.key = self.last_scalar or Scalar("", None, "", 0, 0, self.source)
            return
        within.key = node
        if self.has_odd_spaces and node.is_plain:
            self._reject_odd_space(node, odd_spaces.find_in_key)
        if node.is_plain and node.text == "<<":
            hint = "write the keys out; if `<<` is an ordinary key, quote it"
            self.report("RB107", node.span, "merge keys (`<<`) are not allowed", hint)
        elif node.text in entries:
            first = entries[node.text][0].span
            where = f"first used in line {first.line}, column {first.column}"
            self.report("RB106", node.span, f"duplicate key `{node.text}`: {where}", "remove one of them")
        else:
            within.ignore_value = False

    def _report_key(self, within: _OpenCollection, node: Node) -> None:
        """RB118 for a key that is not text. `{{ x }}` of other tools is a map in a map."""
        written = self.source.text[within.start : node.end + 1]
        if not within.flow or (name := name_in_braces(written)) is None:
            self.report("RB118", node.span, "a key must be text", "put the key in quotes")
            return
        span = self.source.span(within.start, node.end + 1)
        self.findings = [one for one in self.findings if one.rule != "RB112" or one.line < span.line]
        message = f"`{written}` is a map inside of a map for YAML, and no expression"
        self.report("RB118", span, message, f'write `"${{{name}}}"`, in quotes')

    def _check_value(self, node: Node, within: _OpenCollection | None) -> None:
        """RB112 for a missing value, RB115 for an account id without quotes."""
        if not isinstance(node, Scalar) or node.style:
            return
        if self.has_odd_spaces:
            self._reject_odd_space(node, odd_spaces.find_in_value)
        key = within.key if within is not None else None
        if not node.text:
            span = key.span if key is not None else node.span
            what = f"`{key.text}`" if key is not None else "this item"
            hint = "write a value, or `null`"
            if within is not None and within.flow:
                hint = f'inside `{{…}}` a comma ends the entry; quote several names: `"{what[1:-1]}, …": …`'
            self.report("RB112", span, f"{what} has no value", hint)
        elif type(node.value) is int and _ACCOUNT_ID.fullmatch(node.text) and self._key_names_id():
            self.report(
                "RB115", node.span, f"`{node.text}` is read as a number, but looks like an AWS account id", "quote it"
            )

    def _key_names_id(self) -> bool:
        """Is the key of this value, or of the list that contains it, one for ids?"""
        key = next((one.key for one in reversed(self.stack) if one.entries is not None), None)
        return key is not None and _ID_KEY.fullmatch(key.text) is not None
