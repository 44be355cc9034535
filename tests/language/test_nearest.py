"""Suggestions for a word that is not legal: the nearest legal word and a list of all."""

from __future__ import annotations

import pytest

from engine.language.nearest import MOST_LISTED, MOST_SUGGESTIONS, Suggestions, did_you_mean, list_words, nearest


@pytest.mark.parametrize(
    ("word", "legal", "near"),
    [
        ("clutser", ["name", "cluster"], "cluster"), ("Cluster", ["cluster"], "cluster"), ("a-b", ["a_b"], "a_b"),
        ("hodl", ["hold", "help"], "hold"), ("nothing-like-it", ["hold", "help"], None), ("x", ["a", "b"], None),
        ("X", ["x"], "x"), ("ab", ["cd"], None), ("", ["a"], None), ("name", [], None),
    ],
)  # fmt: skip
def test_nearest(word: str, legal: list[str], near: str | None) -> None:
    assert nearest(word, legal) == near


def test_did_you_mean() -> None:
    assert did_you_mean("hodl", ["hold", "fail"]) == "did you mean `hold`? expected one of: fail, hold"
    assert did_you_mean("xyz", ["hold", "fail"], "verbs") == "verbs: fail, hold"
    assert did_you_mean("xyz", []) == "none are defined"
    assert did_you_mean("hodl", ["hold"], rest="see `--help`") == "did you mean `hold`? see `--help`"
    assert not did_you_mean("xyz", ["hold"], rest="")


def test_a_long_list_says_how_many_more_there_are() -> None:
    assert list_words(f"s{n:04}" for n in range(1_000)).endswith(
        f"s{MOST_LISTED - 1:04} and {1_000 - MOST_LISTED} more"
    )


def test_only_the_first_findings_of_a_runbook_get_a_suggestion() -> None:
    guesses = Suggestions()
    helps = [guesses.did_you_mean("hodl", lambda: ["hold"], rest="verbs") for _ in range(MOST_SUGGESTIONS + 2)]
    assert helps == ["did you mean `hold`? verbs"] * MOST_SUGGESTIONS + ["verbs"] * 2
