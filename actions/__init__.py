"""The kinds and actions that runbooks can use: an explicit list of modules, then installed packages.

Importing this module imports no heavy package: each kind imports boto3 when it is used.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from actions.aws.aws_regions import regions
from actions.aws.known_errors import known_errors
from engine.errors import EnvironmentProblem
from engine.registry import KnownError, Registry

GROUP: Final = "runbook.actions"


def build_registry(entry_points: bool = True) -> Registry:
    """All kinds and actions, with those of installed packages; UsageError if two have the same name."""
    from actions import postgres, rds
    from actions.aws import generic_calls
    from actions.kinds import ec2, endpoint, kms, sns, sts

    @cache
    def errors() -> Mapping[str, KnownError]:
        return known_errors(registry)

    registry = Registry(known_errors=errors, regions=regions)
    for module in (rds, ec2, endpoint, kms, sts, postgres, sns, generic_calls):
        add(registry, module)
    if entry_points and _has_entry_points():
        _add_entry_points(registry)
    return registry


def _has_entry_points() -> bool:
    """Does an installed package have entry points of this group? `importlib.metadata` would take 40 ms to find out."""
    for folder in map(Path, sys.path):
        for file in (*folder.glob("*.dist-info/entry_points.txt"), *folder.glob("*.egg-info/entry_points.txt")):
            if f"[{GROUP}]" in file.read_text(encoding="utf-8", errors="replace"):
                return True
    return False


def _add_entry_points(registry: Registry) -> None:
    from importlib.metadata import entry_points

    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            module = point.load()
        except (ImportError, AttributeError) as error:
            message = f"the entry point `{point.name}` of {GROUP} cannot be imported: {error}; correct its package or uninstall it"
            raise EnvironmentProblem(message) from error
        add(registry, module)


def add(registry: Registry, module: Any) -> None:
    """Register a module's KINDS, ACTIONS and FAMILIES, each of which may be absent."""
    for kind in _listed(module, "KINDS"):
        registry.add_kind(kind)
    for action in _listed(module, "ACTIONS"):
        registry.add_action(action)
    for family in _listed(module, "FAMILIES"):
        registry.families[family.prefix] = family


def _listed(module: Any, name: str) -> Iterable[Any]:
    listed: Iterable[Any] = getattr(module, name, ())
    return listed
