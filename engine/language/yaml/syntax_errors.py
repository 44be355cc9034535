"""What a YAML syntax error means, in words for the person who wrote the text."""

from __future__ import annotations

import re
from typing import Final

import yaml

from engine.errors import ExpressionError
from engine.language.expressions.template import expression_end, split_template
from engine.language.yaml.nodes import Scalar

_COMMENT: Final = re.compile(r"[ \t]+#")
CUT_OFF: Final = "` #` starts a comment here and cuts off the text, so its `${` is not closed"
QUOTE_ALL: Final = "put the whole text in quotes"
_QUOTE_IT: Final = 'put the text in quotes: "…"'

Told = tuple[str, int, int, str, str]
"""Rule, start and end in the text, message, hint."""

_TEXTS: Final = (
    # what the parser says; where: the problem or its context; what is told; hint
    (r"nesting depth", "problem", "RB105", "nested more than 64 levels deep", ""),
    (
        r"document start",
        "problem",
        "RB110",
        "a second YAML document starts here",
        "put each runbook in a file of its own",
    ),
    (
        r"incompatible YAML|%YAML|directive",
        "problem",
        "RB110",
        "runbooks are YAML 1.2; other versions are not supported",
        "remove the `%` line",
    ),
    (
        r"tag handle|tag URI|parsing a tag|%TAG",
        "problem",
        "RB109",
        "YAML tags are not allowed",
        "if this is text that begins with `!`, quote it",
    ),
    (
        r"expected alphabetic or numeric",
        "context",
        "RB108",
        "text without quotes cannot begin with `*` or `&`",
        _QUOTE_IT,
    ),
    (r"tab character", "problem", "RB101", "a tab is used for indentation", "indent with spaces"),
    (
        r"mapping values are not allowed",
        "problem",
        "RB101",
        "unexpected `: `: the text contains a colon, or a key is indented wrongly",
        "quote text that contains `: `; put the keys of a map in one column",
    ),
    (r"found unexpected end of stream", "context", "RB101", "this quote is not closed", ""),
    (
        r"unknown escape",
        "problem",
        "RB101",
        "unknown escape sequence in double quotes",
        "write a backslash as `\\\\`, or use single quotes",
    ),
    (
        r"could not find expected ':'",
        "context",
        "RB101",
        "a key without `:`, or text that continues without quotes",
        _QUOTE_IT,
    ),
    (
        r"expected comment or line break",
        "context",
        "RB101",
        "text without quotes cannot begin with `|` or `>`",
        _QUOTE_IT,
    ),
    (
        r"block sequence entries are not allowed",
        "problem",
        "RB101",
        "a list cannot start here",
        "start the list on a new line below its key",
    ),
    (
        r"expected '-' indicator",
        "problem",
        "RB101",
        "expected a list item here",
        "begin each item with `- `, all in one column",
    ),
    (r"',' or '\}'", "problem", "RB101", "`{` is not closed, or a comma is missing before this", ""),
    (r"',' or '\]'", "problem", "RB101", "`[` is not closed, or a comma is missing before this", ""),
    (
        r"did not find expected key|block end",
        "problem",
        "RB101",
        "unexpected content: wrong indentation, or text after a closing quote",
        "put the keys of a map in one column",
    ),
    (r"expected node content", "problem", "RB101", "a value is missing here, or a bracket is not closed", ""),
)


def problem_of(error: yaml.YAMLError, text: str, last: Scalar | None) -> Told:
    """What is told of an error. `last` is the scalar that was read before it."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return "RB101", 0, 1, f"invalid YAML: {error}", ""
    at = error.problem_mark.index
    context = error.context_mark.index if error.context_mark is not None else at
    if text[at - 1 : at + 1] == "${" and at:
        message = "`${` without quotes inside `{…}` or `[…]`: YAML reads the brace as its own syntax"
        return "RB113", at - 1, at + 1, message, 'quote it: "${…}"'
    if last is not None and last.is_plain and is_cut_off(text, last.end, last.text):
        return "RB114", last.start, last.end, CUT_OFF, QUOTE_ALL
    said = f"{error.context or ''}: {error.problem or ''}"
    if "cannot start any token" in said:
        return _invalid_start(text, at)
    for pattern, where, rule, message, help in _TEXTS:
        if re.search(pattern, said):
            start = at if where == "problem" else context
            return rule, start, start + 1, message + _where_opened(said, text, context), help
    return "RB101", at, at + 1, f"invalid YAML: {error.problem}", ""


def _where_opened(said: str, text: str, context: int) -> str:
    """Where the bracket stands that is not closed."""
    if "flow mapping" in said or "flow sequence" in said:
        line = text.count("\n", 0, context) + 1
        return f" (opened in line {line})"
    return ""


def _invalid_start(text: str, at: int) -> Told:
    char = text[at : at + 1]
    if char == "\t":
        return "RB101", at, at + 1, "a tab is used for indentation", "indent with spaces"
    return "RB101", at, at + 1, f"text without quotes cannot begin with `{char}`", _QUOTE_IT


def mask_expression(text: str, at: int) -> str | None:
    """The text with the `${ }` at `at` as so many letters, so that every place stays what it is; None if it has no end."""
    end = expression_end(text, at + 2)
    if end is None or "\n" in text[at:end]:
        return None
    return text[:at] + "x" * (end + 1 - at) + text[end + 1 :]


def is_cut_off(text: str, end: int, value: str) -> bool:
    """Does a comment follow right behind a plain scalar whose last `${` is open?"""
    if "${" not in value or _COMMENT.match(text, end) is None:
        return False
    try:
        split_template(value)
    except ExpressionError:
        return True
    return False
