"""Messages, help, docstrings, names and pages are plain English: words that confuse readers do not come back."""

from __future__ import annotations

import ast

import pytest

from tests.unit.architecture import words

HINT = "`.venv/bin/python -m tests.unit.architecture.words PATH` shows them; rename a renamed file in words.txt too"


def test_no_file_has_more_unwanted_words_than_before() -> None:
    allowed = words.allowed()
    more = {path: count for path, count in words.counts().items() if count > allowed.get(path, 0)}
    assert more == {}, HINT


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("what is found is told", ["told"]),
        ("It is made Anew.", ["Anew"]),
        ("looks every 30s", ["looks"]),
        ("looks like a name; it looks it up; the untold story", []),
        ("its entry is `void`", []),
        ("a runner that did not say good-bye", ["good-bye"]),
        ("gone onwards; a copy that goes on", ["goes on"]),
    ],
)
def test_words_are_found(text: str, found: list[str]) -> None:
    assert words.found(text) == found


def test_a_module_is_searched_for_texts_and_names() -> None:
    tree = ast.parse('"""Told."""\ndef told_of(a):\n    was_told = f"told {a}"\n')
    assert sorted(words.texts(tree)) == ["Told.", "told "]
    assert sorted(words.names(tree)) == ["a", "told of", "was told"]
