"""Compiles the tree of an expression with Jinja: our nodes become Jinja's, which its sandbox compiles and runs.

Jinja never parses the text of a runbook. What our tree has no node for (calls, arithmetic, tests) cannot reach it.
Operators and undefined values behave as in Jinja. Attributes are looked up in maps and lists only, never in Python
objects. Knows nothing of runbooks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, reduce
from typing import Any, Final, assert_never

from engine.errors import ExpressionError
from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.filters import CONCAT, DECIDES, filter_functions, filter_problem
from engine.language.expressions.results import get_item, missing_message, undefined_message

Evaluator = Callable[[Mapping[str, Any]], Any]
"""From the values of names to the value of an expression, which may be undefined."""

_OPERATORS: Final = {
    "==": "eq", "!=": "ne", "<": "lt", "<=": "lteq", ">": "gt", ">=": "gteq", "in": "in", "not in": "notin",
}  # fmt: skip


def compile_tree(tree: ast.Node, *, is_condition: bool = False) -> Evaluator:
    """The tree as a function. ExpressionError if a filter in it fails for every value."""
    from jinja2 import nodes

    environment = _environment()
    try:
        result = nodes.Assign(nodes.Name("result", "store"), _condition(tree) if is_condition else jinja_node(tree))
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


def _condition(node: ast.Node) -> Any:
    """Like `jinja_node`, but with a filter around each part that decides and may be text, which refuses text."""
    from jinja2 import nodes

    match node:
        case ast.Logic(op="not", operands=(of,)):
            return nodes.Not(_condition(of))
        case ast.Logic(op=op, operands=operands):
            return reduce(nodes.And if op == "and" else nodes.Or, map(_condition, operands))
        case ast.Cond(test=test, yes=yes, no=no):
            return nodes.CondExpr(_condition(test), _condition(yes), None if no is None else _condition(no))
        case ast.Compare() | ast.List() | ast.Map():
            return jinja_node(node)
        case _:
            return nodes.Filter(jinja_node(node), DECIDES, [], [], None, None)


def jinja_node(node: ast.Node) -> Any:
    """The node that Jinja's parser would make, but with a filter of ours for `~`, which limits sizes and refuses secrets."""
    from jinja2 import nodes

    to = jinja_node
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
        case ast.Compare(left=left, ops=ops):
            return nodes.Compare(to(left), [nodes.Operand(_OPERATORS[op], to(right)) for op, right in ops])
        case ast.Logic(op="not", operands=(of,)):
            return nodes.Not(to(of))
        case ast.Logic(op=op, operands=operands):
            return reduce(nodes.And if op == "and" else nodes.Or, map(to, operands))
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
