"""What an expression yields, as far as it is known, and what is wrong with it on the way there.

A walk over the tree of one expression at one place. Absence is followed: `old.endpoint` where `old` may be null is
told, unless `default`, `is defined` or a condition around it sees to that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from engine.checks.dataflow import filter_types
from engine.checks.dataflow.facts import Facts, canonical, when_false, when_true
from engine.checks.dataflow.scope import Binding, Missing, Scope
from engine.checks.dataflow.types import ANYTHING, BOOLEAN, TEXT, Type, describe_type, of_value, union, without_null
from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.filters import FILTERS, attribute_of, misuse
from engine.language.expressions.syntax_tree import Node
from engine.values import Value, changed


class Trouble(Value):
    """One thing that is wrong, at characters of the expression."""

    rule: str
    start: int
    end: int
    message: str
    help: str = ""


ORDERED: Final = frozenset({"<", "<=", ">", ">="})


@dataclass(slots=True)
class Inference:
    """One expression at one place. `troubles` collects what is wrong; `used` the names that were asked for."""

    scope: Scope
    source: str
    troubles: list[Trouble] = field(default_factory=list)

    def trouble(self, rule: str, node: tuple[int, int], message: str, help: str = "") -> None:
        self.troubles.append(Trouble(rule=rule, start=node[0], end=node[1], message=message, help=help))

    def meant(self, word: str, legal: Iterable[str]) -> str:
        return self.scope.globals.guesses.meant(word, lambda: legal, "there are")

    def written(self, node: Node) -> str:
        """It as it is written, for messages."""
        text = " ".join(self.source[node.start : node.end].split())
        return text if len(text) <= 60 else f"{text[:59]}…"

    def type(self, node: Node, facts: Facts, *, lenient: bool = False) -> Type:
        """Its type. `lenient`: it may be absent, for something stands in for it then."""
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
                return self.filtered(node, facts, lenient=lenient)
            case ast.Cond():
                return self.conditional(node, facts, lenient=lenient)
            case ast.Logic():
                return self.logic(node, facts)
            case ast.Compare():
                return self.comparison(node, facts)
            case ast.Concat(parts=parts):
                for part in parts:
                    self.as_text(part, self.type(part, facts))
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
            self.trouble(found.rule, (node.start, node.end), found.message, found.help)
            return ANYTHING
        if found.absent and node.name in facts.there:
            return without_null(found.type)
        if found.unset and not lenient:
            self.perhaps_absent(node, found)
        return changed(found.type, names=found.type.names | {"null"}) if _nullable(found) else found.type

    def perhaps_absent(self, node: ast.Name, found: Binding) -> None:
        message = f"`{node.name}` may not be there: {found.absent}"
        help = f"say what else: `{node.name} | default(…)`, or ask first: `if: {node.name}`"
        self.trouble("RB305", (node.start, node.end), message, self.path_and(node.name, found, help))

    def path_and(self, name: str, found: Binding, help: str) -> str:
        path = self.scope.without(name, found.absent)
        return f"the path: {path}. {help[0].upper()}{help[1:]}" if path else help

    # -- attributes and items ------------------------------------------------------------------------

    def attribute(self, of: Node, name: str, at: tuple[int, int], facts: Facts, *, lenient: bool) -> Type:
        owner = self.type(of, facts, lenient=lenient or isinstance(of, ast.Name))
        if not lenient:
            self.must_be_there(of, owner, facts)
            if name in owner.partial and f"{canonical(of)}.{name}" not in facts.there:
                written = self.written(of)
                message = f"`{written}` may have no `{name}`: not all that it can be have one"
                self.trouble("RB305", at, message, f"say what else: `{written}.{name} | default(…)`")
        if name in self.scope.later and isinstance(of, ast.Name) and of.name == "settings":
            message = f"`settings.{name}` is not read yet: settings are read in their order"
            self.trouble("RB302", at, message, f"move `{name}` up")
        return self.attribute_of(owner, name, at, self.written(of))

    def must_be_there(self, of: Node, owner: Type, facts: Facts) -> None:
        """An attribute of null is undefined."""
        key = canonical(of)
        if key in facts.there:
            return
        if isinstance(of, ast.Name):
            found = self.scope.binding(of.name, facts)
            if isinstance(found, Binding) and found.absent:
                self.perhaps_absent(of, found)
        elif "null" in owner.names and "object" in owner.names:
            written = self.written(of)
            message = f"`{written}` may be null, and null has no attributes"
            self.trouble("RB305", (of.start, of.end), message, f"ask first: `… if {written} else …`, or `| default(…)`")

    def attribute_of(self, owner: Type, name: str, at: tuple[int, int], key: str) -> Type:
        if not owner.known:
            return ANYTHING
        if not owner.may_be("object"):
            self.trouble(
                "RB303", at, f"`{key}` is {describe_type(owner)} and has no `{name}`", _instead(owner, key, name)
            )
            return ANYTHING
        if owner.attributes is None:
            return ANYTHING
        found = owner.attributes.get(name)
        if found is None:
            legal = self.meant(name, owner.attributes)
            self.trouble("RB303", at, f"`{key}` has no `{name}`", legal)
            return ANYTHING
        return found

    def item(self, node: ast.Item, facts: Facts, *, lenient: bool) -> Type:
        if isinstance(node.index, ast.Const) and isinstance(node.index.value, str):
            at = (node.index.start, node.index.end)
            return self.attribute(node.of, node.index.value, at, facts, lenient=lenient)
        owner = self.type(node.of, facts, lenient=lenient or isinstance(node.of, ast.Name))
        self.type(node.index, facts)
        if not lenient:
            self.must_be_there(node.of, owner, facts)
            if not isinstance(node.index, ast.Slice):
                self.must_be_filled(node.of, facts)
        if isinstance(node.index, ast.Slice):
            return owner
        if owner.is_only("array"):
            return owner.items or ANYTHING
        return TEXT if owner.is_only("string") else ANYTHING

    def must_be_filled(self, of: Node, facts: Facts) -> None:
        """The results of a `for_each` are none where its list was empty."""
        if not isinstance(of, ast.Name) or of.name in facts.there:
            return
        found = self.scope.binding(of.name, facts)
        if isinstance(found, Binding) and found.empty:
            message = f"`{of.name}` may be an empty list: its `for_each` may have had no items"
            help = f"ask first: `if: {of.name}`, or use `| default(…)`"
            self.trouble("RB305", (of.start, of.end), message, self.path_and(of.name, found, help))

    # -- filters and tests ---------------------------------------------------------------------------

    def filtered(self, node: ast.Filter, facts: Facts, *, lenient: bool) -> Type:
        of = self.type(node.of, facts, lenient=node.name == "default")
        args = [self.type(one, facts) for one in node.args]
        named = {name: self.type(one, facts) for name, one in node.named}
        if node.name in ("first", "last") and not lenient:
            self.must_be_filled(node.of, facts)
        for why in filter(None, (misuse(node), filter_types.wrong_input(node.name, of))):
            self.trouble("RB307", (node.at, node.end), why)
        if not FILTERS[node.name].secrets:
            self.as_text(node.of, of)
            for one, type in zip(node.args, args, strict=True):
                self.as_text(one, type)
        attribute = attribute_of(node)
        if attribute is not None and of.items is not None:
            items = of.items
            for part in attribute.value.split("."):
                items = self.attribute_of(items, part, (attribute.start, attribute.end), "an item")
            if node.name == "map":
                return Type(frozenset({"array"}), items=items)
        return filter_types.result(node.name, of, args, named)

    def as_text(self, node: Node, type: Type) -> None:
        """It becomes text, or is looked into: no secret may."""
        if "secret" in type.names:
            message = f"`{self.written(node)}` is a secret, and this would put it into text"
            help = "a secret can be handed, alone, to a parameter that takes secrets, and to nothing else"
            self.trouble("RB306", (node.start, node.end), message, help)

    # -- conditions ----------------------------------------------------------------------------------

    def conditional(self, node: ast.Cond, facts: Facts, *, lenient: bool) -> Type:
        self.type(node.test, facts, lenient=True)
        yes = self.type(node.yes, facts.also(when_true(node.test)), lenient=lenient)
        if node.no is None:
            if not lenient:
                help = "say what else: `… if … else none`"
                self.trouble("RB305", (node.start, node.end), "there is no value where the condition is false", help)
            return yes
        return union((yes, self.type(node.no, facts.also(when_false(node.test)), lenient=lenient)))

    def logic(self, node: ast.Logic, facts: Facts) -> Type:
        types = []
        for one in node.operands:
            types.append(self.type(one, facts))
            facts = facts.also(when_true(one) if node.op == "and" else when_false(one))
        return BOOLEAN if node.op == "not" else union(types)

    def comparison(self, node: ast.Compare, facts: Facts) -> Type:
        left_node, left = node.left, self.type(node.left, facts)
        for op, right_node in node.ops:
            right = self.type(right_node, facts)
            for one, type in ((left_node, left), (right_node, right)):
                if not _is_none(left_node) and not _is_none(right_node):
                    self.as_text(one, type)
            self.compared(op, (left_node, left), (right_node, right))
            left_node, left = right_node, right
        return BOOLEAN

    def compared(self, op: str, left: tuple[Node, Type], right: tuple[Node, Type]) -> None:
        one, other = left[1], right[1]
        at = (left[0].start, right[0].end)
        if not one.known or not other.known or not {"null", "secret"}.isdisjoint(one.names | other.names):
            return
        if op in ("in", "not in"):
            if not other.may_be("array", "object", "string"):
                self.trouble("RB307", at, f"nothing is in `{self.written(right[0])}`: it is {describe_type(other)}")
            elif isinstance(right[0], ast.List):
                for item in right[0].items:
                    self.none_of_its_values(item, one, "this is in the list for nothing")
            return
        if _numbers(one) & _numbers(other):
            self.never_one_of(op, left, right)
            return
        if op in ORDERED:
            self.trouble("RB307", at, f"{describe_type(one)} and {describe_type(other)} have no order")
        else:
            always = "never" if op == "==" else "always"
            self.trouble(
                "RB307", at, f"this is {always} so: {describe_type(one)} is compared with {describe_type(other)}"
            )

    def never_one_of(self, op: str, left: tuple[Node, Type], right: tuple[Node, Type]) -> None:
        """A literal that the other side never is."""
        if op in ("==", "!="):
            always = "this is never so" if op == "==" else "this is always so"
            self.none_of_its_values(left[0], right[1], always)
            self.none_of_its_values(right[0], left[1], always)

    def none_of_its_values(self, node: Node, of: Type, why: str) -> None:
        """A literal, where all values of the other side are known."""
        if not isinstance(node, ast.Const) or not isinstance(node.value, str):
            return
        if len(of.literals) > 1 and node.value not in of.literals:
            legal = self.meant(node.value, map(str, of.literals))
            self.trouble("RB307", (node.start, node.end), f"{why}: `{node.value}` is none of its values", legal)

    def pairs(self, pairs: tuple[tuple[Node, Node], ...], facts: Facts) -> Type:
        attributes = {}
        for key, item in pairs:
            self.type(key, facts)
            type = self.type(item, facts)
            if isinstance(key, ast.Const):
                attributes[str(key.value)] = type
        return Type(frozenset({"object"}), attributes if len(attributes) == len(pairs) else None)


def _nullable(found: Binding) -> bool:
    return bool(found.absent) and found.type.known


def _is_none(node: Node) -> bool:
    return isinstance(node, ast.Const) and node.value is None


def _numbers(type: Type) -> frozenset[str]:
    return type.names | {"number"} if "integer" in type.names else type.names


def _instead(owner: Type, key: str, name: str) -> str:
    if owner.is_only("array"):
        return f"take an item, `{key}[0].{name}`, or of all of them, `{key} | map(attribute='{name}')`"
    if "secret" in owner.names:
        return "a secret stays closed; one field of it is a setting of its own: `secret:NAME#FIELD`"
    return ""
