"""What may import what: layers, no circles, a pure kernel, and heavy packages only where they are needed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.unit.architecture.source import imported, name_of, ours, product, unit

LAYERS: dict[str, set[str]] = {
    # unit: the units that it may import; a unit is a module or a package right below `engine`, or `actions`
    "engine.values": set(),
    "engine.backoff": set(),
    "engine.errors": {"engine.values"},
    "engine.clock": set(),
    "engine.regular_file": set(),
    "engine.language": {"engine.errors", "engine.values"},
    "engine.registry": {"engine.errors", "engine.values", "engine.language"},
    "engine.checks": {"engine.errors", "engine.values", "engine.backoff", "engine.language", "engine.registry"},
    "engine.kernel": {"engine.errors", "engine.values", "engine.backoff", "engine.language"},
    "engine.stores": {
        "engine.errors",
        "engine.values",
        "engine.backoff",
        "engine.clock",
        "engine.language",
        "engine.regular_file",
    },
}
LAYERS["engine.reports"] = set(LAYERS) - {"engine.checks"}
LAYERS["engine.runtime"] = LAYERS["engine.reports"] | {"engine.reports"}
LAYERS["actions"] = {
    "engine.errors",
    "engine.values",
    "engine.backoff",
    "engine.language",
    "engine.registry",
    "engine.clock",
    "engine.regular_file",
}
LAYERS["engine.cli"] = set(LAYERS)
LAYERS["engine.api"] = set(LAYERS)
LAYERS["engine"] = set()

RUNTIME = (
    "protection",
    "observer",
    "load",
    "driver",
    "performer",
    "heartbeat",
    "removals",
    "preflight",
    "accounts",
    "edit",
    "requests",
    "engine",
    "prune",
)
"""The modules of `engine/runtime/`, lowest first: each may import those before it."""

IMPURE = {
    "asyncio", "boto3", "botocore", "io", "logging", "multiprocessing", "os", "pathlib", "pg8000", "random",
    "secrets", "shutil", "socket", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time", "urllib", "uuid",
}  # fmt: skip
"""What the kernel may not reach, itself or through what it imports."""

HEAVY = {"boto3", "botocore", "jinja2", "jsonschema", "moto", "pg8000", "re2", "rich", "scramp", "tenacity", "typer"}
"""Packages that are imported in the functions that need them: an operator waits for each cold start."""

MAY_BE_HEAVY = {
    # where: what, and why
    "engine/cli/": {"typer"},  # the command tree; `engine/cli/main.py` imports it when it is not asked for --version
}

# -- imports ----------------------------------------------------------------------------------------------


def test_every_unit_has_its_layer() -> None:
    assert {unit(name) for name in product()} <= set(LAYERS)


def test_imports_point_down() -> None:
    wrong = [
        f"{module.path} imports {name}"
        for module in product().values()
        for name in sorted(ours(module))
        if unit(name) != unit(module.name) and unit(name) not in LAYERS[unit(module.name)]
    ]
    assert not wrong


def test_the_runtime_has_an_order() -> None:
    prefix = "engine.runtime."
    here = [module for module in product().values() if module.name.startswith(prefix)]
    assert {module.name.removeprefix(prefix) for module in here} == set(RUNTIME)
    wrong = [
        f"{module.path} imports {name}"
        for module in here
        for name in ours(module)
        if name.startswith(prefix)
        and RUNTIME.index(name.removeprefix(prefix)) >= RUNTIME.index(module.name.removeprefix(prefix))
    ]
    assert not wrong


def test_nothing_imports_in_a_circle() -> None:
    graph = {module.name: ours(module) - {module.name} for module in product().values()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def test_what_is_imported_is_there() -> None:
    missing = [
        f"{module.path} imports {name}"
        for module in product().values()
        for name in sorted(ours(module))
        if name not in product()
    ]
    assert not missing


def test_the_kernel_reaches_nothing_but_values() -> None:
    seen: set[str] = set()
    due = [name for name in product() if unit(name) == "engine.kernel"]
    wrong = []
    while due:
        module = product()[due.pop()]
        if module.name in seen:
            continue
        seen.add(module.name)
        wrong += [f"{module.path} reaches {name}" for name in imported(module) if name.split(".")[0] in IMPURE]
        due += [name for name in ours(module) if name in product()]
    assert not wrong
    pure = {"engine.kernel", "engine.language", "engine.errors", "engine.values", "engine.backoff"}
    assert not {unit(name) for name in seen} - pure


def test_types_are_imported_for_real() -> None:
    """An import under `TYPE_CHECKING` hides a circle. engine/values.py has one, of the standard library: its `changed`."""
    hidden = [
        f"{module.path}:{node.lineno}"
        for module in product().values()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in name_of(node.test)
    ]
    assert [place for place in hidden if not place.startswith("engine/values.py")] == []


def imported_at_once(tree: ast.Module) -> Iterator[str]:
    """The packages that importing the module imports."""
    due: list[ast.AST] = [tree]
    while due:
        for node in ast.iter_child_nodes(due.pop()):
            if isinstance(node, ast.Import):
                yield from (alias.name.split(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield str(node.module).split(".")[0]
            elif not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                due.append(node)


def test_heavy_packages_are_imported_where_they_are_needed() -> None:
    wrong = []
    for module in product().values():
        front = module.path == "engine/cli/main.py"
        may = set().union(
            *(what for where, what in MAY_BE_HEAVY.items() if module.path.startswith(where) and not front)
        )
        wrong += [f"{module.path} imports {name}" for name in imported_at_once(module.tree) if name in HEAVY - may]
    assert not wrong
