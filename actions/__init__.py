"""The kinds and actions that runbooks name: an explicit list, then other people's packages.

Importing this imports no heavy package; each kind imports boto3 when it is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import entry_points as installed_entry_points
from importlib.util import find_spec
from typing import Any, Final

from actions.known_errors import known_errors
from engine.errors import EnvironmentProblem
from engine.registry import Registry

MODULES: Final = (
    "actions.rds",
    "actions.ec2",
    "actions.endpoint",
    "actions.kms",
    "actions.sts",
    "actions.sns",
    "actions.postgres",
)
"""Each has KINDS, ACTIONS or both."""

GROUP: Final = "runbook.actions"


def build_registry(entry_points: bool = True) -> Registry:
    """Everything that a runbook can name; UsageError where a name is there twice."""
    registry = Registry(known_errors=known_errors)
    for module in MODULES:
        if find_spec(module) is not None:
            add(registry, import_module(module))
    if entry_points:
        for point in sorted(installed_entry_points(group=GROUP), key=lambda point: point.name):
            try:
                add(registry, point.load())
            except ImportError as error:
                message = f"the package behind `{point.name}` in the entry points {GROUP} cannot be imported: {error}"
                raise EnvironmentProblem(message) from error
    return registry


def add(registry: Registry, module: Any) -> None:
    """What a module offers: KINDS, ACTIONS and FAMILIES, of which each may be missing."""
    for kind in _offered(module, "KINDS"):
        registry.add_kind(kind)
    for action in _offered(module, "ACTIONS"):
        registry.add_action(action)
    for family in _offered(module, "FAMILIES"):
        registry.families[family.prefix] = family


def _offered(module: Any, name: str) -> Iterable[Any]:
    offered: Iterable[Any] = getattr(module, name, ())
    return offered
