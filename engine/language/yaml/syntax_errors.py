"""YAML syntax errors, in words for the person who wrote the text."""

from __future__ import annotations

import re
from typing import Final, Literal

import yaml

from engine.errors import ExpressionError
from engine.language.expressions.template import expression_end, split_template
from engine.language.yaml.nodes import Scalar
from engine.language.yaml.odd_spaces import find_in_structure
from engine.values import Value

CUT_OFF: Final = "` #` starts a comment here and cuts off the text, so its `${` is not closed"
QUOTE_ALL: Final = "put the whole text in quotes"
_QUOTE_IT: Final = 'put the text in quotes: "…"'
_ONE_COLUMN: Final = "put the keys of a map in one column"
_COMMENT: Final = re.compile(r"[ \t]+#")


class SyntaxProblem(Value, kw_only=False):
    """What a syntax error is reported as, and the range `text[start:end]` that it is about."""

    rule: str
    start: int
    end: int
    message: str
    help: str


class _Wording(Value, kw_only=False):
    """How an error of the parser is reported, and which of the parser's two marks shows its place."""

    pattern: str  # of the parser's context and problem
    message: str
    help: str = ""
    rule: str = "RB101"
    mark: Literal["problem", "context"] = "problem"


_WORDINGS: Final = (
    _Wording(r"nesting depth", "nested more than 64 levels deep", rule="RB105"),
    _Wording(
        r"document start", "a second YAML document starts here", "put each runbook in a file of its own", rule="RB110",
    ),
    _Wording(
        r"incompatible YAML|%YAML|directive", "runbooks are YAML 1.2; other versions are not supported",
        "remove the `%` line", rule="RB110",
    ),
    _Wording(
        r"tag handle|tag URI|parsing a tag|%TAG", "YAML tags are not allowed",
        "if this is text that begins with `!`, quote it", rule="RB109",
    ),
    _Wording(
        r"expected alphabetic or numeric", "text without quotes cannot begin with `*` or `&`",
        _QUOTE_IT, rule="RB108", mark="context",
    ),
    _Wording(r"tab character", "a tab is used for indentation", "indent with spaces"),
    _Wording(
        r"mapping values are not allowed", "unexpected `: `: the text contains a colon, or a key is indented wrongly",
        f"quote text that contains `: `; {_ONE_COLUMN}",
    ),
    _Wording(r"found unexpected end of stream", "this quote is not closed", mark="context"),
    _Wording(
        r"unknown escape", "unknown escape sequence in double quotes",
        "write a backslash as `\\\\`, or use single quotes",
    ),
    _Wording(
        r"could not find expected ':'", "a key without `:`, or text that continues without quotes",
        _QUOTE_IT, mark="context",
    ),
    _Wording(
        r"expected comment or line break", "text without quotes cannot begin with `|` or `>`",
        _QUOTE_IT, mark="context",
    ),
    _Wording(
        r"block sequence entries are not allowed", "a list cannot start here",
        "start the list on a new line below its key",
    ),
    _Wording(r"expected '-' indicator", "expected a list item here", "begin each item with `- `, all in one column"),
    _Wording(r"',' or '\}'", "`{` is not closed, or a comma is missing before this"),
    _Wording(r"',' or '\]'", "`[` is not closed, or a comma is missing before this"),
    _Wording(
        r"did not find expected key|block end",
        "unexpected content: wrong indentation, or text after a closing quote", _ONE_COLUMN,
    ),
    _Wording(r"expected node content", "a value is missing here, or a bracket is not closed"),
)  # fmt: skip
"""The first one whose pattern is found is used."""


def problem_of(error: yaml.YAMLError, text: str, last: Scalar | None) -> SyntaxProblem:
    """How to report an error of the parser. `last` is the scalar that was read before it."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return SyntaxProblem("RB101", 0, 1, f"invalid YAML: {error}", "")
    at = error.problem_mark.index
    context = error.context_mark.index if error.context_mark is not None else at
    if at and text[at - 1 : at + 1] == "${":
        message = "`${` without quotes inside `{…}` or `[…]`: YAML reads the brace as its own syntax"
        return SyntaxProblem("RB113", at - 1, at + 1, message, 'quote it: "${…}"')
    if last is not None and last.is_plain and is_cut_off(text, last.end, last.text):
        return SyntaxProblem("RB114", last.start, last.end, CUT_OFF, QUOTE_ALL)
    if last is not None and last.style in ("'", '"') and text[last.end : at].strip() == "":
        first, end = (text.count("\n", 0, one) + 1 for one in (last.start, last.end))
        if first < end:
            message = f"this quote is not closed in its line: it ends in line {end}, and other text follows there"
            return SyntaxProblem("RB101", last.start, last.start + 1, message, "close it where the text ends")
    parsers_words = f"{error.context or ''}: {error.problem or ''}"
    if "cannot start any token" in parsers_words:
        return _invalid_start(text, at)
    for one in _WORDINGS:
        if re.search(one.pattern, parsers_words):
            start = at if one.mark == "problem" else context
            message = one.message + _where_opened(parsers_words, text, context)
            return SyntaxProblem(one.rule, start, start + 1, message, one.help)
    return SyntaxProblem("RB101", at, at + 1, f"invalid YAML: {error.problem}", "")


def find_before_error(error: yaml.YAMLError, text: str, last: Scalar | None) -> int | None:
    """The offset of a space that is none for YAML, and that is the likely cause of the error, after the last scalar."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return None
    start = 0 if last is None else last.start if last.is_plain else last.end
    line_end = text.find("\n", mark.index)
    return find_in_structure(text, start, line_end if line_end >= 0 else len(text))


def _where_opened(parsers_words: str, text: str, context: int) -> str:
    """The line of the bracket that is not closed."""
    if "flow mapping" in parsers_words or "flow sequence" in parsers_words:
        line = text.count("\n", 0, context) + 1
        return f" (opened in line {line})"
    return ""


def _invalid_start(text: str, at: int) -> SyntaxProblem:
    """A character with which no value can begin."""
    char = text[at : at + 1]
    if char == "\t":
        return SyntaxProblem("RB101", at, at + 1, "a tab is used for indentation", "indent with spaces")
    return SyntaxProblem("RB101", at, at + 1, f"text without quotes cannot begin with `{char}`", _QUOTE_IT)


def mask_expression(text: str, at: int) -> str | None:
    """The text with the `${ }` at `at` replaced by as many letters, so that offsets stay; None if it has no end."""
    end = expression_end(text, at + 2)
    if end is None or "\n" in text[at:end]:
        return None
    return text[:at] + "x" * (end + 1 - at) + text[end + 1 :]


def name_in_braces(written: str) -> str | None:
    """`x` of a `{{ x }}`, as other tools write an expression; None for other text."""
    found = re.fullmatch(r"\{\{\s*([^{}]*?)\s*\}\}", written)
    return found[1] if found is not None else None


def is_cut_off(text: str, end: int, value: str) -> bool:
    """Is a plain scalar, whose last `${` is not closed, followed by a comment?"""
    if "${" not in value or _COMMENT.match(text, end) is None:
        return False
    try:
        split_template(value)
    except ExpressionError:
        return True
    return False
