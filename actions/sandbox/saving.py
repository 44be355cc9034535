"""The sandbox as a JSON document, and back: so that a killed process finds its world again.

The journal of what only read is not kept. Written whole to a file beside it, then renamed: a kill at any instant
leaves the old or the new one. Nothing is synced to the disk; a sandbox need not survive the machine.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any, Final

from actions.sandbox.calls import Call
from actions.sandbox.faults import Fault
from actions.sandbox.world import Resource, World
from engine.errors import EnvironmentProblem

FORMAT: Final = 1
_RESOURCE: Final = tuple(field.name for field in dataclasses.fields(Resource))
_WORLD: Final = tuple(field.name for field in dataclasses.fields(World) if field.name != "resources")
_CALL: Final = tuple(field.name for field in dataclasses.fields(Call))
_FAULT: Final = tuple(field.name for field in dataclasses.fields(Fault))


@dataclasses.dataclass(slots=True, kw_only=True)
class Saved:
    """What a file of the sandbox holds."""

    world: World
    queues: dict[str, list[tuple[str, int]]]
    faults: list[tuple[Fault, int]]
    journal: list[Call]


def write(path: Path, saved: Saved) -> None:
    """Put it all into the file at `path`, readable by its owner alone."""
    document = {
        "format": FORMAT,
        "world": {name: getattr(saved.world, name) for name in _WORLD},
        "resources": [_fields(resource, _RESOURCE) for resource in saved.world.resources.values()],
        "script": saved.queues,
        "faults": [[_fields(fault, _FAULT), count] for fault, count in saved.faults],
        "journal": [_fields(call, _CALL) for call in saved.journal if call.changes],
    }
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            json.dump(document, out, separators=(",", ":"), default=str)
        draft.replace(path)
    except OSError as error:
        message = f"the sandbox's world cannot be written to {path}: {error.strerror}"
        raise EnvironmentProblem(message) from error


def _fields(value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(value, name) for name in names}


def read(path: Path) -> Saved:
    """What `write` has put there; EnvironmentProblem for a file that is nothing of the kind."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            message = f"{path} was written by another version of the sandbox; move it away"
            raise EnvironmentProblem(message)
        world = World(**document["world"])
        for fields in document["resources"]:
            resource = _resource(fields)
            world.resources[resource.key] = resource
        return Saved(
            world=world,
            queues={key: [(word, count) for word, count in items] for key, items in document["script"].items()},
            faults=[(Fault(**fields), count) for fields, count in document["faults"]],
            journal=[Call(**fields) for fields in document["journal"]],
        )
    except OSError as error:
        message = f"the sandbox's world cannot be read from {path}: {error.strerror}"
        raise EnvironmentProblem(message) from error
    except (ValueError, KeyError, TypeError) as error:
        message = f"{path} is no world of the sandbox; move it away"
        raise EnvironmentProblem(message) from error


def _resource(fields: dict[str, Any]) -> Resource:
    life = [(status, since) for status, since in fields.pop("life")]
    looks = [(status, count) for status, count in fields.pop("looks")]
    rename = fields.pop("rename")
    return Resource(life=life, looks=looks, rename=tuple(rename) if rename else None, **fields)
