"""The files of the repository and the modules of the product, read once for the tests beside.

Imports are read from the syntax tree, those inside functions and under `TYPE_CHECKING` too, so that the graph is the
whole truth.
"""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


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
