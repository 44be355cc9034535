"""Infers the type of one expression at one place, and reports what is wrong with it.

Missing values are tracked: `old.endpoint` is reported if `old` may be null, unless `default`, `is defined` or an
enclosing condition handles that.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.checks.dataflow import filter_types
from engine.checks.dataflow.facts import Facts, canonical, when_false, when_true
from engine.checks.dataflow.operator_types import check_comparison, check_operand, report_hyphens, result_of
from engine.checks.dataflow.problems import Problems
from engine.checks.dataflow.scope import Binding, Missing
from engine.checks.dataflow.types import ANYTHING, BOOLEAN, TEXT, Type, describe_type, of_value, union, without_null
from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.filters import FILTERS, attribute_of, filter_problem
from engine.language.expressions.syntax_tree import Node
from engine.values import changed

Infer = Callable[..., Type]
"""`Inference.type` or `Inference.truth`."""


class Inference(Problems):
    """Infers the types of one expression at one place. What is wrong is collected in `problems`."""

    __slots__ = ()

    def type(self, node: Node, facts: Facts, *, lenient: bool = False) -> Type:
        """The type of a node. `lenient`: it may be missing, because a fallback is given."""
        match node:
            case ast.Name():
                return self.name(node, facts, lenient=lenient)
            case ast.Const(value=value):
                return of_value(value)
            case ast.Attr(of=of, name=name, at=at, end=end):
                return self.attribute(of, name, (at, end), facts, lenient=lenient)
            case ast.Item():
                return self.item(node, facts, lenient=lenient)
            case ast.Filter():
                return self.filter(node, facts, lenient=lenient)
            case ast.Cond():
                return self.conditional(node, facts, lenient=lenient)
            case ast.Logic():
                return self.logic(node, facts, self.type)
            case ast.Compare():
                return self.comparison(node, facts)
            case ast.Arithmetic():
                return self.arithmetic(node, facts)
            case ast.Concat(parts=parts):
                for part in parts:
                    self.reject_secret(part, self.type(part, facts))
                return TEXT
            case ast.List(items=items):
                types = [self.type(one, facts) for one in items]
                return Type(frozenset({"array"}), items=union(types) if types else None)
            case ast.Map(pairs=pairs):
                return self.pairs(pairs, facts)
            case ast.Slice():
                for one in ast.children(node):
                    self.type(one, facts)
                return ANYTHING

    def name(self, node: ast.Name, facts: Facts, *, lenient: bool) -> Type:
        found = self.scope.binding(node.name, facts)
        if isinstance(found, Missing):
            self.report(found.rule, node, found.message, found.help)
            return ANYTHING
        if found.absent and node.name in facts.present:
            return without_null(found.type)
        is_nullable = bool(found.absent) and found.type.known
        return changed(found.type, names=found.type.names | {"null"}) if is_nullable else found.type

    def check_has_run(self, of: Node, facts: Facts) -> None:
        """RB305 for the result of a step that may not have run, where only that is known about it."""
        if not isinstance(of, ast.Name) or of.name in facts.present:
            return
        found = self.scope.binding(of.name, facts)
        if isinstance(found, Binding) and found.unset and not found.type.known:
            self.report_missing(of, found)

    def report_missing(self, node: ast.Name, found: Binding) -> None:
        message = f"`{node.name}` may be missing: {found.absent}"
        help = f"give a fallback, `{node.name} | default(…)`, or test first, `if: {node.name}`"
        self.report("RB305", node, message, self.with_path(node.name, found, help))

    def with_path(self, name: str, found: Binding, help: str) -> str:
        path = self.scope.without(name, found.absent)
        return f"how it happens: {path}. {help[0].upper()}{help[1:]}" if path else help

    # -- attributes and items ------------------------------------------------------------------------

    def attribute(self, of: Node, name: str, at: tuple[int, int], facts: Facts, *, lenient: bool) -> Type:
        owner = self.type(of, facts, lenient=lenient or isinstance(of, ast.Name))
        if not lenient:
            self.check_present(of, owner, facts)
            self.check_has_run(of, facts)
            if name in owner.partial and f"{canonical(of)}.{name}" not in facts.present:
                written = self.written(of)
                message = f"`{written}` may have no `{name}`: only some of its possible values have one"
                self.report("RB305", at, message, f"give a fallback: `{written}.{name} | default(…)`")
        if name in self.scope.later and isinstance(of, ast.Name) and of.name == "settings":
            message = f"`settings.{name}` is read later: settings are read in their order"
            self.report("RB302", at, message, f"move `{name}` up")
        return self.look_up(owner, name, at, self.written(of))

    def check_present(self, of: Node, owner: Type, facts: Facts) -> None:
        """Report an attribute of a value that may be missing or null."""
        key = canonical(of)
        if key in facts.present:
            return
        if isinstance(of, ast.Name):
            found = self.scope.binding(of.name, facts)
            if isinstance(found, Binding) and found.absent:
                self.report_missing(of, found)
        elif "null" in owner.names and "object" in owner.names:
            written = self.written(of)
            message = f"`{written}` may be null, and null has no attributes"
            help = f"test first, `… if {written} else …`, or give a fallback, `| default(…)`"
            self.report("RB305", of, message, help)

    def look_up(self, owner: Type, name: str, at: tuple[int, int], key: str) -> Type:
        if not owner.known:
            return ANYTHING
        if not owner.may_be("object"):
            message = f"`{key}` is {describe_type(owner)} and has no attribute `{name}`"
            self.report("RB303", at, message, _remedy(owner, key, name))
            return ANYTHING
        if owner.attributes is None:
            return ANYTHING
        found = owner.attributes.get(name)
        if found is None:
            legal = self.suggestion(name, owner.attributes, "its attributes")
            self.report("RB303", at, f"`{key}` has no attribute `{name}`", legal)
            return ANYTHING
        return found

    def item(self, node: ast.Item, facts: Facts, *, lenient: bool) -> Type:
        if isinstance(node.index, ast.Const) and isinstance(node.index.value, str):
            at = (node.index.start, node.index.end)
            return self.attribute(node.of, node.index.value, at, facts, lenient=lenient)
        owner = self.type(node.of, facts, lenient=lenient or isinstance(node.of, ast.Name))
        self.type(node.index, facts)
        if not lenient:
            self.check_present(node.of, owner, facts)
            if not isinstance(node.index, ast.Slice):
                self.check_filled(node.of, facts)
        if isinstance(node.index, ast.Slice):
            return owner
        if owner.is_only("array"):
            return owner.items or ANYTHING
        return TEXT if owner.is_only("string") else ANYTHING

    def check_filled(self, of: Node, facts: Facts) -> None:
        """Report an item of results that may be an empty list."""
        if not isinstance(of, ast.Name) or of.name in facts.present:
            return
        found = self.scope.binding(of.name, facts)
        if isinstance(found, Binding) and found.empty:
            message = f"`{of.name}` may be an empty list, because its `for_each` may have no items"
            help = f"test first, `if: {of.name}`, or give a fallback, `| default(…)`"
            self.report("RB305", of, message, self.with_path(of.name, found, help))

    # -- filters and tests ---------------------------------------------------------------------------

    def filter(self, node: ast.Filter, facts: Facts, *, lenient: bool) -> Type:
        of = self.type(node.of, facts, lenient=node.name == "default")
        args = [self.type(one, facts) for one in node.args]
        named = {name: self.type(one, facts) for name, one in node.named}
        if node.name in ("first", "last") and not lenient:
            self.check_filled(node.of, facts)
        for why in filter(None, (filter_problem(node), filter_types.wrong_input(node.name, of))):
            self.report("RB307", (node.at, node.end), why)
        if why := filter_types.wrong_moment(node.name, of):
            self.report("RB219", node.of, why)
        if not FILTERS[node.name].secrets:
            self.reject_secret(node.of, of)
            for one, type in zip(node.args, args, strict=True):
                self.reject_secret(one, type)
        attribute = attribute_of(node)
        if attribute is not None and of.items is not None:
            items = of.items
            for part in attribute.value.split("."):
                items = self.look_up(items, part, (attribute.start, attribute.end), "an item")
            if node.name == "map":
                return Type(frozenset({"array"}), items=items)
        return filter_types.result(node.name, of, args, named)

    def arithmetic(self, node: ast.Arithmetic, facts: Facts) -> Type:
        if node.op == "-" and report_hyphens(self, node, facts):
            return ANYTHING
        types = [self.type(one, facts) for one in (node.left, node.right)]
        for one, type in zip((node.left, node.right), types, strict=True):
            self.reject_secret(one, type)
            if not check_operand(self, one, node.op, type, facts):
                return ANYTHING  # one finding is enough
        if node.op in ("/", "//", "%") and isinstance(node.right, ast.Const) and node.right.value == 0:
            self.report("RB307", node, "this divides by zero")
        return result_of(node.op, *types)

    # -- conditions ----------------------------------------------------------------------------------

    def truth(self, node: Node, facts: Facts, *, lenient: bool = False) -> Type:
        """The type of a condition. Text is reported wherever it decides: `"false"` would count as true."""
        match node:
            case ast.Logic():
                return self.logic(node, facts, self.truth)
            case ast.Cond():
                return self.conditional(node, facts, lenient=lenient, infer=self.truth)
        type = self.type(node, facts, lenient=lenient)
        if "string" in type.names:
            self.reject_text(node, type)
        return type

    def reject_text(self, node: Node, type: Type) -> None:
        written = self.written(node)
        is_text = "is text" if type.is_only("string") else "may be text"
        message = f"`{written}` {is_text}, and text alone is neither true nor false"
        compare = f"compare it: `{written} == '…'`, or `{written} != none`"
        match node:
            case ast.Attr(of=ast.Name(name="settings"), name=name):
                help = f"give the setting `{name}` a `type: boolean`, or {compare}"
            case ast.Name(name=name) if name in self.scope.globals.inputs:
                help = f"give the input `{name}` the `type: boolean`, or {compare}"
            case _:
                help = compare
        self.report("RB307", node, message, help)

    def conditional(self, node: ast.Cond, facts: Facts, *, lenient: bool, infer: Infer | None = None) -> Type:
        infer = infer or self.type
        infer(node.test, facts, lenient=True)
        yes = infer(node.yes, facts.also(when_true(node.test)), lenient=lenient)
        if node.no is None:
            if not lenient:
                help = "add an `else`: `… if … else none`"
                self.report("RB305", node, "there is no value if the condition is false", help)
            return yes
        return union((yes, infer(node.no, facts.also(when_false(node.test)), lenient=lenient)))

    def logic(self, node: ast.Logic, facts: Facts, infer: Infer) -> Type:
        types = []
        for one in node.operands:
            types.append(infer(one, facts))
            facts = facts.also(when_true(one) if node.op == "and" else when_false(one))
        return BOOLEAN if node.op == "not" else union(types)

    def comparison(self, node: ast.Compare, facts: Facts) -> Type:
        left_node, left = node.left, self.type(node.left, facts)
        for op, right_node in node.ops:
            right = self.type(right_node, facts)
            for one, type in ((left_node, left), (right_node, right)):
                if not _is_none(left_node) and not _is_none(right_node):
                    self.reject_secret(one, type)
            check_comparison(self, op, (left_node, left), (right_node, right))
            left_node, left = right_node, right
        return BOOLEAN

    def pairs(self, pairs: tuple[tuple[Node, Node], ...], facts: Facts) -> Type:
        attributes = {}
        for key, item in pairs:
            self.type(key, facts)
            type = self.type(item, facts)
            if isinstance(key, ast.Const):
                attributes[str(key.value)] = type
        return Type(frozenset({"object"}), attributes if len(attributes) == len(pairs) else None)


def _is_none(node: Node) -> bool:
    return isinstance(node, ast.Const) and node.value is None


def _remedy(owner: Type, key: str, name: str) -> str:
    if owner.is_only("array"):
        return f"take one item, `{key}[0].{name}`, or map over all, `{key} | map(attribute='{name}')`"
    if "secret" in owner.names:
        return "for one field of a secret, declare a setting of its own: `secret:NAME#FIELD`"
    return ""
