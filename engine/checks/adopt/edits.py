"""What would mend a finding, where that is certain: another text in the place of what is written.

Quotes where text needs them, a hyphen in an expression, a key or a row with one typing error and one word that it can
have been. Never what widens what may be deleted: that a person writes. Whether an edit is right is seen by `adopt.fix`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from engine.errors import ExpressionError, Finding
from engine.language.expressions.grammar import parsed
from engine.language.expressions.template import end_of
from engine.language.expressions.tokens import NotAnExpression
from engine.language.fmt.key_order import form_of, form_of_items, shape_of
from engine.language.model import CLASSES
from engine.language.nearest import only_near
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar
from engine.registry import Registry
from engine.values import Bundle, Value

BY_HAND: Final = frozenset(
    {"owner", "only", "target", "undo", "irreversible", "past", "take_back", "unprotect", "detach"}
)
"""Keys and parameters that say what may be deleted, or taken back."""
DESTROYS: Final = ("delete", "replace")


class Edit(Value):
    """`text[start:end]` becomes `new`."""

    start: int
    end: int
    new: str


class Here(Value):
    """A node at a finding's place: a key or a value, the map that it stands in, and that map's form."""

    node: Scalar
    owner: MapNode | None
    form: str
    value: Node | None  # of a key
    around: tuple[MapNode, ...]  # the maps that it stands in, outermost first


class Document(Bundle):
    """A text whose lines end in LF, its tree as far as it was read, and what is known of kinds and actions."""

    text: str
    root: Node | None
    registry: Registry

    def offset(self, line: int, column: int) -> int:
        at = 0
        for _ in range(line - 1):
            at = self.text.index("\n", at) + 1
        return at + column - 1

    def at(self, offset: int) -> Here | None:
        """The key or value that begins there."""
        return next((one for one in _all(self.root, "runbook", (), offset) if one.node.start == offset), None)


def _all(node: Node | None, form: str, around: tuple[MapNode, ...], at: int) -> Iterator[Here]:
    """Keys and scalars of what stands around a place."""
    match node:
        case Scalar():
            yield Here(node=node, owner=around[-1] if around else None, form=form, value=None, around=around)
        case ListNode(items=items):
            for item in items:
                if item.start <= at <= item.end:
                    yield from _all(item, form_of_items(form), around, at)
        case MapNode():
            inside = (*around, node)
            for key, value in node.entries:
                yield Here(node=key, owner=node, form=form, value=value, around=inside)
                if value.start <= at <= value.end:
                    yield from _all(value, form_of(form, key.text, node), inside, at)


Mends = Callable[[Document, Finding, int], Edit | None]


def edit_for(document: Document, finding: Finding) -> Edit | None:
    """What mends it; None where nothing surely does."""
    mends = _FIXES.get(finding.rule)
    return mends(document, finding, document.offset(finding.line, finding.column)) if mends is not None else None


# -- quotes ---------------------------------------------------------------------------------------------------


def quoted(text: str) -> str:
    """In double quotes if it can stand in them as it is."""
    if "'" not in text and ('"' in text or "\\" in text):
        return f"'{text}'"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def expression_in_braces(document: Document, finding: Finding, at: int) -> Edit | None:
    """RB113: the whole entry that the `${` stands in."""
    text = document.text
    start = max(text.rfind(mark, 0, at) + len(mark) for mark in ("{", "[", ",", "\n", ": "))
    end = at
    while end < len(text) and text[end] not in ",}]\n":
        if text.startswith(" #", end) or text.startswith(": ", end):
            return None
        after = _behind(text, end) if text.startswith("${", end) else end + 1
        if after is None:
            return None
        end = after
    return _in_quotes(text, start, end)


def _behind(text: str, at: int) -> int | None:
    """Where the `${ }` that begins there ends; None where none can be meant."""
    try:
        end = end_of(text, at + 2)
        parsed(text[at + 2 : end].strip())
    except ExpressionError:
        return None
    except NotAnExpression as error:
        return end + 1 if error.hyphened else None
    return end + 1


def cut_off(document: Document, finding: Finding, at: int) -> Edit | None:
    """RB114: up to the end of its last expression, which stands behind a ` #`."""
    text = document.text
    line = text.find("\n", at) if "\n" in text[at:] else len(text)
    start, end = at, at
    while (opened := text.find("${", end, line)) >= 0:
        after = _behind(text, opened)
        if after is None:
            return None
        end = after
        comment = text.find(" #", end, line)
        line = comment if comment >= 0 else line
    before = text[text.rfind("\n", 0, at) + 1 : at]
    return _in_quotes(text, start, line) if not set(before) & set("{[\"'") else None


def _in_quotes(text: str, start: int, end: int) -> Edit | None:
    meant = text[start:end]
    start, end = start + len(meant) - len(meant.lstrip()), end - (len(meant) - len(meant.rstrip()))
    meant = text[start:end]
    if "\n" in meant or not meant or meant[0] in "\"'|>&*!?%@`":
        return None
    return Edit(start=start, end=end, new=quoted(meant))


def wrong_type(document: Document, finding: Finding, at: int) -> Edit | None:
    """RB115, RB203, RB253: a number or a boolean where text is wanted; a word where a list of words is."""
    here = document.at(at)
    if here is None or not here.node.plain or here.value is not None or "\n" in here.node.written:
        return None
    node = here.node
    if not isinstance(node.value, str) and (finding.rule == "RB115" or "text is wanted here" in finding.message):
        return Edit(start=node.start, end=node.end, new=f'"{node.written}"') if node.value is not None else None
    if finding.message.startswith("a list of names is wanted here") and not set(node.text) & set(" ,[]{}"):
        return Edit(start=node.start, end=node.end, new=f"[{node.written}]")
    return None


# -- words ----------------------------------------------------------------------------------------------------


def key_of_a_map(document: Document, finding: Finding, at: int) -> Edit | None:
    """RB201."""
    here = document.at(at)
    if here is None or here.value is None or here.owner is None:
        return None
    return _instead(here, only_near(here.node.text, shape_of(here.form, here.owner)))


def parameter(document: Document, finding: Finding, at: int) -> Edit | None:
    """RB251."""
    here = document.at(at)
    if here is None or here.value is None or here.owner is None or len(here.around) < 2:
        return None
    step, registry = here.around[-2], document.registry
    named = {word: step.get(word) for word in ("ensure", "remove", "check", "call")}
    word, node = next(((word, node) for word, node in named.items() if isinstance(node, Scalar)), ("", None))
    if node is None:
        return None
    thing = registry.action(node.text) if word == "call" else registry.kind(node.text)
    return _instead(here, only_near(here.node.text, thing.params if thing is not None else ()))


def row(document: Document, finding: Finding, at: int) -> Edit | None:
    """RB404: a class with a typing error, or a status without its `=`; of a row that destroys nothing."""
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
        return _instead(here, f"={word}")
    legal = [f"={one}" for one in statuses] if word.startswith("=") else dict.fromkeys([*CLASSES, *statuses])
    near = only_near(word, legal)
    return _instead(here, near) if near in CLASSES or word.startswith("=") else None


def _instead(here: Here, new: str | None) -> Edit | None:
    node = here.node
    if new is None or not node.plain or new.removeprefix("=") in BY_HAND or (here.owner and new in here.owner):
        return None
    return Edit(start=node.start, end=node.end, new=new)


def hyphen(document: Document, finding: Finding, at: int) -> Edit | None:
    """RB304: `copy-snapshot` in an expression."""
    end = document.offset(finding.end_line, finding.end_column)
    written = document.text[at:end]
    if "-" not in written or not written.replace("-", "").replace("_", "").isalnum():
        return None
    return Edit(start=at, end=end, new=written.replace("-", "_"))


_FIXES: Final[Mapping[str, Mends]] = {
    "RB113": expression_in_braces, "RB114": cut_off, "RB115": wrong_type, "RB203": wrong_type, "RB253": wrong_type,
    "RB201": key_of_a_map, "RB251": parameter, "RB404": row, "RB304": hyphen,
}  # fmt: skip
