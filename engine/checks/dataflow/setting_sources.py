"""Which setting a value depends on, directly or through vars."""

from __future__ import annotations

from collections.abc import Iterator

from engine.checks.subject import Subject, scalars
from engine.errors import ExpressionError
from engine.language.expressions import syntax_tree as ast
from engine.language.expressions.grammar import parse_expression
from engine.language.expressions.template import split_template
from engine.language.yaml.nodes import Node


class SettingSources:
    """Finds the setting behind a value. Secrets are left out, because they are read again whenever they are used."""

    def __init__(self, subject: Subject) -> None:
        settings = subject.runbook.settings
        self.names = {name for name, one in settings.items() if not one.source.startswith("secret:")}
        self.vars: dict[str, str] = {}
        for name in subject.runbook.vars:  # in their order: a var may use those above it
            self.vars[name] = self.behind(subject.node("vars", name))

    def behind(self, node: Node | None) -> str:
        """The first setting that the value depends on; "" if there is none."""
        for scalar in scalars(node):
            for tree in _expressions(scalar.text) if isinstance(scalar.value, str) else ():
                found = next(filter(None, map(self._named, ast.walk(tree))), "")
                if found:
                    return found
        return ""

    def _named(self, one: ast.Node) -> str:
        match one:
            case ast.Attr(of=ast.Name(name="settings"), name=name) if name in self.names:
                return name
            case ast.Item(of=ast.Name(name="settings"), index=ast.Const(value=str() as name)) if name in self.names:
                return name
            case ast.Name(name=name):
                return self.vars.get(name, "")
            case _:
                return ""


def _expressions(text: str) -> Iterator[ast.Node]:
    try:
        for piece in split_template(text) if "${" in text else ():
            if isinstance(piece, tuple):
                yield parse_expression(piece[0])
    except ExpressionError:
        return  # RB308 reports it
