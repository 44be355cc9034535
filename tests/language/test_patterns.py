"""Patterns: they match the same values as Python's `re`, with limits of size and steps."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.language.patterns import MOST_CHARACTERS, MOST_STEPS, PatternError, Patterns

ATOMS = st.sampled_from(
    ["a", "b", ".", "[ab]", "[^a]", "[a-c]", "[]a]", "[a-]", r"\d", r"\w", r"\W", r"\.", r"[\d-]", "-", ":", "(?:a|b)"]
)
REPEATS = st.sampled_from(["", "*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "*?", "+?", "{1,2}?"])


def matches(pattern: str, value: str) -> bool:
    return Patterns().matches(pattern, value)


@st.composite
def patterns(draw: st.DrawFn, depth: int = 1) -> str:
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        atom = draw(ATOMS)
        if depth and draw(st.booleans()):
            atom = f"({draw(patterns(depth - 1))}|{draw(patterns(depth - 1))})"
        parts.append(atom + draw(REPEATS))
    return "".join(parts)


@given(patterns(), st.lists(st.text("abc-.1:\n", max_size=5), max_size=6))
@example("(a|ab)(c|bcd)(d*)", ["abcd"])
@example("^a$", ["a", "a\n"])
@example("", ["", "a"])
@example("a||b", ["", "a"])
def test_patterns_match_the_same_values_as_re(pattern: str, values: list[str]) -> None:
    """Groups are not nested and values are short, because otherwise Python's `re` backtracks for hours."""
    for value in values:
        bare = pattern.removeprefix("^").removesuffix("$")
        assert matches(pattern, value) == bool(re.fullmatch(bare, value, re.ASCII)), (pattern, value)


@pytest.mark.parametrize(
    ("pattern", "value", "does"),
    [
        ("(rds:)?[a-z][a-z0-9-]{0,200}", "rds:daily-backup-2024-03-20", True),
        ("(rds:)?[a-z][a-z0-9-]{0,200}", "a" * 202, False),
        ("[a-z][a-z0-9-]{0,50}", "orders", True),
        ("[a-z][a-z0-9-]{0,50}", "Orders", False),
        ("[a-z][a-z0-9-]{0,50}", "orders\n", False),
        (r"\d{4}", "٣٣٣٣", False),
        (r"[\w.]+@example\.com", "a.b@example.com", True),
        (r"[^\n]*", "all of it", True),
        (r"\{a\}", "{a}", True),
    ],
)
def test_patterns_of_real_runbooks(pattern: str, value: str, does: bool) -> None:
    assert matches(pattern, value) is does


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|a)*b", "(a|aa)+b", "(.*)*x", "(a+)+$", "([a-z]+)*1"])
def test_patterns_on_which_re_backtracks_endlessly(pattern: str) -> None:
    assert not matches(pattern, "a" * 5_000 + "!")


def test_matching_has_a_limit_of_steps() -> None:
    with pytest.raises(PatternError, match="too long"):
        matches(r"(.|\n)*a.{990}", "a" * 60_000)
    assert matches("(a?){0,300}a{0,300}", "a" * 600)


def test_the_patterns_of_a_runbook_share_a_limit_of_steps() -> None:
    """The patterns are large and all differ. Without the limit, RE2 would compile thousands of them, which takes a minute."""
    patterns = Patterns()
    compiled = 0
    with pytest.raises(PatternError, match="too large in total"):
        for n in range(1_000):
            patterns.compile(rf"(\pL|b)*a(\pL|b){{{n % 20 + 10}}}{n}")
            compiled += 1
    assert 20 < compiled < 200


def test_a_pattern_that_is_too_large_uses_up_steps() -> None:
    patterns = Patterns()
    for _ in range(10):
        with pytest.raises(PatternError, match="too large once its repetitions are expanded"):
            patterns.compile(r"(\pL\pL){499}")
    assert patterns.left < MOST_STEPS * 0.95


def test_a_pattern_is_compiled_once() -> None:
    patterns = Patterns()
    patterns.compile("[a-z]{0,200}")
    left = patterns.left
    patterns.compile("[a-z]{0,200}")
    assert patterns.left == left < MOST_STEPS


def test_a_pattern_has_limits_of_length_and_size() -> None:
    long = "(" + "a|" * 20_000 + "b)*"
    with pytest.raises(PatternError, match=f"{len(long)} characters; {MOST_CHARACTERS} are allowed"):
        Patterns().compile(long)
    with pytest.raises(PatternError, match="too large"):
        Patterns().compile(r"\pL" * 600)


@pytest.mark.parametrize(
    ("pattern", "offset"),
    [
        (r"(a)\1", 3), ("(?=a)", 0), ("(?<=a)b", 0), ("a**", 1), ("*a", 0), ("(a", 0), ("a)", 0), ("[a", 0), ("[b-a]", 1),
        ("a{3,2}", 1), ("a{x}", 1), ("a{,5}", 1), ("a{2}{", 4), ("\\", 0), ("a{1,2000}{1,2000}", 1), ("(a{50}){50}", 2),
        ("a{99999999999}", 1), ("[a]{b}", 3), (r"\p{Nonsense}", 0), ("(" * 1_000 + "a{9" + ")" * 900, 1_001),
    ],
)  # fmt: skip
def test_an_unsupported_or_invalid_pattern_is_refused_at_its_offset(pattern: str, offset: int) -> None:
    with pytest.raises(PatternError) as raised:
        Patterns().compile(pattern)
    assert raised.value.offset == offset


@pytest.mark.parametrize(
    ("pattern", "value", "does"),
    [
        ("(?P<n>a)", "a", True), ("(?i)a", "A", True), (r"\bword", "word", True), ("a^b", "ab", False),
        ("a$b", "ab", False), ("^a$|^b$", "b", True), (r"[\W]", "-", True), (r"[\W]", "a", False),
        ("(" * 60 + ")" * 60, "", True), (r"\p{L}+", "é", True), (r"\x{e9}{2}", "éé", True), (r"[{]{2}\{", "{{{", True),
        (".", "\udcff", True), ("a", "\udcff", False),
    ],
)  # fmt: skip
def test_other_syntax_of_re2(pattern: str, value: str, does: bool) -> None:
    assert matches(pattern, value) is does


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("a(?!b)", "lookaround and groups of this kind are not supported: `(?!`"),
        (
            "a{2000}",
            "a repetition is at most 1000, nested ones multiplied, and its maximum is not below its minimum: `{2000}`",
        ),
        ("a{x}", "not a repetition such as `{3}`, `{3,}` or `{3,5}`; write a literal brace as `\\{`"),
        ("(a", "missing ): `(a`"),
    ],
)
def test_a_message_quotes_the_part_that_is_wrong(pattern: str, message: str) -> None:
    with pytest.raises(PatternError) as raised:
        Patterns().compile(pattern)
    assert str(raised.value) == message


@given(st.text("ab()[]{}|*+?.\\^$-,0123", max_size=20))
def test_any_pattern_is_compiled_or_refused(pattern: str) -> None:
    with contextlib.suppress(PatternError):
        assert matches(pattern, "ab01") in (True, False)
