"""Edits that fix a finding, where the fix is certain: a range of the text is replaced.

They add missing quotes, replace a hyphen in an expression, and correct a key or row with a typing error if only one word
comes close. No edit widens what may be deleted or undone; a person has to write that. `adopt.fix` tries each edit and
keeps it only if the finding is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from engine.errors import Finding
from engine.language.expressions.grammar import parse_expression
from engine.language.expressions.template import expression_end
from engine.language.expressions.tokens import ExpressionSyntaxError
from engine.language.fmt.key_order import form_of_items, form_of_value, keys_of_form
from engine.language.model import CLASSES
from engine.language.nearest import only_close_match
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar
from engine.registry import Registry
from engine.values import Resources, Value

BY_HAND: Final = frozenset(
    {"owner", "only", "target", "undo", "irreversible", "past", "take_back", "unprotect", "detach"}
)
"""Keys and parameters that decide what may be deleted or undone."""
DESTROYS: Final = ("delete", "replace")


class Edit(Value):
    """`text[start:end]` becomes `new`."""

    start: int
    end: int
    new: str


class Position(Value):
    """A key or value at the place of a finding, the map that contains it, and the form of that map."""

    node: Scalar
    owner: MapNode | None
    form: str
    value: Node | None  # the value of a key; None for a value
    around: tuple[MapNode, ...]  # the maps that contain it, outermost first


class Document(Resources):
    """A text with LF line ends, its tree as far as it could be read, and the registry of kinds and actions."""

    text: str
    root: Node | None
    registry: Registry

    def offset(self, line: int, column: int) -> int:
        at = 0
        for _ in range(line - 1):
            at = self.text.index("\n", at) + 1
        return at + column - 1

    def at(self, offset: int) -> Position | None:
        """The key or value that begins at this offset."""
        return next((one for one in _all(self.root, "runbook", (), offset) if one.node.start == offset), None)


def _all(node: Node | None, form: str, around: tuple[MapNode, ...], at: int) -> Iterator[Position]:
    """The keys and scalars of the nodes that contain an offset."""
    match node:
        case Scalar():
            yield Position(node=node, owner=around[-1] if around else None, form=form, value=None, around=around)
        case ListNode(items=items):
            for item in items:
                if item.start <= at <= item.end:
                    yield from _all(item, form_of_items(form), around, at)
        case MapNode():
            inside = (*around, node)
            for key, value in node.entries:
                yield Position(node=key, owner=node, form=form, value=value, around=inside)
                if value.start <= at <= value.end:
                    yield from _all(value, form_of_value(form, key.text, node), inside, at)


Fixer = Callable[[Document, Finding, int], Edit | None]


def edit_for(document: Document, finding: Finding) -> Edit | None:
    """An edit that fixes the finding; None if no fix is certain."""
    fixer = _FIXERS.get(finding.rule)
    return fixer(document, finding, document.offset(finding.line, finding.column)) if fixer is not None else None


# -- quotes ---------------------------------------------------------------------------------------------------


def quoted(text: str) -> str:
    """The text in double quotes, or in single quotes if that saves escapes."""
    if "'" not in text and ('"' in text or "\\" in text):
        return f"'{text}'"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def quote_entry(document: Document, finding: Finding, at: int) -> Edit | None:
    """RB113: quote the whole entry that contains the `${`."""
    text = document.text
    start = max(text.rfind(mark, 0, at) + len(mark) for mark in ("{", "[", ",", "\n", ": "))
    end = at
    while end < len(text) and text[end] not in ",}]\n":
        if text.startswith(" #", end) or text.startswith(": ", end):
            return None
        after = _end_of_expression(text, end) if text.startswith("${", end) else end + 1
        if after is None:
            return None
        end = after
    return _in_quotes(text, start, end)


def _end_of_expression(text: str, at: int) -> int | None:
    """The offset after the `${ }` that begins here; None if it is not an expression."""
    end = expression_end(text, at + 2)
    if end is None:
        return None
    try:
        parse_expression(text[at + 2 : end].strip())
    except ExpressionSyntaxError:
        return None
    return end + 1


def quote_text(document: Document, finding: Finding, at: int) -> Edit | None:
    """RB114: quote up to the end of the last expression, which lies after the ` #`."""
    text = document.text
    line = text.find("\n", at) if "\n" in text[at:] else len(text)
    start, end = at, at
    while (opened := text.find("${", end, line)) >= 0:
        after = _end_of_expression(text, opened)
        if after is None:
            return None
        end = after
        comment = text.find(" #", end, line)
        line = comment if comment >= 0 else line
    before = text[text.rfind("\n", 0, at) + 1 : at]
    return _in_quotes(text, start, line) if not set(before) & set("{[\"'") else None


def _in_quotes(text: str, start: int, end: int) -> Edit | None:
    value = text[start:end]
    start, end = start + len(value) - len(value.lstrip()), end - (len(value) - len(value.rstrip()))
    value = text[start:end]
    if "\n" in value or not value or value[0] in "\"'|>&*!?%@`":
        return None
    return Edit(start=start, end=end, new=quoted(value))


def correct_type(document: Document, finding: Finding, at: int) -> Edit | None:
    """RB115, RB203, RB253: quote a number or boolean where text is expected; put a name in a list where a list is."""
    here = document.at(at)
    if here is None or not here.node.is_plain or here.value is not None or "\n" in here.node.written:
        return None
    node = here.node
    if not isinstance(node.value, str) and (finding.rule == "RB115" or finding.expected == "text"):
        return Edit(start=node.start, end=node.end, new=f'"{node.written}"') if node.value is not None else None
    if finding.expected == "names" and not set(node.text) & set(" ,[]{}"):
        return Edit(start=node.start, end=node.end, new=f"[{node.written}]")
    return None


# -- words ----------------------------------------------------------------------------------------------------


def correct_key(document: Document, finding: Finding, at: int) -> Edit | None:
    """RB201: correct a misspelt key."""
    here = document.at(at)
    if here is None or here.value is None or here.owner is None:
        return None
    return _replace(here, only_close_match(here.node.text, keys_of_form(here.form, here.owner)))


def correct_parameter(document: Document, finding: Finding, at: int) -> Edit | None:
    """RB251: correct a misspelt parameter."""
    here = document.at(at)
    if here is None or here.value is None or here.owner is None or len(here.around) < 2:
        return None
    step, registry = here.around[-2], document.registry
    named = {word: step.get(word) for word in ("ensure", "remove", "check", "call")}
    word, node = next(((word, node) for word, node in named.items() if isinstance(node, Scalar)), ("", None))
    if node is None:
        return None
    thing = registry.action(node.text) if word == "call" else registry.kind(node.text)
    return _replace(here, only_close_match(here.node.text, thing.params if thing is not None else ()))


def correct_row(document: Document, finding: Finding, at: int) -> Edit | None:
    """RB404: correct a misspelt class, or add the `=` of a status. Rows that delete or replace are left alone."""
    here = document.at(at)
    if here is None or here.form != "states" or here.owner is None or not isinstance(here.value, Scalar):
        return None
    word = here.node.text
    if here.value.text in DESTROYS or "," in word:
        return None
    step = here.around[-2]
    kinds = [step.get(one) for one in ("ensure", "remove", "check")]
    kind = next((document.registry.kind(one.text) for one in kinds if isinstance(one, Scalar)), None)
    statuses = list(kind.statuses) if kind is not None else []
    if word in statuses:
        return _replace(here, f"={word}")
    legal = [f"={one}" for one in statuses] if word.startswith("=") else dict.fromkeys([*CLASSES, *statuses])
    near = only_close_match(word, legal)
    return _replace(here, near) if near in CLASSES or word.startswith("=") else None


def _replace(here: Position, new: str | None) -> Edit | None:
    node = here.node
    if new is None or not node.is_plain or new.removeprefix("=") in BY_HAND or (here.owner and new in here.owner):
        return None
    return Edit(start=node.start, end=node.end, new=new)


def correct_hyphen(document: Document, finding: Finding, at: int) -> Edit | None:
    """RB304: write `copy_snapshot` for `copy-snapshot` in an expression."""
    end = document.offset(finding.end_line, finding.end_column)
    written = document.text[at:end]
    if "-" not in written or not written.replace("-", "").replace("_", "").isalnum():
        return None
    return Edit(start=at, end=end, new=written.replace("-", "_"))


_FIXERS: Final[Mapping[str, Fixer]] = {
    "RB113": quote_entry, "RB114": quote_text, "RB115": correct_type, "RB203": correct_type, "RB253": correct_type,
    "RB201": correct_key, "RB251": correct_parameter, "RB404": correct_row, "RB304": correct_hyphen,
}  # fmt: skip
