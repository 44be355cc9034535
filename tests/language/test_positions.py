"""The place of each character of a scalar: plain, quoted, literal and folded, with LF and CRLF."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar
from engine.language.yaml.positions import source_offsets
from engine.language.yaml.reader import load_yaml, parse_yaml

WRITTEN = {
    "plain": "x: say ${name} now\n",
    "plain over lines": "x: say\n  ${name}\n\n  now\n",
    "single": "x: 'it''s ${name} now'\n",
    "single over lines": "x: 'it''s\n\n   ${name}\n  now'\n",
    "double": 'x: "a\\tb \\u00e9\\x41 \\"${name}\\" now"\n',
    "double over lines": 'x: "a \\\n   b\n\n  ${name} \\n now"\n',
    "literal": "x: |\n  first\n\n    indented ${name}\n  last\n",
    "literal stripped": "x: |-\n  ${name}\n",
    "literal kept": "x: |+\n  a\n\n  ${name}\n\n\ny: 1\n",
    "literal with indicator": "x: |2-\n    two more ${name}\n  none more\n",
    "folded": "x: >\n  a\n  b\n\n\n  c ${name}\n    more\n    more still\n  d\n",
    "folded stripped": "x: >-\n  a\n  ${name}\n",
    "folded with leading lines": "x: >\n\n\n  a\n  ${name}\n",
    "folded with a comment": "x: > # why\n  a\n  ${name}\n",
}


def scalar(text: str) -> Scalar:
    root = load_yaml(text)
    assert isinstance(root, MapNode)
    node = root.get("x")
    assert isinstance(node, Scalar)
    return node


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_the_span_of_a_part_of_a_value(text: str, end: str) -> None:
    node = scalar(text.replace("\n", end))
    assert isinstance(node.value, str)
    span = node.at(node.value.index("name"), 4)
    line = text.split("\n")[span.line - 1]
    assert line[span.column - 1 : span.end_column - 1] == "name"
    assert span.line == span.end_line


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_the_span_of_a_scalar_ends_with_its_text(text: str) -> None:
    node = scalar(text)
    span = node.span
    last = text.split("\n")[span.end_line - 1]
    assert last[: span.end_column - 1].strip()
    assert span.line == 1


def test_the_span_after_an_escape() -> None:
    node = scalar('x: "\\u00e9b"\n')
    assert node.at(0).column == 5
    assert node.at(1).column == 11


def test_an_unknown_place_is_that_of_the_whole_scalar() -> None:
    node = scalar("x: abc\n")
    assert node.at(99) == node.span
    assert source_offsets("abc", "", "something else") == []


def scalars(node: Node) -> list[Scalar]:
    match node:
        case Scalar():
            return [node]
        case ListNode():
            return [one for item in node.items for one in scalars(item)]
        case MapNode():
            return [one for key, value in node.entries for one in (key, *scalars(value))]


TEXTS = st.lists(
    st.sampled_from(["a", "bc", " ", "  ", "\n", "\n\n", "'", '"', "\\", "${x}", "é", "#", ": ", "-", "\t"]),
    max_size=12,
).map("".join)


@given(st.lists(TEXTS, min_size=1, max_size=4), st.sampled_from(["'", '"', "|", ">", None]), st.integers(20, 80))
@example(["a\n b\n  c\nd\n"], ">", 20)
@example([" a"], "|", 20)
@example(["\n\na"], ">", 20)
@example(["a b c d e f g h i j k l m n o p"], '"', 20)
def test_every_character_of_random_scalars_has_an_offset(values: list[str], style: str | None, width: int) -> None:
    written = yaml.dump(
        {"k": values}, default_style=style, allow_unicode=True, width=width, Dumper=Untagged, default_flow_style=False
    )
    node, findings = parse_yaml(written)
    if findings or node is None:
        return
    for one in scalars(node):
        if one.text:
            found = source_offsets(one.written, one.style, one.text)
            assert len(found) == len(one.text), (one.written, one.text)
            for char, at in zip(one.text, found, strict=True):
                assert char in (one.written[at], " ", "\n") or one.written[at] == "\\"


class Untagged(yaml.SafeDumper):
    """Writes no tags, whatever the style."""

    def prepare_tag(self, tag: Any) -> Any:
        return ""
