"""`runbook fmt`: a runbook's text as the house writes it. What it means is the same before and after, and seen to be.

The new text is read again and compared; where it is not understood, or would differ, the old one stays.
"""

from __future__ import annotations

from engine.errors import RunbookInvalid
from engine.language.fmt.layout import UnsupportedSyntax, lay_out
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar
from engine.language.yaml.reader import parse_yaml
from engine.values import Value

_BYTE_ORDER_MARK = "\ufeff"


class Formatted(Value):
    """The text, and why it was left as it was, if it was."""

    text: str
    left: str = ""


def format_runbook(data: bytes, file: str = "-") -> Formatted:
    """The text laid out anew; its byte-order mark and its line ends stay. RunbookInvalid where it cannot be read."""
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
        made = lay_out(plain, before)
    except UnsupportedSyntax as error:
        return Formatted(text=text, left=f"line {error.line} uses YAML syntax that cannot be formatted")
    if not _means_the_same(made, before) and not plain.endswith("\n"):
        made = made.removesuffix("\n")  # after a text in a block, the last line's end would be a part of it
    if not _means_the_same(made, before):
        return Formatted(text=text, left="formatting would change its meaning")
    return Formatted(text=mark + made.replace("\n", ends))


def _means_the_same(text: str, before: Node) -> bool:
    after, findings = parse_yaml(text)
    return not findings and after is not None and _equal(before, after)


def _equal(one: Node, other: Node) -> bool:
    """Are they of one value, scalar by scalar, and of one style?"""
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
