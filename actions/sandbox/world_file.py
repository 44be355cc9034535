"""The sandbox in a file, so that a killed process finds its world again, and two live ones share it.

The file is a log: a first line with all there was, then a line for each call with what it changed. A call holds the
file's lock, reads what others have appended, and appends its own line in one write before its answer gets out. A line
that a kill has cut off was never answered, and is dropped. Nothing is synced: a sandbox need not survive the machine.
"""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from actions.sandbox.calls import Call
from actions.sandbox.faults import Fault
from actions.sandbox.world import Key, Resource, World
from engine.errors import EnvironmentProblem

FORMAT: Final = 1
_RESOURCE: Final = tuple(field.name for field in dataclasses.fields(Resource))
_CALL: Final = Call.__struct_fields__
_FAULT: Final = Fault.__struct_fields__
_PLAIN: Final = ("serial", "endpoint")
_MAPS: Final = ("accounts", "takes", "answers")


@dataclasses.dataclass(slots=True, kw_only=True)
class State:
    """All that a file keeps. Shared with the sandbox, and changed in place."""

    world: World
    queues: dict[str, list[tuple[str, int]]]
    faults: list[tuple[Fault, int]]
    journal: list[Call]


class WorldFile:
    """The file at `path`, as far as it has been read into `state`."""

    def __init__(self, path: Path, state: State) -> None:
        self.path = path
        self._state = state
        self._read = 0
        self._kept: dict[str, str] = {}  # what the file holds, by part
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._trouble("opened", error) from error
        weakref.finalize(self, os.close, self._file)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else changes the file meanwhile, and what others have appended is in `state`."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            self._catch_up()
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    @property
    def empty(self) -> bool:
        """Has nobody written anything yet?"""
        return self._read == 0

    def append(self, call: Call | None = None, *, changed: bool = True) -> None:
        """Write down what has changed since the last line, and a call. `changed` false: nothing but the time."""
        line: dict[str, Any] = {"format": FORMAT} if self.empty else {}
        line["now"] = self._state.world.now
        if changed or self.empty:
            line |= self._changes()
        if call is not None:
            line["call"] = [getattr(call, name) for name in _CALL]
        text = json.dumps(line, separators=(",", ":"), default=str).encode() + b"\n"
        try:
            written = os.pwrite(self._file, text, self._read)
        except OSError as error:
            raise self._trouble("written", error) from error
        if written != len(text):
            os.ftruncate(self._file, self._read)
            raise self._trouble("written", OSError(0, "the disk is full"))
        self._read += written

    # --- what has changed ---

    def _changes(self) -> dict[str, Any]:
        state, world, line = self._state, self._state.world, {}
        for name in _PLAIN:
            if self._differs(name, getattr(world, name)):
                line[name] = getattr(world, name)
        for name in _MAPS:
            if self._differs(name, getattr(world, name)):
                line[name] = getattr(world, name)
        if self._differs("queues", state.queues):
            line["queues"] = state.queues
        faults = [[[getattr(fault, name) for name in _FAULT], count] for fault, count in state.faults]
        if self._differs("faults", faults):
            line["faults"] = faults
        told = int(self._kept.get("messages", "0"))
        if len(world.messages) != told:
            line["messages"] = world.messages[told:]
            self._kept["messages"] = str(len(world.messages))
        resources = {"/".join(key): _fields(resource) for key, resource in world.resources.items()}
        return line | self._parts("resource", resources) | self._parts("database", world.databases)

    def _parts(self, kind: str, there: dict[str, Any]) -> dict[str, Any]:
        """Those of a map that are new or other than in the file, under `kind`; those that have gone, as null."""
        changed = {key: value for key, value in there.items() if self._differs(f"{kind}:{key}", value)}
        gone = [key for key in self._kept if key.startswith(f"{kind}:") and key[len(kind) + 1 :] not in there]
        for key in gone:
            del self._kept[key]
        changed |= {key[len(kind) + 1 :]: None for key in gone}
        return {kind: changed} if changed else {}

    def _differs(self, part: str, value: Any) -> bool:
        text = json.dumps(value, separators=(",", ":"), default=str)
        if self._kept.get(part) == text:
            return False
        self._kept[part] = text
        return True

    # --- reading ---

    def _catch_up(self) -> None:
        try:
            size = os.fstat(self._file).st_size
            if size == self._read:
                return
            data = os.pread(self._file, size - self._read, self._read)
        except OSError as error:
            raise self._trouble("read", error) from error
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.ftruncate(self._file, self._read + whole)
        try:
            for line in data[:whole].splitlines():
                self._apply(json.loads(line))
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            message = f"{self.path} is no world of the sandbox; move it away"
            raise EnvironmentProblem(message) from error
        self._read += whole

    def _apply(self, line: dict[str, Any]) -> None:
        state, world = self._state, self._state.world
        if line.get("format", FORMAT) != FORMAT:
            message = f"{self.path} was written by another version of the sandbox; move it away"
            raise EnvironmentProblem(message)
        world.now = float(line["now"])
        for name in (*_PLAIN, *_MAPS):
            if name in line:
                setattr(world, name, line[name])
                self._differs(name, line[name])
        if "queues" in line:
            state.queues.clear()
            state.queues |= {key: [(word, count) for word, count in items] for key, items in line["queues"].items()}
            self._differs("queues", state.queues)
        if "faults" in line:
            state.faults[:] = [(Fault(**dict(zip(_FAULT, values, strict=True))), n) for values, n in line["faults"]]
            self._differs("faults", line["faults"])
        if "messages" in line:
            world.messages += line["messages"]
            self._kept["messages"] = str(len(world.messages))
        self._apply_parts(line)
        if "call" in line:
            state.journal.append(Call(**dict(zip(_CALL, line["call"], strict=True))))

    def _apply_parts(self, line: dict[str, Any]) -> None:
        world = self._state.world
        for place, fields in line.get("resource", {}).items():
            key: Any = tuple(place.split("/", 3))
            self._keep(f"resource:{place}", fields)
            if fields is None:
                world.resources.pop(key, None)
                continue
            resource = _resource(key, fields)
            if key in world.resources and world.resources[key].id == resource.id:
                world.resources[key] = resource  # in its place: the order tells which instance came first
            else:
                world.add(resource)
        for cluster, data in line.get("database", {}).items():
            self._keep(f"database:{cluster}", data)
            world.databases.pop(cluster, None)
            if data is not None:
                world.databases[cluster] = data

    def _keep(self, part: str, value: Any) -> None:
        if value is None:
            self._kept.pop(part, None)
        else:
            self._differs(part, value)

    def _trouble(self, what: str, error: OSError) -> EnvironmentProblem:
        return EnvironmentProblem(f"the sandbox's world cannot be {what} in {self.path}: {error.strerror}")


_IN_FIELDS: Final = tuple(name for name in _RESOURCE if name not in ("kind", "account", "region", "name"))


def _fields(resource: Resource) -> list[Any]:
    return [getattr(resource, name) for name in _IN_FIELDS]


def _resource(key: Key, values: list[Any]) -> Resource:
    kind, account, region, name = key
    fields = dict(zip(_IN_FIELDS, values, strict=True))
    fields["life"] = [(status, since) for status, since in fields["life"]]
    fields["looks"] = [(status, count) for status, count in fields["looks"]]
    fields["rename"] = tuple(fields["rename"]) if fields["rename"] else None
    return Resource(kind=kind, account=account, region=region, name=name, **fields)
