"""The kinds and actions that runbooks name: an explicit list, then other people's packages.

Importing this imports no heavy package; each kind imports boto3 when it is used.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from actions.aws.known_errors import known_errors
from actions.aws.regions import regions
from engine.errors import EnvironmentProblem
from engine.registry import Registry

GROUP: Final = "runbook.actions"


def build_registry(entry_points: bool = True) -> Registry:
    """Everything that a runbook can name; UsageError where a name is there twice."""
    from actions import postgres, rds
    from actions.aws import generic_calls
    from actions.kinds import ec2, endpoint, kms, sns, sts

    registry = Registry(known_errors=known_errors, regions=regions)
    for module in (rds, ec2, endpoint, kms, sts, postgres, sns, generic_calls):
        add(registry, module)
    if entry_points and _somebody_offers():
        _add_offered(registry)
    return registry


def _somebody_offers() -> bool:
    """Does any installed package name the group? Seldom; asking the machinery for it costs 40 ms of every start."""
    for place in map(Path, sys.path):
        for file in (*place.glob("*.dist-info/entry_points.txt"), *place.glob("*.egg-info/entry_points.txt")):
            if f"[{GROUP}]" in file.read_text(encoding="utf-8", errors="replace"):
                return True
    return False


def _add_offered(registry: Registry) -> None:
    from importlib.metadata import entry_points

    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            offered = point.load()
        except (ImportError, AttributeError) as error:
            message = f"the package behind `{point.name}` in the entry points {GROUP} cannot be imported: {error}"
            raise EnvironmentProblem(message) from error
        add(registry, offered)


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
