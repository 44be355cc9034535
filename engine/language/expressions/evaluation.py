"""What expressions come to: in a runbook's values, and as conditions.

A string that is one `${ }` and nothing else keeps its type; anything else is text. The result is data and is never
evaluated again. A path of names (`settings.topic`) is looked up here; for all else Jinja is imported and compiles, once
for each expression. Errors: ExpressionError, saying what and why. Knows nothing of runbooks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from engine.errors import ExpressionError
from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.grammar import parse_expression
from engine.language.expressions.jinja import Evaluator, compile_tree
from engine.language.expressions.results import (
    check_text,
    get_item,
    missing_message,
    shorten_source,
    text_of,
    to_result,
    undefined_message,
)
from engine.language.expressions.template import split_template, strip_braces


def render(value: Any, names: Mapping[str, Any]) -> Any:
    """The value with every `${ }` in its place; a string that is exactly one keeps its type."""
    if isinstance(value, str):
        return _template_evaluator(value)(names) if "${" in value else value
    if type(value) is dict or isinstance(value, Mapping):
        return {key: render(item, names) for key, item in value.items()} if value else {}
    if isinstance(value, (list, tuple)):
        return [render(item, names) for item in value]
    return value


def evaluate(expression: str, names: Mapping[str, Any]) -> Any:
    """An expression as it stands; `${ }` around the whole is allowed."""
    return _condition_evaluator(expression)(names)


# -- what is computed once -------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _condition_evaluator(expression: str) -> Evaluator:
    return _evaluator(strip_braces(expression)[0])


@lru_cache(maxsize=4096)
def _template_evaluator(text: str) -> Evaluator:
    """The function that renders one string."""
    parts = split_template(text)
    if len(parts) == 1 and isinstance(parts[0], tuple):
        return _evaluator(parts[0][0])
    steps = [part if isinstance(part, str) else _text_evaluator(part[0]) for part in parts]

    def joined(names: Mapping[str, Any]) -> str:
        return check_text("".join([step if isinstance(step, str) else step(names) for step in steps]))

    return joined


def _text_evaluator(source: str) -> Callable[[Mapping[str, Any]], str]:
    """The function that renders an expression inside of a text."""
    value_of = _evaluator(source)

    def text(names: Mapping[str, Any]) -> str:
        value = value_of(names)
        try:
            return value if isinstance(value, str) else text_of(value)
        except ExpressionError as error:
            raise _with_source(source, error) from error

    return text


@lru_cache(maxsize=4096)
def _evaluator(source: str) -> Evaluator:
    """The function that evaluates one expression, on the names that it uses alone."""
    try:
        run, used = compile_expression(source)
    except ExpressionError as error:
        raise _with_source(source, error) from error

    def value(names: Mapping[str, Any]) -> Any:
        scope = {}
        for name in used:
            try:
                scope[name] = names[name]
            except KeyError:
                continue
        try:
            return to_result(run(scope))
        except Exception as error:  # ours, Jinja's UndefinedError, and what comparing two unlike values raises
            raise _with_source(source, error) from error

    return value


def _with_source(source: str, error: Exception) -> ExpressionError:
    return ExpressionError(f"`{shorten_source(source)}`: {error}" if source else str(error))


def compile_expression(source: str) -> tuple[Evaluator, frozenset[str]]:
    """The expression's function over its names, and those names. ExpressionError if it is not allowed."""
    tree = parse_expression(source)
    path = _names_of_path(tree)
    if path:
        return _path_evaluator(path), frozenset(path[:1])
    return compile_tree(tree), frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.Name))


def _names_of_path(tree: ast.Node) -> tuple[str, ...]:
    """`settings.topic` as its names; () for any other expression."""
    match tree:
        case ast.Name(name=name):
            return (name,)
        case ast.Attr(of=of, name=name):
            owner = _names_of_path(of)
            return (*owner, name) if owner else ()
        case _:
            return ()


def _path_evaluator(path: tuple[str, ...]) -> Evaluator:
    """A path without Jinja, and with the same answers."""
    first, *rest = path

    def run(scope: Mapping[str, Any]) -> Any:
        if first not in scope:
            raise ExpressionError(undefined_message(first))
        value = scope[first]
        for name in rest:
            owner = value
            value, there = get_item(owner, name)
            if not there:
                raise ExpressionError(missing_message(owner, name))
        return value

    return run
