"""Evaluates expressions, in the values of a runbook (`render`) and as conditions (`evaluate`).

The result is data and is never evaluated again. A path of names such as `settings.topic` is looked up here. Everything
else is compiled by Jinja, once for each expression; Jinja is imported only then. Raises ExpressionError, which says what
is wrong and in which expression. Knows nothing of runbooks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from engine.errors import ExpressionError, InvalidCondition
from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.budget import SMALL, TooMuchWork, budget_of
from engine.language.expressions.filters import NAMES
from engine.language.expressions.grammar import parse_expression
from engine.language.expressions.jinja import Evaluator, compile_tree
from engine.language.expressions.results import (
    check_text,
    get_item,
    missing_message,
    shorten_source,
    text_as_condition,
    text_of,
    to_result,
    undefined_message,
)
from engine.language.expressions.template import split_template, strip_braces


def render(value: Any, names: Mapping[str, Any]) -> Any:
    """The value with every `${ }` evaluated. A string that is one `${ }` and nothing else keeps the type of its result."""
    if isinstance(value, str):
        return _template_evaluator(value)(names) if "${" in value else value
    if type(value) is dict or isinstance(value, Mapping):
        return {key: render(item, names) for key, item in value.items()} if value else {}
    if isinstance(value, (list, tuple)):
        return [render(item, names) for item in value]
    return value


def evaluate(expression: str, names: Mapping[str, Any]) -> Any:
    """The value of an expression, with or without `${ }` around it."""
    return _bare_evaluator(expression)(names)


def is_true(condition: str, names: Mapping[str, Any]) -> bool:
    """Is the condition true? InvalidCondition if it is text, or text decides a part of it: `"false"` would count as true."""
    value = _condition_evaluator(condition)(names)
    if isinstance(value, str):
        raise text_as_condition(value, shorten_source(strip_braces(condition)[0]))
    return bool(value)


# -- compiled once for each text -------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _bare_evaluator(expression: str) -> Evaluator:
    return _evaluator(strip_braces(expression)[0])


@lru_cache(maxsize=4096)
def _condition_evaluator(condition: str) -> Evaluator:
    return _evaluator(strip_braces(condition)[0], is_condition=True)


@lru_cache(maxsize=4096)
def _template_evaluator(text: str) -> Evaluator:
    """Renders one string."""
    parts = split_template(text)
    if len(parts) == 1 and isinstance(parts[0], tuple):
        return _evaluator(parts[0][0])
    pieces = [part if isinstance(part, str) else _text_evaluator(part[0]) for part in parts]

    def join(names: Mapping[str, Any]) -> str:
        text = check_text("".join([piece if isinstance(piece, str) else piece(names) for piece in pieces]))
        if len(text) > SMALL:
            budget_of(names).charge_visit(text)
        return text

    return join


def _text_evaluator(source: str) -> Callable[[Mapping[str, Any]], str]:
    """Renders an expression that is a part of a text."""
    value_of = _evaluator(source)

    def text(names: Mapping[str, Any]) -> str:
        value = value_of(names)
        try:
            return value if isinstance(value, str) else text_of(value)
        except ExpressionError as error:
            raise _with_source(source, error) from error

    return text


@lru_cache(maxsize=4096)
def _evaluator(source: str, *, is_condition: bool = False) -> Evaluator:
    """Evaluates one expression. It looks up only the names that the expression uses."""
    try:
        run, used = compile_expression(source, is_condition=is_condition)
    except ExpressionError as error:
        raise _with_source(source, error) from error

    def value(names: Mapping[str, Any]) -> Any:
        scope: dict[str, Any] = {NAMES: names}
        for name in used:
            try:
                scope[name] = names[name]
            except KeyError:
                continue
        try:
            result = run(scope)
            return to_result(result, budget_of(names) if type(result) in _COPIED else None)
        except Exception as error:  # ExpressionError, Jinja's UndefinedError, or TypeError for `1 < 'a'`
            raise _with_source(source, error) from error

    return value


_COPIED: Final = frozenset({list, tuple, dict})


def _with_source(source: str, error: Exception) -> ExpressionError:
    cls = type(error) if isinstance(error, (InvalidCondition, TooMuchWork)) else ExpressionError
    return cls(f"`{shorten_source(source)}`: {error}" if source else str(error))


def compile_expression(source: str, *, is_condition: bool = False) -> tuple[Evaluator, frozenset[str]]:
    """A function from the values of names to the result, and the names that it uses. ExpressionError if it is not allowed.

    In a condition, no operand of `and`, `or` and `not`, and no test of `a if b else c`, may be text.
    """
    tree = parse_expression(source)
    path = _names_of_path(tree)
    if path:
        return _path_evaluator(path), frozenset(path[:1])
    return compile_tree(tree, source, is_condition=is_condition), frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.Name)
    )


def _names_of_path(tree: ast.Node) -> tuple[str, ...]:
    """("settings", "topic") for `settings.topic`; () for an expression that is not a path."""
    match tree:
        case ast.Name(name=name):
            return (name,)
        case ast.Attr(of=of, name=name):
            owner = _names_of_path(of)
            return (*owner, name) if owner else ()
        case _:
            return ()


def _path_evaluator(path: tuple[str, ...]) -> Evaluator:
    """Looks up a path, with the same results and messages as Jinja."""
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
