"""Text to nodes: the values of scalars, the places of nodes, and the findings for refused YAML."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from engine.errors import RunbookInvalid
from engine.language.yaml import reader
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar, Span, describe_node, to_python
from engine.language.yaml.reader import MOST_BYTES, MOST_FINDINGS, MOST_NODES, load_yaml, parse_yaml


def value_of(written: str) -> Any:
    return to_python(load_yaml(f"x: {written}\n"))["x"]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("off", "off"), ("y", "y"), ("No", "No"),
        ("true", True), ("True", True), ("TRUE", True), ("false", False), ("False", False), ("FALSE", False),
        ("tRUE", "tRUE"), ("null", None), ("Null", None), ("NULL", None), ("~", None), ("nULL", "nULL"),
        ("22:30", "22:30"), ("190:20:30", "190:20:30"), ("2024-03-20", "2024-03-20"),
        ("2024-03-20T06:00:00Z", "2024-03-20T06:00:00Z"), ("0755", "0755"), ("0o755", 493), ("0x1F", 31),
        ("0b101", "0b101"), ("012345678901", "012345678901"), ("1_000", "1_000"), ("1,000", "1,000"),
        ("549755813888", 549755813888), ("0", 0), ("-0", 0), ("+5", 5), ("-17", -17), ("00", "00"), ("5432", 5432),
        ("1.5", 1.5), ("-1.5e3", -1500.0), (".5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("1.", 1.0), ("01.5", "01.5"),
        (".", "."), ("..", ".."), ("1.2.3", "1.2.3"), ("+", "+"), ("1e", "1e"),
        ("inf", "inf"), ("nan", "nan"), ("=", "="), ('"true"', "true"), ("'5'", "5"), ('"null"', "null"), ('""', ""),
        ("rds:orders", "rds:orders"), ("a#b", "a#b"), ("${a}", "${a}"), ("${a | default('b')}", "${a | default('b')}"),
    ],
)  # fmt: skip
def test_the_values_of_scalars_follow_the_core_schema(written: str, value: Any) -> None:
    found = value_of(written)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "rule", "line", "column"),
    [
        ("", "RB116", 1, 1),
        ("# only this\n", "RB116", 1, 1),
        ("~\n", "RB116", 1, 1),
        ("---\n", "RB116", 1, 1),
        ("just text\n", "RB117", 1, 1),
        ("- a\n- b\n", "RB117", 1, 1),
        ("a: 1\nb: 2\na: 3\n", "RB106", 3, 1),
        ("a: {b: 1, 'b': 2}\n", "RB106", 1, 11),
        ("a: 1\n---\nb: 2\n", "RB110", 2, 1),
        ("a: 1\n...\nb: 2\n", "RB110", 3, 1),
        ("%YAML 1.1\n---\na: 1\n", "RB110", 1, 1),
        ("%YAML 2.0\n---\na: 1\n", "RB110", 1, 1),
        ("%TAG ! tag:x,2000:\n---\na: 1\n", "RB109", 1, 1),
        ("a: !!int 5\n", "RB109", 1, 4),
        ("a: !mine {b: 1}\n", "RB109", 1, 4),
        ("a: ! b\n", "RB109", 1, 4),
        ("!!map {a: 1}\n", "RB109", 1, 1),
        ("a: &x 1\n", "RB108", 1, 4),
        ("a: &x [1]\n", "RB108", 1, 4),
        ("a: &x\n  b: 1\n", "RB108", 1, 4),
        ("a: *x\n", "RB108", 1, 4),
        ("a: *.txt\n", "RB108", 1, 4),
        ("a: {<<: {b: 1}}\n", "RB107", 1, 5),
        ("a: .nan\n", "RB111", 1, 4),
        ("a: -.inf\n", "RB111", 1, 4),
        ("a: 1e999\n", "RB111", 1, 4),
        ("a: " + "9" * 100 + "\n", "RB111", 1, 4),
        ("a:\n", "RB112", 1, 1),
        ("a:\nb: 1\n", "RB112", 1, 1),
        ("a: {pending, unknown: monitor}\n", "RB112", 1, 5),
        ("a: [b, , c]\n", "RB101", 1, 8),
        ("a:\n  -\n  - b\n", "RB112", 2, 4),
        ("a: {name: ${x}}\n", "RB113", 1, 11),
        ("a: [${x}]\n", "RB113", 1, 5),
        ("a: {${x}: 1}\n", "RB113", 1, 5),
        ("a: {b: pre-${x}}\n", "RB113", 1, 12),
        ("a: ${x | replace(' #', '')}\n", "RB114", 1, 4),
        ("a: ${x  # why\n  | lower}\n", "RB114", 1, 4),
        ("id: 123456789012\n", "RB115", 1, 5),
        ("AwsAccountIds: [123456789012]\n", "RB115", 1, 17),
        ("? [a]\n: 1\n", "RB118", 1, 3),
        ("{: 1}\n", "RB101", 1, 2),
        ("a: \x07\n", "RB103", 1, 4),
        ("a: b\x85c\n", "RB103", 1, 5),
        ("a: b\u2028c\n", "RB103", 1, 5),
        ("a: b\ufeffc\n", "RB103", 1, 5),
        ("a: b\rc: d\n", "RB103", 1, 5),
        ("a: \x7f\n", "RB103", 1, 4),
        ("a: \ud800\n", "RB103", 1, 4),
        ("a:\n\u00a0 b: 1\n", "RB103", 2, 1),
        ("a:\n  b: 1\n  \u00a0 c: 1\n", "RB103", 3, 3),
        ("a:\n  \u3000b: 1\n", "RB103", 2, 3),
        ("a:\u00a0b\nc: d\n", "RB103", 1, 3),
        ("a: b\nc:\u202fd\n", "RB103", 2, 3),
        ("a\u00a0: b\n", "RB103", 1, 2),
        ("a: \u00a0b\n", "RB103", 1, 4),
        ("a: b\u00a0\n", "RB103", 1, 5),
        ("a:\n  -\u00a0b: c\n    d: e\n", "RB103", 2, 4),
        ("a: {b:\u00a0c, d: e}\n", "RB103", 1, 7),
        ("a: [b,\u00a0c]\n", "RB103", 1, 7),
        ("\u200ba: b\n", "RB103", 1, 1),
        ("a: b\x00\n", "RB103", 1, 5),
        ("a:\u00a0b\n", "RB103", 1, 3),
        ("a:\n  b:\u00a0c\n", "RB103", 2, 5),
        ("a:\n  - b:\u00a0c\n", "RB103", 2, 7),
        ("a: {{ b }}\n", "RB118", 1, 4),
        ("a: [{{b}}]\n", "RB118", 1, 5),
        ("a:\n\tb: 1\n", "RB101", 2, 1),
        ("a: b\n\tc: 1\n", "RB101", 2, 1),
        ("a: b: c\n", "RB101", 1, 5),
        ("a: [b, c\nd: e\n", "RB101", 2, 2),
        ('a: "b\nc: d\n', "RB101", 1, 4),
        ('a: "b\nc: d\ne: "f"\n', "RB101", 1, 4),
        ("a: 'b\nc: 'd'\n", "RB101", 1, 4),
        ('a: {b: "c}\nd: {e: "f"}\n', "RB101", 1, 8),
        ('a: "\\q"\n', "RB101", 1, 5),
        ("a: @b\n", "RB101", 1, 4),
        ("a: `b`\n", "RB101", 1, 4),
        ("a:\n  b: c\n d: e\n", "RB101", 3, 2),
        ("a:\n- b\nc\n", "RB101", 3, 1),
        ('a: "b" c\n', "RB101", 1, 8),
        ("a: - b\n", "RB101", 1, 4),
        ("a: |x\n  b\n", "RB101", 1, 4),
        ("[" * 65 + "]" * 65, "RB105", 1, 65),
        ("a: " + "x" * MOST_BYTES, "RB104", 1, 1),
    ],
)  # fmt: skip
def test_refused_yaml_has_its_rule_and_place(text: str, rule: str, line: int, column: int) -> None:
    _, findings = parse_yaml(text, "a.yaml")
    first = min(findings, key=lambda one: (one.line, one.column))
    assert (first.rule, first.line, first.column) == (rule, line, column)
    assert first.message
    with pytest.raises(RunbookInvalid):
        load_yaml(text)


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("a:\n\u00a0 b: 1\n", "a no-break space (U+00A0) stands here", "replace it by a plain space"),
        ("a:\u3000b\n", "an ideographic space (U+3000) stands here", "replace it by a plain space"),
        ("a: b\u200b\n", "a zero width space (U+200B) stands here", "remove it"),
        ("a: {{ b.c }}\n", "`{{ b.c }}` is a map", 'write `"${b.c}"`'),
        ('a: "b\nc: "d"\n', "this quote is not closed in its line: it ends in line 2", "close it"),
    ],
)
def test_one_finding_says_what_to_do(text: str, message: str, help: str) -> None:
    _, (found,) = parse_yaml(text)
    assert message in found.message
    assert help in found.help


@pytest.mark.parametrize(
    "text",
    [
        "a: b\u00a0c\n",
        "a: Note:\u00a0b\n",
        'a: "\u00a0b"\n',
        '"a\u00a0": b\n',
        "a: |\n  b:\u00a0c\n",
        "# \u00a0\na: b\n",
    ],
)
def test_a_no_break_space_may_be_part_of_a_text(text: str) -> None:
    assert parse_yaml(text)[1] == []


def test_a_byte_that_is_not_utf_8_has_its_place() -> None:
    _, (found,) = parse_yaml("a: 1\nb: ä".encode() + b"\xe9\n")
    assert (found.rule, found.line, found.column) == ("RB102", 2, 5)


def test_a_duplicate_key_names_both_places() -> None:
    _, (found,) = parse_yaml("a: 1\nb: 2\na: 3\n")
    assert "line 1, column 1" in found.message
    assert (found.line, found.column, found.end_column) == (3, 1, 2)


def test_all_findings_are_reported_together() -> None:
    node, findings = parse_yaml("a: &x 1\nb: *x\nc: .nan\na: 2\nd:\ne: {<<: {}}\n")
    assert [one.rule for one in findings] == ["RB108", "RB108", "RB111", "RB106", "RB112", "RB107"]
    assert isinstance(node, MapNode)
    assert to_python(node)["a"] == 1


def test_every_unquoted_expression_in_a_flow_map_is_reported() -> None:
    node, findings = parse_yaml("a: {b: ${x}, c: [${y | default('z', true)}, 1]}\nd: *e\nf: {g: ${h\n")
    assert [(one.rule, one.line, one.column) for one in findings] == [
        ("RB113", 1, 8), ("RB113", 1, 18), ("RB108", 2, 4), ("RB113", 3, 8),
    ]  # fmt: skip
    assert node is None
    node, findings = parse_yaml("a: {b: ${x}, c: [${y | default('z', true)}, 1]}\nd: *e\n")
    assert [(one.rule, one.line, one.column) for one in findings] == [
        ("RB113", 1, 8),
        ("RB113", 1, 18),
        ("RB108", 2, 4),
    ]
    assert isinstance(node, MapNode)
    assert list(node) == ["a", "d"]


def test_the_number_of_values_has_a_limit() -> None:
    assert parse_yaml("a: [" + "1," * (MOST_NODES - 100) + "1]\n")[1] == []
    _, findings = parse_yaml("a: [" + "1," * MOST_NODES + "1]\n")
    assert [(one.rule, one.line) for one in findings] == [("RB104", 1)]


def test_the_number_of_findings_has_a_limit() -> None:
    _, findings = parse_yaml("- *x\n" * (MOST_FINDINGS + 5))
    assert len(findings) == MOST_FINDINGS


@pytest.mark.parametrize("opening", ["[", "{", "- ", "? ", "[{", "a:\n ", "- - ", "{a: "])
def test_hostile_text_is_refused(opening: str) -> None:
    for text in (opening * 100_000, "\n".join([opening] * 100_000)):
        _, findings = parse_yaml(text[:MOST_BYTES])
        assert findings


def test_nested_aliases_are_not_expanded() -> None:
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30))
    _, findings = parse_yaml(f"a0: &a0 [x]\n{levels}\n")
    assert {one.rule for one in findings} == {"RB108"}


@pytest.mark.parametrize("depth", [1, 63])
def test_nesting_up_to_the_limit_is_allowed(depth: int) -> None:
    assert value_of("[" * depth + "1" + "]" * depth) is not None


# -- places --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_places_with_every_line_end_and_byte_order_mark(end: str, mark: str) -> None:
    text = mark + end.join(["a: one", "b:", "  c: [x, 'y']", "  d: two words", ""])
    for given_as in (text, text.encode()):
        root = load_yaml(given_as)
        assert isinstance(root, MapNode)
        inner = root.get("b")
        assert isinstance(inner, MapNode)
        listed, words = inner.get("c"), inner.get("d")
        assert isinstance(listed, ListNode)
        assert isinstance(words, Scalar)
        assert root.span == Span(line=1, column=1, end_line=4, end_column=15)
        assert inner.head == Span(line=3, column=3, end_line=3, end_column=4)
        assert listed.span == Span(line=3, column=6, end_line=3, end_column=14)
        assert listed.items[1].span == Span(line=3, column=10, end_line=3, end_column=13)
        assert words.span == Span(line=4, column=6, end_line=4, end_column=15)
        assert words.at(4, 5) == Span(line=4, column=10, end_line=4, end_column=15)


def test_columns_count_characters() -> None:
    root = load_yaml("ä: [\U0001f600, ö]\n")
    assert isinstance(root, MapNode)
    listed = root.get("ä")
    assert isinstance(listed, ListNode)
    assert listed.items[1].span.column == 8


def test_describe_node() -> None:
    root = load_yaml("a: [x, 5, true, null, [1], {b: 1}]\n")
    assert isinstance(root, MapNode)
    listed = root.get("a")
    assert isinstance(listed, ListNode)
    assert [describe_node(item) for item in listed.items] == [
        "text", "the number `5`", "the boolean `true`", "null", "a list", "a map",
    ]  # fmt: skip


# -- whatever it is given ------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    "a b: c: - [ ] { } , # ' \" ${ } $${ | > & * ! !! % @ ` \n \t 5 .nan ~ << ? : \\ \r\n é ¥ \x00".split(" ")
)


@given(st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=40).map("".join)))
@example(b"\xff\xfe")
@example("a: \x00")
@example("{a: b, c")
@example("? - :")
def test_any_text_is_read_or_reported(text: str | bytes) -> None:
    node, findings = parse_yaml(text)
    assert node is not None or findings
    for one in findings:
        assert one.line >= 1
        assert one.column >= 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(st.characters(categories=["L", "N", "P", "Zs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=4),
    max_leaves=15,
)


@example({"x": "0E0"}, None)
@given(st.dictionaries(st.text("xyz", min_size=1), JSON, min_size=1, max_size=4), st.sampled_from([None, '"']))
def test_documents_of_another_writer_are_read_with_the_same_texts(value: dict[str, Any], style: str | None) -> None:
    written = yaml.safe_dump(value, default_style='"', allow_unicode=True) if style else yaml.safe_dump(value)
    node, findings = parse_yaml(written)
    if any(one.rule in ("RB103", "RB109") for one in findings):
        return  # a tag, where every number is quoted and marked as one; a character that is refused
    assert node is not None
    if not findings:
        assert written_texts(node) == yaml.load(written, Loader=yaml.BaseLoader)


def written_texts(node: Node) -> Any:
    """The texts of all scalars, like PyYAML's BaseLoader: `0E0` is text in YAML 1.1 and a number in 1.2."""
    match node:
        case MapNode():
            return {key.text: written_texts(value) for key, value in node.entries}
        case ListNode():
            return [written_texts(item) for item in node.items]
        case Scalar():
            return node.text


def test_the_python_parser_reads_the_same_as_the_c_library(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (root / "runbooks" / "restore.yaml").read_bytes()
    node = load_yaml(text)
    monkeypatch.setattr(reader, "_LOADER", yaml.SafeLoader)
    again = load_yaml(text)
    assert to_python(again) == to_python(node)
    assert isinstance(again, MapNode)
    assert isinstance(node, MapNode)
    assert [(key.span, value.span) for key, value in again.entries] == [
        (key.span, value.span) for key, value in node.entries
    ]
    assert {one.rule for one in parse_yaml("[" * 100_000)[1]} == {"RB105"}
