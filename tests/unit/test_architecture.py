"""The house, as tests: layers, cycles, purity, the clock, sizes, docstrings, and what no file may say.

A rule that nothing checks is not a rule. Imports are read from the syntax tree, those inside functions and under
`TYPE_CHECKING` too, so that the graph is the whole truth.
"""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from engine import errors
from engine.kernel import events, operation
from engine.kernel.decide import requirements, view
from engine.language import model
from engine.values import Value

ROOT = Path(__file__).resolve().parents[2]

LAYERS: dict[str, set[str]] = {
    # unit: the units that it may import; a unit is a module or a package right below `engine`, or `actions`
    "engine.values": set(),
    "engine.errors": {"engine.values"},
    "engine.clock": set(),
    "engine.language": {"engine.errors", "engine.values"},
    "engine.registry": {"engine.errors", "engine.values", "engine.language"},
    "engine.checks": {"engine.errors", "engine.values", "engine.language", "engine.registry"},
    "engine.kernel": {"engine.errors", "engine.values", "engine.language"},
    "engine.stores": {"engine.errors", "engine.values", "engine.clock", "engine.kernel"},
}
LAYERS["engine.reports"] = set(LAYERS) - {"engine.checks"}
LAYERS["engine.runtime"] = LAYERS["engine.reports"] | {"engine.reports"}
LAYERS["actions"] = {"engine.errors", "engine.values", "engine.language", "engine.registry", "engine.clock"}
LAYERS["engine.cli"] = set(LAYERS)
LAYERS["engine.api"] = set(LAYERS)
LAYERS["engine"] = set()

RUNTIME = ("load", "driver", "performer", "heartbeat", "preflight", "edit", "requests", "engine")
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

NOT_TO_BE_SAID = (
    # cut in two, so that this file does not say them itself
    "py" + "pi.org",
    "python" + "hosted.org",
    "registry." + "npmjs",
    "deb." + "debian.org",
    "--index" + "-url=",
    "--extra-index" + "-url",
    "--find" + "-links",
    "file:" + "///",
    "/wo" + "rk/",
    "/ro" + "ot/",
)


# -- reading ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One file of ours, read."""

    name: str  # engine.kernel.decide.pending; a package's is its own name
    path: str  # from the repository on
    lines: int
    tree: ast.Module


def _files() -> tuple[str, ...]:
    """Every file that is, or would be, committed."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(sorted(path for path in listed.split("\0") if path and (ROOT / path).is_file()))


FILES = _files()
"""Listed when tests are collected: git is a process, and a unit test starts none."""


@cache
def modules() -> tuple[Module, ...]:
    return tuple(_read(path) for path in FILES if path.endswith(".py"))


def _read(path: str) -> Module:
    text = (ROOT / path).read_text(encoding="utf-8")
    name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return Module(name=name, path=path, lines=text.count("\n"), tree=ast.parse(text, filename=path))


def product() -> dict[str, Module]:
    return {module.name: module for module in modules() if module.path.startswith(("engine/", "actions/"))}


def imported(module: Module) -> Iterator[str]:
    """Full names of what it imports: `engine.kernel.events` for `from engine.kernel import events`."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module.path}:{node.lineno}: imports are written in full"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                if whole != "engine.__version__":
                    yield whole if whole in product() else str(node.module)


def ours(module: Module) -> set[str]:
    return {name for name in imported(module) if name.split(".")[0] in ("engine", "actions")}


def unit(name: str) -> str:
    parts = name.split(".")
    return parts[0] if parts[0] == "actions" else ".".join(parts[:2])


def name_of(node: ast.expr) -> str:
    return ast.unparse(node)


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
    assert not {unit(name) for name in seen} - {"engine.kernel", "engine.language", "engine.errors", "engine.values"}


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
    here = (operation, events, view, requirements, model, errors)
    classes = [
        one for module in here for one in vars(module).values() if getattr(one, "__module__", "") == module.__name__
    ]
    held = [one for one in classes if isinstance(one, type) and not issubclass(one, Exception)]
    assert len(held) > 80
    assert not [one for one in held if not (issubclass(one, Value) and one.__struct_config__.frozen)]


# -- what no file may say ---------------------------------------------------------------------------------


def test_no_file_names_an_index_or_this_machine() -> None:
    said = []
    for path in FILES:
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        said += [f"{path}: {phrase}" for phrase in NOT_TO_BE_SAID if phrase in text]
    assert not said


def test_pins_have_hashes() -> None:
    for path in FILES:
        if path.startswith("requirements/") and path.endswith(".txt"):
            text = (ROOT / path).read_text(encoding="utf-8")
            pins = [block for block in text.split("\n") if block and block[0].isalpha()]
            assert pins, path
            assert all("==" in pin and pin.endswith("\\") for pin in pins), path
