"""What a YAML syntax error means, in words for the person who wrote the text."""

from __future__ import annotations

import re
from typing import Final

import yaml

from engine.errors import ExpressionError
from engine.language.expressions.template import end_of, split
from engine.language.yaml.nodes import Scalar

_COMMENT: Final = re.compile(r"[ \t]+#")
_QUOTE_IT: Final = 'put the text in quotes: "…"'

Told = tuple[str, int, int, str, str]
"""Rule, start and end in the text, message, hint."""

_TEXTS: Final = (
    # what the parser says; where: the problem or its context; what is told; hint
    (r"nesting depth", "problem", "RB105", "nested deeper than 64", ""),
    (r"document start", "problem", "RB110", "a second document begins here", "a file holds one runbook"),
    (r"incompatible YAML|%YAML|directive", "problem", "RB110", "a runbook is YAML 1.2", "leave the `%` line out"),
    (
        r"tag handle|tag URI|parsing a tag|%TAG",
        "problem",
        "RB109",
        "tags are refused",
        "text beginning with `!` is quoted",
    ),
    (r"expected alphabetic or numeric", "context", "RB108", "text cannot begin with `*` or `&`", _QUOTE_IT),
    (r"tab character", "problem", "RB101", "a tab stands where the indentation is", "YAML is indented with spaces"),
    (
        r"mapping values are not allowed",
        "problem",
        "RB101",
        "a second `: ` in what is one text, or a key that is indented wrongly",
        "text that has `: ` in it is quoted; keys of one map stand in one column",
    ),
    (r"found unexpected end of stream", "context", "RB101", "this quote is never closed", ""),
    (
        r"unknown escape",
        "problem",
        "RB101",
        "there is no such escape in double quotes",
        "write `\\\\`, or single quotes",
    ),
    (r"could not find expected ':'", "context", "RB101", "a key without its `:`, or text that goes on here", _QUOTE_IT),
    (r"expected comment or line break", "context", "RB101", "text cannot begin with `|` or `>`", _QUOTE_IT),
    (
        r"block sequence entries are not allowed",
        "problem",
        "RB101",
        "a list cannot begin here",
        "`- ` begins a line of its own, below its key",
    ),
    (
        r"expected '-' indicator",
        "problem",
        "RB101",
        "this stands in a list and is no item of it",
        "an item begins with `- `; items of one list stand in one column",
    ),
    (r"',' or '\}'", "problem", "RB101", "`{` is not closed, or a comma is missing before this", ""),
    (r"',' or '\]'", "problem", "RB101", "`[` is not closed, or a comma is missing before this", ""),
    (
        r"did not find expected key|block end",
        "problem",
        "RB101",
        "this fits nothing above it: the indentation, or text after a closing quote",
        "keys of one map stand in one column",
    ),
    (r"expected node content", "problem", "RB101", "a value is missing here, or a bracket is not closed", ""),
)


def problem_of(error: yaml.YAMLError, text: str, last: Scalar | None) -> Told:
    """What is told of an error. `last` is the scalar that was read before it."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return "RB101", 0, 1, f"this is not YAML: {error}", ""
    at = error.problem_mark.index
    context = error.context_mark.index if error.context_mark is not None else at
    if text[at - 1 : at + 1] == "${" and at:
        message = "`${` in `{…}` or `[…]` is read as YAML's own brace"
        return "RB113", at - 1, at + 1, message, 'quote it: "${…}"'
    if last is not None and last.plain and is_cut_off(text, last.end, last.text):
        message = "the text is cut off here by ` #`, which begins a comment, and its `${` is left open"
        return "RB114", last.start, last.end, message, "put the whole text in quotes"
    said = f"{error.context or ''}: {error.problem or ''}"
    if "cannot start any token" in said:
        return _no_token(text, at)
    for pattern, where, rule, message, help in _TEXTS:
        if re.search(pattern, said):
            start = at if where == "problem" else context
            return rule, start, start + 1, message + _opened(said, text, context), help
    return "RB101", at, at + 1, f"this is not YAML: {error.problem}", ""


def _opened(said: str, text: str, context: int) -> str:
    """Where the bracket stands that is not closed."""
    if "flow mapping" in said or "flow sequence" in said:
        line = text.count("\n", 0, context) + 1
        return f" (it was opened in line {line})"
    return ""


def _no_token(text: str, at: int) -> Told:
    char = text[at : at + 1]
    if char == "\t":
        return "RB101", at, at + 1, "a tab stands where the indentation is", "YAML is indented with spaces"
    return "RB101", at, at + 1, f"text cannot begin with `{char}`", _QUOTE_IT


def without_expression(text: str, at: int) -> str | None:
    """The text with the `${ }` at `at` as so many letters, so that every place stays what it is; None if it has no end."""
    end = end_of(text, at + 2)
    if end is None or "\n" in text[at:end]:
        return None
    return text[:at] + "x" * (end + 1 - at) + text[end + 1 :]


def is_cut_off(text: str, end: int, value: str) -> bool:
    """Does a comment follow right behind a plain scalar whose last `${` is open?"""
    if "${" not in value or _COMMENT.match(text, end) is None:
        return False
    try:
        split(value)
    except ExpressionError:
        return True
    return False
