"""Expressions in the syntax of other tools: `{{ name }}` and `$name` where a runbook has `${name}`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from engine.checks.dataflow.scope import Globals
from engine.errors import ExpressionError
from engine.language.expressions.grammar import parse_expression
from engine.language.yaml.nodes import Node, Scalar

_FORMS: Final = re.compile(
    r"\{\{\s*(?P<braces>(?P<first>[A-Za-z_]\w*)[^{}]*?)\s*\}\}"
    r"|(?<!\$)\$(?P<dollar>(?P<name>[A-Za-z_]\w*)(?![\w$])(?:\.[A-Za-z_]\w*)*)"
)
"""`$body$` is left out: PostgreSQL quotes a text with it."""
_IN_AN_EXPRESSION: Final = re.compile(r"\$\{([^{}]*)\}|\{\{?([^{}:]*)\}\}?|\$(?=[A-Za-z_])")


def looks_like_expression(text: str, names: Globals) -> Iterator[tuple[int, int, str]]:
    """Each part of a literal text that names something of the runbook in another tool's syntax: its range, and the mend."""
    if "{{" not in text and "$" not in text:
        return
    for found in _FORMS.finditer(text):
        root = found["first"] or found["name"]
        if root in names.inputs or root in names.all_vars or root in names.results:
            yield found.start(), found.end(), f"${{{found['braces'] or found['dollar']}}}"


def hint_for_braces(node: Node) -> str:
    """For a value that does not fit and contains `{{ x }}`: how an expression is written."""
    found = re.search(r"\{\{\s*([^{}]+?)\s*\}\}", node.text) if isinstance(node, Scalar) else None
    return f"an expression is written `${{{found[1][:40]}}}`;" if found is not None else ""


def mended(source: str, *, is_condition: bool) -> str:
    """How an expression that cannot be parsed is written, if only the signs of another syntax are too many; or ""."""
    text = _IN_AN_EXPRESSION.sub(lambda found: (found[1] or found[2] or "").strip(), source)
    if text == source:
        return ""
    try:
        parse_expression(text)
    except ExpressionError:
        return ""
    return f"write `{text}`: a condition has no braces" if is_condition else f"write `${{{text}}}`"
