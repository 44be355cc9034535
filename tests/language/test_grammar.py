"""The parser of expressions: the trees of Jinja for what the language allows, and a place for every token and error."""

from __future__ import annotations

import inspect
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.errors import ExpressionError
from engine.language.expressions.evaluation import compile_expression
from engine.language.expressions.filters import FILTERS, filter_problem
from engine.language.expressions.grammar import parse_condition, parse_expression
from engine.language.expressions.jinja import jinja_node
from engine.language.expressions.syntax_tree import Attr, Const, Filter, Item, Name, children, walk
from engine.language.expressions.tokens import ExpressionSyntaxError
from tests.language.jinja_parser import jinja_tree

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
    "a + b - c * 2 // d % e / f",
    "-a.b | int",
    "a - -1 ~ b",
    "--1",
    "copy-snapshot.arn",
]
BAD = [
    "",
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
        parse_expression(source)
    except ExpressionSyntaxError as error:
        placed = 0 <= error.start < error.end and error.start <= len(source)
    else:
        return True
    assert placed, source
    return False


def evaluated(source: str) -> bool:
    try:
        compile_expression(source)
    except ExpressionError:
        return False
    return True


@pytest.mark.parametrize("source", GOOD)
def test_expressions_that_evaluate_are_parsed(source: str) -> None:
    assert accepted(source)
    assert evaluated(source)


@pytest.mark.parametrize("source", BAD)
def test_errors_have_a_place(source: str) -> None:
    assert not accepted(source)


PIECES = st.sampled_from(
    "a b copy_snapshot settings . [ ] ( ) { } , : | ~ - + * ** / // % == != < <= not in and or if else is none true "
    "defined equalto 'text' \"t\" 1 2.5 0x1f 1_0 default first map join(',') default(a,true) upper = 'a".split()
)


def same_as_jinja(source: str) -> None:
    """Jinja and our parser refuse the text, or make the same tree of it."""
    theirs = jinja_tree(source)
    if theirs is None or not accepted(source):
        assert theirs is None or indexes_twice(source), source
        assert not accepted(source), source
        return
    tree = parse_expression(source)
    if not any(isinstance(node, Filter) and filter_problem(node) for node in walk(tree)):
        assert repr(jinja_node(tree)) == repr(theirs), source


def indexes_twice(source: str) -> bool:
    """`a[1, 2]` and `a[]`, which Jinja parses although they mean nothing."""
    with pytest.raises(ExpressionSyntaxError) as refused:
        parse_expression(source)
    return refused.value.why in ("expected `]` here, not `,`", "an index is missing")


@pytest.mark.parametrize("source", [*GOOD, *BAD])
def test_examples_have_the_same_tree_as_in_jinja(source: str) -> None:
    same_as_jinja(source)


@given(st.lists(PIECES, max_size=12), st.sampled_from(["", " "]))
@example(["a", "if", "b", "if", "c"], " ")
@example(["-", "-", "1"], "")
@example(["1", ".", "a"], "")
@example(["-", "(", "1", ")"], "")
@example(["-", "(", "true", ")"], "")
@example(["a", "[", "1", ",", "2", "]"], "")
@example(["a", "[", ":", ":", ":", "]"], "")
def test_random_tokens_have_the_same_tree_as_in_jinja(pieces: list[str], glue: str) -> None:
    same_as_jinja(glue.join(pieces).strip())


SHAPES = (
    "({0})", "({0},)", "({0}, {1})", "[{0}, {1}]", "[{0}]", "{{{0}: {1}}}", "{0}.name", "{0}.0", "{0}[{1}]", "{0}[{1}:{2}]", "{0}[:{1}]",
    "{0}[{1}:]", "{0}[::{1}]", "{0}[{1}::{2}]", "not {0}", "{0} and {1}", "{0} or {1}", "{0} == {1}", "{0} < {1} <= {2}", "{0} in {1}",
    "{0} not in {1}", "{0} ~ {1}", "{0} ~ {1} ~ {2}", "{0} if {1} else {2}", "{0} if {1}", "{0} | first", "{0} | default({1})",
    "{0} | default({1}, boolean={2})", "{0} | map(attribute='a.b', default={1})", "-{0}", "{0} + {1}", "{0} is {1}", "{0}({1})", "{0} {1}",
)  # fmt: skip
LEAVES = st.sampled_from("a or in self 'text' 'it''s' \"\\n\" 1 0 2.5 1e3 0x1f 1_000 true none True [] () {}".split())


@st.composite
def composed(draw: st.DrawFn, part: st.SearchStrategy[str]) -> str:
    return draw(st.sampled_from(SHAPES)).format(draw(part), draw(part), draw(part))


@given(st.recursive(LEAVES, composed, max_leaves=12))
def test_random_expressions_have_the_same_tree_as_in_jinja(source: str) -> None:
    same_as_jinja(source)


@pytest.mark.parametrize("source", ["a²", "a.b²", "²", "a | default(x²=1)", "'\u00b2'"])
def test_names_are_identifiers(source: str) -> None:
    """Jinja would put `a²` into the code that it generates, which Python cannot compile."""
    same_as_jinja(source)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_line_end_in_a_string_becomes_a_newline(newline: str) -> None:
    source = f"'a{newline}b\\{newline}c'"
    same_as_jinja(source)
    node = parse_expression(source)
    assert isinstance(node, Const)
    assert node.value == "a\nbc"


def test_a_number_with_too_many_digits_is_refused() -> None:
    limit = sys.get_int_max_str_digits()
    try:
        sys.set_int_max_str_digits(640)
        with pytest.raises(ExpressionSyntaxError, match="the number is too large"):
            parse_expression("1" * 3_000)
    finally:
        sys.set_int_max_str_digits(limit)


@pytest.mark.parametrize("digits", [64, 65, 400, 401, 4000])
@pytest.mark.parametrize("form", ["{}", "0x{}", "{}.5", "1e{}", "[{}, 1]"])
def test_a_number_has_the_limit_of_results(form: str, digits: int) -> None:
    source = form.format("1" * digits)
    if accepted(source):
        assert evaluated(source)
        same_as_jinja(source)
    else:
        with pytest.raises(ExpressionSyntaxError, match="the number is too large"):
            parse_expression(source)


@given(st.text(max_size=60))
def test_any_text_is_parsed_or_refused(source: str) -> None:
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
def test_string_literals_have_the_values_of_python(source: str, value: str) -> None:
    node = parse_expression(source)
    assert isinstance(node, Const)
    assert node.value == value


@pytest.mark.parametrize("source", [r"'\x4'", r"'\u12'", r"'\UFFFFFFFF'", r"'\N{DASH}'"])
def test_an_incomplete_escape_is_refused(source: str) -> None:
    assert not accepted(source)


def test_every_token_has_its_place() -> None:
    source = "settings.kms_key | default(old.arn[0])"
    tree = parse_expression(source)
    found = {}
    for node in walk(tree):
        match node:
            case Name(name=name, start=start, end=end):
                found[name] = source[start:end]
            case Attr(name=name, at=at, end=end) | Filter(name=name, at=at, end=end):
                found[name] = source[at:end]
            case Item(index=index):
                assert source[index.start] == "0"
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


@pytest.mark.parametrize("text", ["n == '${'", "'$${n}' == n", "${n == '}'}", "  ${ n }\n"])
def test_a_condition_may_have_braces_around_it_and_in_its_strings(text: str) -> None:
    assert any(isinstance(node, Name) and node.name == "n" for node in walk(parse_condition(text)))


def test_the_filters_are_those_of_the_language() -> None:
    arguments = {"map": "map(attribute='a')", "selectattr": "selectattr('a')", "replace": "replace('a', 'b')"}
    for name in FILTERS:
        assert evaluated(f"a | {arguments.get(name, name)}"), name
    assert not any(evaluated(f"a | {name}") for name in ("center", "format", "batch", "random", "xmlattr"))


def test_the_types_of_filters_are_known_to_the_checks() -> None:
    for spec in FILTERS.values():
        assert spec.takes in ("any", "list", "text", "moment", "duration")
        assert spec.gives in ("text", "integer", "number", "list", "attributes", "item", "either")
        assert next(iter(inspect.signature(spec.run).parameters)) == "value"


MISUSES = {
    "a | lower(1)": "too many positional arguments",
    "a | lower(value=1)": "multiple values for argument 'value'",
    "a | replace('a')": "missing a required argument: 'new'",
    "a | replace('a', count=2)": "missing a required argument: 'new'",
    "a | truncate(size=5)": "unexpected keyword argument 'size'",
    "a | truncate(2, true, '', 0, 1)": "too many positional arguments",
    "a | default(1, default_value=2)": "multiple values for argument 'default_value'",
    "a | default(boolean=true, boolean=false)": "an argument twice",
    "a | selectattr(attribute='a')": "positional only",
    "a | selectattr": "missing a required argument: 'attribute'",
    "a | selectattr('a', b)": "`'equalto'` or `'in'`",
    "a | selectattr('a', 'match')": "`'equalto'` or `'in'`",
    "a | selectattr('_a')": "begin with `_`",
    "a | sort(attribute='a._b')": "begin with `_`",
    "a | map": "attribute=",
    "a | map('upper')": "attribute=",
    "a | map(default=1)": "attribute=",
    "a | first(1)": "too many positional arguments",
}


@pytest.mark.parametrize(("source", "why"), MISUSES.items())
def test_a_filter_that_always_fails_is_refused_before_evaluation(source: str, why: str) -> None:
    node = parse_expression(source)
    assert isinstance(node, Filter)
    assert why in filter_problem(node)
    assert not evaluated(source)


@pytest.mark.parametrize("levels", [15, 16, 17, 63, 64, 65, 66])
@pytest.mark.parametrize("shape", ["({})", "[{}]", "{}[0]", "not {}", "{} or b", "{} | first", "{} if c", "{} ~ b"])
def test_the_limit_of_depth_is_the_same_as_in_jinjas_tree(shape: str, levels: int) -> None:
    source = "a"
    for _ in range(levels):
        source = shape.format(source)
    assert accepted(source) == evaluated(source) == (jinja_tree(source) is not None)
