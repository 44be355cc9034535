"""Patterns: the same whole values as Python's `re` matches, in linear time, and nothing that cannot be."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.language.matching import matches
from engine.language.patterns import PatternError, parsed

ATOMS = st.sampled_from(
    ["a", "b", ".", "[ab]", "[^a]", "[a-c]", "[]a]", "[a-]", r"\d", r"\w", r"\W", r"\.", r"[\d-]", "-", ":", "(?:a|b)"]
)
REPEATS = st.sampled_from(["", "*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "*?", "+?", "{1,2}?"])


@st.composite
def patterns(draw: st.DrawFn, depth: int = 2) -> str:
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        atom = draw(ATOMS)
        if depth and draw(st.booleans()):
            atom = f"({draw(patterns(depth - 1))}|{draw(patterns(depth - 1))})"
        parts.append(atom + draw(REPEATS))
    return "".join(parts)


@given(patterns(), st.lists(st.text("abc-.1:\n", max_size=6), max_size=6))
@example("(a|ab)(c|bcd)(d*)", ["abcd"])
@example("^a$", ["a", "a\n"])
@example("", ["", "a"])
@example("a||b", ["", "a"])
def test_the_same_values_as_re_matches(pattern: str, values: list[str]) -> None:
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
def test_what_runbooks_ask(pattern: str, value: str, does: bool) -> None:
    assert matches(pattern, value) is does


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|a)*b", "(a|aa)+b", "(.*)*x", "(a+)+$", "([a-z]+)*1"])
def test_patterns_that_keep_re_busy_for_ever_are_done_at_once(pattern: str) -> None:
    assert not matches(pattern, "a" * 5_000 + "!")


def test_the_work_has_a_bound() -> None:
    with pytest.raises(PatternError, match="too long"):
        matches("(a?){0,300}a{0,300}", "a" * 60_000)


@pytest.mark.parametrize(
    ("pattern", "offset"),
    [
        (r"(a)\1", 3), ("(?=a)", 0), ("(?P<n>a)", 0), ("(?i)a", 0), (r"\bword", 0), ("a**", 2), ("*a", 0), ("(a", 0),
        ("a)", 1), ("[a", 0), ("[b-a]", 0), ("a{3,2}", 1), ("a{x}", 1), ("a^b", 1), ("a$b", 1), ("\\", 0),
        ("a{1,2000}{1,2000}", 9), ("(a{50}){50}", 0), ("(" * 60 + ")" * 60, 51), (r"[\W]", 1), ("a{99999999999}", 1),
    ],
)  # fmt: skip
def test_what_cannot_be_matched_in_linear_time_or_is_none_is_refused(pattern: str, offset: int) -> None:
    with pytest.raises(PatternError) as raised:
        parsed(pattern)
    assert raised.value.offset == offset


@given(st.text("ab()[]{}|*+?.\\^$-,0123", max_size=20))
def test_whatever_it_is_given_it_reads_or_refuses(pattern: str) -> None:
    with contextlib.suppress(PatternError):
        assert matches(pattern, "ab01") in (True, False)
