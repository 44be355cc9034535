"""Compiles the tree of an expression with Jinja: our nodes become Jinja's, which its sandbox compiles and runs.

Jinja never parses the text of a runbook. What our tree has no node for (calls, powers, tests) cannot reach it. Undefined
values behave as in Jinja, and so do operators, except for what `operators` checks first. Attributes are looked up in maps and lists only, never in Python
objects. Knows nothing of runbooks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial, reduce
from typing import Any, Final, assert_never

from engine.errors import ExpressionError
from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.filters import COMPARE, CONCAT, DECIDES, FILTERS, filter_functions, filter_problem
from engine.language.expressions.results import get_item, missing_message, undefined_message
from engine.language.moments import measure

Evaluator = Callable[[Mapping[str, Any]], Any]
"""From the values of names to the value of an expression, which may be undefined."""

_OPERATORS: Final = {
    "==": "eq", "!=": "ne", "<": "lt", "<=": "lteq", ">": "gt", ">=": "gteq", "in": "in", "not in": "notin",
}  # fmt: skip

_ARITHMETIC: Final = {"+": "Add", "-": "Sub", "*": "Mul", "/": "Div", "//": "FloorDiv", "%": "Mod"}


def compile_tree(tree: ast.Node, source: str, *, is_condition: bool = False) -> Evaluator:
    """The tree as a function; `source` is its text. ExpressionError if a filter in it fails for every value."""
    from jinja2 import nodes

    environment = _environment()
    try:
        value = _condition(tree, source) if is_condition else jinja_node(tree, source)
        result = nodes.Assign(nodes.Name("result", "store"), value)
        template = nodes.Template([result]).set_lineno(1).set_environment(environment)
        compiled = environment.from_string(template)
    except (RecursionError, MemoryError) as error:
        raise ExpressionError("nested too deeply") from error
    root, new_context = compiled.root_render_func, compiled.new_context

    def run(names: Mapping[str, Any]) -> Any:
        context = new_context(names, shared=True)
        for _ in root(context):
            pass
        return context.vars["result"]

    return run


def _condition(node: ast.Node, source: str) -> Any:
    """Like `jinja_node`, but with a filter around each part that decides and may be text, which refuses text."""
    from jinja2 import nodes

    to = partial(_condition, source=source)
    match node:
        case ast.Logic():
            return _logic(node, to)
        case ast.Cond(test=test, yes=yes, no=no):
            return nodes.CondExpr(to(test), to(yes), None if no is None else to(no))
        case ast.Compare() | ast.List() | ast.Map() | ast.Arithmetic():
            return jinja_node(node, source)
        case _:
            return nodes.Filter(jinja_node(node, source), DECIDES, [], [], None, None)


def jinja_node(node: ast.Node, source: str | None = None) -> Any:
    """The node that Jinja's parser would make, but with a filter of ours for `~`, which limits sizes and refuses secrets.

    If its source is given, comparisons and arithmetic are filters of ours too, which check their operands.
    """
    from jinja2 import nodes

    to = partial(jinja_node, source=source)
    match node:
        case ast.Name(name=name):
            return nodes.Name(name, "load")
        case ast.Const(value=value):
            return nodes.Const(value)
        case ast.Attr(of=of, name=name):
            return nodes.Getattr(to(of), name, "load")
        case ast.Item(of=of, index=index):
            return nodes.Getitem(to(of), to(index), "load")
        case ast.Slice(lower=lower, upper=upper, step=step):
            return nodes.Slice(*(None if one is None else to(one) for one in (lower, upper, step)))
        case ast.List(items=items, is_tuple=is_tuple):
            return nodes.Tuple([*map(to, items)], "load") if is_tuple else nodes.List([*map(to, items)])
        case ast.Map(pairs=pairs):
            return nodes.Dict([nodes.Pair(to(key), to(value)) for key, value in pairs])
        case ast.Compare():
            return _comparison(node, source)
        case ast.Arithmetic():
            return _arithmetic(node, source)
        case ast.Logic():
            return _logic(node, to)
        case ast.Concat(parts=parts):
            return nodes.Filter(nodes.List([*map(to, parts)]), CONCAT, [], [], None, None)
        case ast.Cond(test=test, yes=yes, no=no):
            return nodes.CondExpr(to(test), to(yes), None if no is None else to(no))
        case ast.Filter(of=of, name=name, args=args, named=named):
            if why := filter_problem(node):
                raise ExpressionError(why)
            keywords = [nodes.Keyword(key, to(value)) for key, value in named]
            return nodes.Filter(to(of), name, [*map(to, args)], keywords, None, None)
        case _:
            assert_never(node)


def _logic(node: ast.Logic, to: Callable[[ast.Node], Any]) -> Any:
    from jinja2 import nodes

    operands = map(to, node.operands)
    if node.op == "not":
        return nodes.Not(*operands)
    return reduce(nodes.And if node.op == "and" else nodes.Or, operands)


def _comparison(node: ast.Compare, source: str | None) -> Any:
    from jinja2 import nodes

    to = partial(jinja_node, source=source)
    if source is None or is_plain(node):
        return nodes.Compare(to(node.left), [nodes.Operand(_OPERATORS[op], to(right)) for op, right in node.ops])
    operands = nodes.List([to(node.left), *(to(right) for _, right in node.ops)])
    return nodes.Filter(operands, COMPARE, [nodes.Const(tuple(op for op, _ in node.ops))], [], None, None)


def _arithmetic(node: ast.Arithmetic, source: str | None) -> Any:
    from jinja2 import nodes

    left, right = jinja_node(node.left, source), jinja_node(node.right, source)
    if source is None:
        return getattr(nodes, _ARITHMETIC[node.op])(left, right)
    written = nodes.Const(source[node.start : node.end])
    return nodes.Filter(nodes.List([left, right]), node.op, [written], [], None, None)


def is_plain(node: ast.Compare) -> bool:
    """Is it certain that neither moments nor durations are compared? Then Jinja's own comparison does."""
    operands = (node.left, *(right for _, right in node.ops))
    return all(
        _is_plain_pair(op, left, right) for (op, right), left in zip(node.ops, operands[:-1], strict=True)
    )  # fmt: skip


def _is_plain_pair(op: str, left: ast.Node, right: ast.Node) -> bool:
    if op in ("in", "not in"):
        items = right.items if isinstance(right, ast.List) else ()
        return bool(items) and all(_is_other(one, text=True) for one in items)
    is_equality = op in ("==", "!=")
    return _is_other(left, text=is_equality) or _is_other(right, text=is_equality)


def _is_other(node: ast.Node, *, text: bool) -> bool:
    """Is it a constant that is neither a moment nor a duration? `text`: may it be other text?"""
    match node:
        case ast.Const(value=str() as value):
            return text and measure(value) is None
        case ast.Const() | ast.Arithmetic() | ast.Compare():
            return True
        case ast.Filter(name=name):
            return FILTERS[name].gives in ("integer", "number")
        case _:
            return False


@lru_cache(maxsize=1)
def _environment() -> Any:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment
    from jinja2.utils import missing

    class Undefined(StrictUndefined):
        """Jinja's undefined value, with our messages."""

        __slots__ = ()

        @property
        def _undefined_message(self) -> str:
            if self._undefined_hint:
                return self._undefined_hint
            if self._undefined_obj is missing:
                return undefined_message(str(self._undefined_name))
            return missing_message(self._undefined_obj, self._undefined_name)

    class Environment(ImmutableSandboxedEnvironment):
        def getattr(self, obj: Any, attribute: str) -> Any:
            return self.getitem(obj, attribute)

        def getitem(self, obj: Any, argument: Any) -> Any:
            if isinstance(obj, Undefined):
                return obj
            found, there = get_item(obj, argument)
            return found if there else self.undefined(obj=obj, name=argument)

    environment = Environment(undefined=Undefined, autoescape=False, optimized=False, cache_size=0)
    environment.filters = filter_functions(lambda why: Undefined(hint=why))
    environment.tests = {}
    environment.globals = {}
    return environment
