"""Formats the text of a runbook for `runbook fmt`. The meaning never changes.

The new text is parsed and compared with the old one. If it would differ, or cannot be formatted, the text stays as it is.
"""

from __future__ import annotations

from engine.errors import RunbookInvalid
from engine.language.fmt.layout import UnsupportedSyntax, lay_out
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar
from engine.language.yaml.reader import parse_yaml
from engine.values import Value

_BYTE_ORDER_MARK = "\ufeff"


class Formatted(Value):
    """The text, and the reason if it could not be formatted."""

    text: str
    unchanged_because: str = ""


def format_runbook(data: bytes, file: str = "-") -> Formatted:
    """The formatted text, with its byte-order mark and line ends. RunbookInvalid if it cannot be parsed."""
    root, findings = parse_yaml(data, file)
    if findings or not isinstance(root, MapNode):
        raise RunbookInvalid(findings)
    text = data.decode("utf-8")
    mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
    ends = "\r\n" if "\r\n" in text else "\n"
    plain = text.removeprefix(_BYTE_ORDER_MARK).replace("\r\n", "\n")
    before = parse_yaml(plain, file)[0]
    assert isinstance(before, MapNode)
    try:
        formatted = lay_out(plain, before)
    except UnsupportedSyntax as error:
        return Formatted(text=text, unchanged_because=f"line {error.line} uses YAML syntax that cannot be formatted")
    if not _means_the_same(formatted, before) and not plain.endswith("\n"):
        formatted = formatted.removesuffix("\n")  # it would become a part of a block scalar at the end
    if not _means_the_same(formatted, before):
        return Formatted(text=text, unchanged_because="formatting would change its meaning")
    return Formatted(text=mark + formatted.replace("\n", ends))


def _means_the_same(text: str, before: Node) -> bool:
    after, findings = parse_yaml(text)
    return not findings and after is not None and _equal(before, after)


def _equal(one: Node, other: Node) -> bool:
    """Are the values and the styles of all scalars equal?"""
    match one, other:
        case Scalar(), Scalar():
            return (type(one.value), one.value, one.style) == (type(other.value), other.value, other.style)
        case ListNode(), ListNode():
            return len(one) == len(other) and all(map(_equal, one.items, other.items))
        case MapNode(), MapNode():
            others = dict(other.items())
            return set(one) == others.keys() and all(_equal(value, others[name][1]) for name, (_, value) in one.items())
        case _:
            return False
