"""The sandbox in a file, so that the next process finds the world again after a kill, and live processes share it.

The file is a log: the first line has everything there was at the start, and each later line has one call and what it
changed. A call locks the file, reads what other processes have appended, and appends its own line with one write before
it is answered. A line that a kill has cut short belongs to a call that was never answered, and is dropped. Nothing is
synced to disk: a sandbox need not survive the machine.
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
_MAPS: Final = ("accounts", "takes", "answers")
"""Fields of World that are kept as they are."""

_RESOURCE: Final = tuple(
    field.name for field in dataclasses.fields(Resource) if field.name not in ("kind", "account", "region", "name")
)
"""Fields of Resource besides its key."""


@dataclasses.dataclass(slots=True, kw_only=True)
class SandboxState:
    """All that a file keeps. Shared with the sandbox, and changed in place."""

    world: World
    queues: dict[str, list[tuple[str, int]]]
    faults: list[tuple[Fault, int]]
    journal: list[Call]


class WorldFile:
    """The file at `path`, as far as it has been read into `state`."""

    def __init__(self, path: Path, state: SandboxState) -> None:
        self.path = path
        self._state = state
        self._size = 0  # bytes read or written
        self._written: dict[str, str] = {}  # what the file holds, as JSON, by part
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._problem("opened", error) from error
        weakref.finalize(self, os.close, self._file)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Exclusive use of the file, with what other processes have appended read into `state`."""
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            self._catch_up()
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    @property
    def empty(self) -> bool:
        """Whether nothing has been written yet."""
        return self._size == 0

    def append(self, call: Call | None = None, *, changed: bool = True) -> None:
        """Append what has changed since the last line, and a call. Without `changed`, only the time and the call."""
        line: dict[str, Any] = {"format": FORMAT} if self.empty else {}
        line["now"] = self._state.world.now
        if changed or self.empty:
            line |= self._changes()
        if call is not None:
            line["call"] = [getattr(call, name) for name in Call.__struct_fields__]
        text = json.dumps(line, separators=(",", ":"), default=str).encode() + b"\n"
        try:
            written = os.pwrite(self._file, text, self._size)
        except OSError as error:
            raise self._problem("written", error) from error
        if written != len(text):
            os.ftruncate(self._file, self._size)
            raise self._problem("written", OSError(0, "the disk is full"))
        self._size += written

    # --- writing: what has changed ---

    def _changes(self) -> dict[str, Any]:
        state, world = self._state, self._state.world
        parts = {
            "serial": world.serial,
            "endpoint": world.endpoint,
            **{name: getattr(world, name) for name in _MAPS},
            "queues": state.queues,
            "faults": [[_values(fault), count] for fault, count in state.faults],
        }
        line = {part: value for part, value in parts.items() if self._update(part, value)}
        first_new = int(self._written.get("messages", "0"))
        if self._update("messages", len(world.messages)) and world.messages:
            line["messages"] = world.messages[first_new:]
        resources = {
            "/".join(key): [getattr(resource, name) for name in _RESOURCE] for key, resource in world.resources.items()
        }
        return line | self._changed_items("resource", resources) | self._changed_items("database", world.databases)

    def _changed_items(self, kind: str, items: dict[str, Any]) -> dict[str, Any]:
        """Under `kind`, the items of a map that are not in the file like this; null for those that are gone."""
        known = [part.removeprefix(f"{kind}:") for part in self._written if part.startswith(f"{kind}:")]
        changed = {key: value for key, value in items.items() if self._update(f"{kind}:{key}", value)}
        changed |= {key: None for key in known if key not in items and self._update(f"{kind}:{key}", None)}
        return {kind: changed} if changed else {}

    def _update(self, part: str, value: Any) -> bool:
        """Note what the file holds of a part (None: nothing); whether that is new."""
        before = self._written.pop(part, None)
        if value is None:
            return before is not None
        self._written[part] = json.dumps(value, separators=(",", ":"), default=str)
        return self._written[part] != before

    # --- reading: what others have appended ---

    def _catch_up(self) -> None:
        try:
            size = os.fstat(self._file).st_size
            if size == self._size:
                return
            data = os.pread(self._file, size - self._size, self._size)
        except OSError as error:
            raise self._problem("read", error) from error
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            os.ftruncate(self._file, self._size + whole)
        try:
            for line in data[:whole].splitlines():
                self._apply(json.loads(line))
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            message = f"{self.path} does not hold a sandbox's world; move it away"
            raise EnvironmentProblem(message) from error
        self._size += whole

    def _apply(self, line: dict[str, Any]) -> None:
        state, world = self._state, self._state.world
        if line.get("format", FORMAT) != FORMAT:
            message = f"{self.path} was written by another version of the sandbox; move it away"
            raise EnvironmentProblem(message)
        world.now = float(line["now"])
        world.serial = line.get("serial", world.serial)
        world.endpoint = line.get("endpoint", world.endpoint)
        for name in _MAPS:
            _replace(getattr(world, name), line.get(name))
        queues = line.get("queues")
        _replace(state.queues, queues and {key: [(word, n) for word, n in items] for key, items in queues.items()})
        if "faults" in line:
            state.faults[:] = [(_of_values(Fault, values), count) for values, count in line["faults"]]
        world.messages += line.get("messages", [])
        for part in ("serial", "endpoint", *_MAPS, "queues", "faults"):
            if part in line:
                self._update(part, line[part])
        self._update("messages", len(world.messages))
        self._apply_items(line)
        if "call" in line:
            state.journal.append(_of_values(Call, line["call"]))

    def _apply_items(self, line: dict[str, Any]) -> None:
        world = self._state.world
        for text, values in line.get("resource", {}).items():
            key: Any = tuple(text.split("/", 3))
            self._update(f"resource:{text}", values)
            if values is None:
                world.resources.pop(key, None)
                continue
            resource = _resource(key, values)
            if key in world.resources and world.resources[key].id == resource.id:
                world.resources[key] = resource  # at its old position: the order tells which instance is the oldest
            else:
                world.add(resource)
        for cluster, data in line.get("database", {}).items():
            self._update(f"database:{cluster}", data)
            world.databases.pop(cluster, None)
            if data is not None:
                world.databases[cluster] = data

    def _problem(self, what: str, error: OSError) -> EnvironmentProblem:
        return EnvironmentProblem(f"the sandbox's world cannot be {what} in {self.path}: {error.strerror}")


def _replace(kept: dict[str, Any], new: dict[str, Any] | None) -> None:
    if new is not None:
        kept.clear()
        kept.update(new)


def _values(fault: Fault) -> list[Any]:
    return [getattr(fault, name) for name in Fault.__struct_fields__]


def _of_values(kind: Any, values: list[Any]) -> Any:
    return kind(**dict(zip(kind.__struct_fields__, values, strict=True)))


def _resource(key: Key, values: list[Any]) -> Resource:
    kind, account, region, name = key
    fields = dict(zip(_RESOURCE, values, strict=True))
    fields["life"] = [(status, since) for status, since in fields["life"]]
    fields["looks"] = [(status, count) for status, count in fields["looks"]]
    fields["rename"] = tuple(fields["rename"]) if fields["rename"] else None
    return Resource(kind=kind, account=account, region=region, name=name, **fields)
