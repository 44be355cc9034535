"""Names of the product: no file and no class name twice, and folders of a size that a reader can survey.

Each rule has a list of exceptions that only shrinks: an exception that is no longer needed must be removed.
"""

from __future__ import annotations

import ast
from collections import Counter

from tests.unit.architecture.source import product

MOST_SIBLINGS = 16
SHRINKS = "rename what is new; where there are fewer than before, lower the number in the list of exceptions"

PATHS = [module.path for module in product().values()]

FILES_TWICE = {
    # One file a command, named after it; the report that it prints, or the page, has the same name.
    "explain.py": 2, "iam.py": 2, "orphans.py": 2, "status.py": 2,
    # All exceptions, and what the kernel decides on an error.
    "errors.py": 2,
    # In rooms that are far apart, each the plain word for what is in it.
    "state_tables.py": 2, "steps.py": 2, "times.py": 2,
}  # fmt: skip

CLASSES_TWICE = {
    "Hold": 2,
}  # fmt: skip

LARGE_FOLDERS = {
    "engine/cli/commands": 19,  # one file a command
}


def twice(names: list[str]) -> dict[str, int]:
    return {name: count for name, count in Counter(names).items() if count > 1}


def test_no_file_name_occurs_twice() -> None:
    names = [path.rsplit("/", 1)[-1] for path in PATHS]
    assert twice([name for name in names if not name.startswith("__")]) == FILES_TWICE, SHRINKS


def test_no_class_name_occurs_twice() -> None:
    trees = [module.tree for module in product().values()]
    names = [node.name for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assert twice(names) == CLASSES_TWICE, SHRINKS


def test_folders_are_small() -> None:
    """Counting modules and packages."""
    things = {path.removesuffix("/__init__.py") for path in PATHS}
    siblings = Counter(thing.rsplit("/", 1)[0] for thing in things if "/" in thing)
    assert {folder: count for folder, count in siblings.items() if count > MOST_SIBLINGS} == LARGE_FOLDERS, SHRINKS
