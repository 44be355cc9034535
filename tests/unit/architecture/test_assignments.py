"""Who may change an attribute of another object: data goes by arguments and return values."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.unit.architecture.source import Module, product

THIRD_PARTY = "an object of another package, which is configured so"
BUILDER = "what this module itself is building, step by step"

MAY_CHANGE_OTHERS = {
    "actions/aws/call_errors.py": "whether the current request was sent: botocore's handlers cannot return it",
    "actions/aws/sessions.py": THIRD_PARTY,
    "actions/postgres/role_statements.py": BUILDER,
    "actions/postgres/tls.py": THIRD_PARTY,
    "actions/sandbox/": "the pretend AWS is a mutable world: requests change its resources",
    "engine/cli/main.py": THIRD_PARTY,
    "engine/cli/options.py": THIRD_PARTY,
    "engine/language/expressions/jinja.py": THIRD_PARTY,
    "engine/language/fmt/layout.py": BUILDER,
    "engine/language/parse/document.py": BUILDER,
    "engine/language/patterns.py": THIRD_PARTY,
    "engine/language/yaml/reader.py": BUILDER,
    "engine/runtime/engine.py": "an edited runbook takes the place of the one that was read, once taken up",
    "engine/runtime/load.py": BUILDER,
    "engine/stores/group_commit.py": "the queue of threads: whoever settles a request says so in its slot",
}
"""By file, or folder, with the reason. The list only shrinks."""


def changed_attributes(module: Module) -> Iterator[str]:
    """Attributes of objects other than `self` that are assigned."""
    for node in ast.walk(module.tree):
        if not isinstance(node, ast.Attribute) or isinstance(node.ctx, ast.Load):
            continue
        if not (isinstance(node.value, ast.Name) and node.value.id in {"self", "cls"}):
            yield f"{module.path}:{node.lineno}: {ast.unparse(node)}"


def test_attributes_of_other_objects_are_changed_by_those_listed() -> None:
    changing = [one for module in product().values() for one in changed_attributes(module)]
    assert not [one for one in changing if not one.startswith(tuple(MAY_CHANGE_OTHERS))]
    idle = [where for where in MAY_CHANGE_OTHERS if not any(one.startswith(where) for one in changing)]
    assert not idle, "take them out: they change nothing any more"


def test_nobody_sets_an_attribute_by_its_name() -> None:
    calls = [
        f"{module.path}:{node.lineno}"
        for module in product().values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in {"setattr", "__setattr__"}
    ]
    assert not calls
