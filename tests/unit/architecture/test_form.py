"""The form of the code: who tells the time, how long functions and files are, docstrings, and values that cannot change."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from engine import errors
from engine.kernel import effect, events, frame, operation
from engine.kernel.decide import requirements, view
from engine.language import model
from engine.values import Value
from tests.unit.architecture.source import Module, modules, name_of, product

TIMELY = {
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "sleep", "clock_gettime"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
}
"""Calls that ask or pass real time."""

TELLS_TIME = {
    "engine/clock.py": "the only source of time",
}

LONGEST_FUNCTION = 40
LONGEST_FILE = 350

NAMELESS = ("util", "utils", "helper", "helpers", "manager", "misc", "common")

# -- time -------------------------------------------------------------------------------------------------


def asks_time(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute):
            owner = name_of(node.value).split(".")[-1]
            if node.attr in TIMELY.get(owner, ()):
                yield f"{module.path}:{node.lineno}: {owner}.{node.attr}"
        elif isinstance(node, ast.ImportFrom) and node.module == "time":
            yield f"{module.path}:{node.lineno}: from time import"


def test_only_the_clock_tells_time() -> None:
    wrong = [said for module in product().values() if module.path not in TELLS_TIME for said in asks_time(module)]
    assert not wrong


def test_who_may_tell_time_does() -> None:
    assert all(any(asks_time(module)) for module in product().values() if module.path in TELLS_TIME)


# -- size and form ----------------------------------------------------------------------------------------


def test_functions_are_short() -> None:
    long = [
        f"{module.path}:{node.lineno}: {node.name} has {length} lines"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (length := (node.end_lineno or 0) - node.lineno + 1) > LONGEST_FUNCTION
    ]
    assert not long


def test_files_are_short() -> None:
    long = [f"{module.path} has {module.lines} lines" for module in modules() if module.lines > LONGEST_FILE]
    assert not long


def test_every_module_says_what_it_is() -> None:
    silent = [
        module.path
        for module in modules()
        if not ast.get_docstring(module.tree) and module.path.split("/")[-1] != "__init__.py"
    ]
    assert not silent


def test_every_package_says_what_it_is() -> None:
    silent = [
        module.path
        for module in product().values()
        if module.path.endswith("__init__.py") and not ast.get_docstring(module.tree)
    ]
    assert not silent


def test_names_say_what_a_thing_is() -> None:
    words = [(module.path, part) for module in modules() for part in module.path.removesuffix(".py").split("/")]
    nameless = [path for path, word in words if any(part in NAMELESS for part in word.split("_"))]
    assert not nameless


def test_values_of_kernel_and_language_cannot_change() -> None:
    """Illegal states are not written, and nothing is changed behind anyone's back."""
    here = (effect, frame, operation, events, view, requirements, model, errors)
    classes = [
        one for module in here for one in vars(module).values() if getattr(one, "__module__", "") == module.__name__
    ]
    held = [one for one in classes if isinstance(one, type) and not issubclass(one, Exception)]
    assert len(held) > 80
    assert not [one for one in held if not (issubclass(one, Value) and one.__struct_config__.frozen)]
