"""The grammar of expressions: it reads what is evaluated, refuses what is refused, and knows every place."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.checks.dataflow.filter_types import ARGUMENTS
from engine.errors import ExpressionError
from engine.language.expressions import evaluation
from engine.language.expressions.filters import NAMES
from engine.language.expressions.grammar import parsed
from engine.language.expressions.nodes import Attr, Const, Filter, Item, Name, children, walk
from engine.language.expressions.tokens import NotAnExpression

GOOD = [
    "cluster",
    "copy_snapshot.arn",
    "snapshot | replace('rds:', '')",
    "old.instances | default(one_instance, true)",
    "settings.kms_key if snapshot_check.encrypted else none",
    "a.b[0].c[1:2]",
    "a[1:]",
    "a[:-1]",
    "a['key with space']",
    "a.0",
    "not a and b or c",
    "a not in [1, 2, 'three']",
    "{'a': [1, {'b': 2}], 'c': none}",
    "a ~ '-' ~ b",
    "-1",
    "1_000 < 0x1F",
    "1.5e3 == a",
    "(a, b)",
    "()",
    "(a)",
    "seen.instances | selectattr('writer', 'equalto', true) | map(attribute='name') | first",
    "'it''s' 'joined'",
    '"dou\\"ble"',
    "a if b",
    "a | default('x', boolean=true)",
    "[a]",
]
BAD = [
    "",
    "copy-snapshot.arn",
    "a + b",
    "a * 2",
    "a b",
    "a.",
    "a(",
    "f(1)",
    "a.b()",
    "a | nosuch",
    "a | center(10)",
    "_a",
    "a._b",
    "a | default(__import__)",
    "'open",
    "[1, 2",
    "{'a' 1}",
    "a is defined",
    "a is not none",
    "-a",
    "loop",
    "a if",
    "a, b",
    "a }} {{ b",
    "{% if a %}",
    "a[",
    "a[1][]",
    "a!b",
    "+a",
    "a ** 2",
    "\\",
    "x" * 5000,
    "not " * 300 + "a",
    "(" * 100 + "a" + ")" * 100,
]


def accepted(source: str) -> bool:
    try:
        parsed(source)
    except NotAnExpression as error:
        placed = 0 <= error.start < error.end and error.start <= len(source)
    else:
        return True
    assert placed, source
    return False


def evaluated(source: str) -> bool:
    try:
        evaluation.compiled(source)
    except ExpressionError:
        return False
    return True


@pytest.mark.parametrize("source", GOOD)
def test_what_is_evaluated_is_read(source: str) -> None:
    assert accepted(source)
    assert evaluated(source)


@pytest.mark.parametrize("source", BAD)
def test_what_is_refused_is_refused_with_a_place(source: str) -> None:
    assert not accepted(source)


PIECES = st.sampled_from(
    "a b copy_snapshot settings . [ ] ( ) { } , : | ~ - + * ** / // % == != < <= not in and or if else is none true "
    "defined equalto 'text' \"t\" 1 2.5 0x1f 1_0 default first map join(',') default(a,true) upper = 'a".split()
)


@given(st.lists(PIECES, max_size=12), st.sampled_from(["", " "]))
@example(["a", "if", "b", "if", "c"], " ")
@example(["-", "-", "1"], "")
@example(["1", ".", "a"], "")
def test_nothing_is_read_that_cannot_be_evaluated(pieces: list[str], glue: str) -> None:
    source = glue.join(pieces)
    if accepted(source.strip()):
        assert evaluated(source.strip()), source


@given(st.lists(PIECES, max_size=12))
def test_what_can_be_evaluated_is_read(pieces: list[str]) -> None:
    """But for several indexes at once, which have no meaning."""
    source = " ".join(pieces)
    if not accepted(source):
        try:
            evaluation.compiled(source)
        except ExpressionError:
            return
        with pytest.raises(NotAnExpression) as refused:
            parsed(source)
        assert refused.value.why in ("an index wants `]` here", "an index is missing"), source


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(source: str) -> None:
    accepted(source)


TEXTS = {
    r"'a'": "a",
    r"'it\'s'": "it's",
    r"'\n\t'": "\n\t",
    r"'\x41\u00e9\U0001F600\101'": "Aé😀A",
    r"'\d'": r"\d",
    r"'\\'": "\\",
}


@pytest.mark.parametrize(("source", "value"), TEXTS.items())
def test_texts_are_what_python_would_have(source: str, value: str) -> None:
    node = parsed(source)
    assert isinstance(node, Const)
    assert node.value == value


@pytest.mark.parametrize("source", [r"'\x4'", r"'\u12'", r"'\UFFFFFFFF'", r"'\N{DASH}'"])
def test_an_escape_that_is_cut_off_is_refused(source: str) -> None:
    assert not accepted(source)


def test_every_token_has_its_place() -> None:
    source = "settings.kms_key | default(old.arn[0])"
    tree = parsed(source)
    found = {}
    for node in walk(tree):
        match node:
            case Name(name=name, start=start, end=end):
                found[name] = source[start:end]
            case Attr(name=name, at=at, end=end) | Filter(name=name, at=at, end=end):
                found[name] = source[at:end]
            case Item(at=at):
                assert source[at] == "0"
            case Const() as const:
                assert source[const.start : const.end] == "0"
    assert found == {
        "settings": "settings",
        "old": "old",
        "kms_key": "kms_key",
        "arn": "arn",
        "default": "default(old.arn[0])",
    }
    assert all(tree.start <= child.start and child.end <= tree.end for child in children(tree))


def test_a_hyphen_in_a_name_is_told_whole() -> None:
    with pytest.raises(NotAnExpression) as refused:
        parsed("x ~ copy-snapshot-two.arn")
    assert refused.value.hyphened == "copy-snapshot-two"
    assert (refused.value.start, refused.value.end) == (4, 21)


def test_the_filters_are_those_of_the_language() -> None:
    arguments = {"map": "map(attribute='a')", "selectattr": "selectattr('a')", "replace": "replace('a', 'b')"}
    for name in ARGUMENTS:
        assert evaluated(f"a | {arguments.get(name, name)}"), name
    assert set(ARGUMENTS) == set(NAMES)
    assert not any(evaluated(f"a | {name}") for name in ("center", "format", "batch", "random", "xmlattr"))


@pytest.mark.parametrize("levels", [15, 16, 17, 63, 64, 65, 66])
@pytest.mark.parametrize("shape", ["({})", "[{}]", "{}[0]", "not {}", "{} or b", "{} | first", "{} if c", "{} ~ b"])
def test_both_refuse_the_same_depth(shape: str, levels: int) -> None:
    source = "a"
    for _ in range(levels):
        source = shape.format(source)
    assert accepted(source) == evaluated(source)
