"""Performing an effect by the registry, and turning what came of it into an outcome.

The only place where the engine meets kinds and actions. It decides nothing.
"""

from __future__ import annotations

import datetime as dt
import decimal
import json
import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from engine.errors import (
    BrokenInvariant,
    EffectFailed,
    EffectNotSent,
    EffectUnknown,
    EnvironmentProblem,
    Problem,
    RunbookError,
)
from engine.kernel import Operation
from engine.kernel import events as ev
from engine.kernel.effect import Effect, Maker, Seen, SeenPart
from engine.kernel.operation import SettingValue
from engine.kernel.rendering import Names, rendered
from engine.language.model import Runbook
from engine.language.secret import Secret
from engine.registry import DEFAULT_TIMEOUT, Action, Context, Network, Observation, Reading, Registry, ResourceKind
from engine.runtime.driver import failed_look
from engine.values import changed

ReadSetting = Callable[[str, str, str | None], Reading]
"""(source with its `ssm:` or `secret:`, region, account) → what is there; EffectFailed, EffectNotSent."""

SURELY_SMALL: Final = 256 * 1024
LARGEST_OUTPUT: Final = 300 * 1024
"""Bytes of one answer, as JSON, and compressed: an item of DynamoDB holds 400 KB with all that is beside it."""

FindMaker = Callable[[str], Maker]
"""What the log knows of an operation."""


@dataclass(slots=True, kw_only=True)
class World:
    """Everything that an effect is given: made by the composition root."""

    registry: Registry
    clients: Callable[..., Any]
    secret: Callable[[Secret], Any]
    network: Network
    read_setting: ReadSetting


@dataclass(slots=True)
class RegistryPerformer:
    """Performs effects on the world; `find_maker` looks an operation up in the log."""

    world: World
    find_maker: FindMaker

    def perform(self, effect: Effect, operation: Operation, runbook: Runbook, now: Callable[[], float]) -> ev.Event:
        """One outcome event. Raises EffectNotSent; BrokenInvariant for a bug of a kind or an action."""
        try:
            return self._perform(effect, operation, runbook, now)
        except EffectNotSent:
            raise
        except EffectFailed as error:
            return _refused(effect, now(), error.problem)
        except EffectUnknown as error:
            if effect.verb in ("look", "refresh"):
                return _refused(effect, now(), Problem(name="NoAnswer", category="timeout", message=error.why))
            return ev.Unknown(at=now(), why=error.why)
        except RunbookError:
            raise
        except Exception as error:
            message = f"{effect.verb} of {effect.name}: {type(error).__name__}: {error}"
            raise BrokenInvariant(message) from error

    def _perform(self, effect: Effect, operation: Operation, runbook: Runbook, now: Callable[[], float]) -> ev.Event:
        context = self._context(effect, operation, now)
        match effect.verb:
            case "look":
                return ev.Looked(at=now(), seen=self._look(effect, operation, context, now))
            case "create":
                id = self._kind(effect).create(effect.params, effect.tags, context)
                return ev.Succeeded(at=now(), id=id)
            case "delete":
                self._kind(effect).delete(effect.params, context)
                return ev.Succeeded(at=now())
            case "call":
                output = plain(self._action(effect).run(effect.params, context))
                return ev.Succeeded(at=now(), output=storable(effect.name, output))
            case "refresh":
                settings = read_settings(runbook, operation, self.world.read_setting)
                return ev.Refreshed(at=now(), settings=settings, changed=_changed(operation.settings, settings))

    def _kind(self, effect: Effect) -> ResourceKind:
        kind = self.world.registry.kind(effect.name)
        if kind is None:
            message = f"the kind {effect.name} is not registered here"
            raise BrokenInvariant(message)
        return kind

    def _action(self, effect: Effect) -> Action:
        action = self.world.registry.action(effect.name)
        if action is None:
            message = f"the action {effect.name} is not registered here"
            raise BrokenInvariant(message)
        return action

    def _context(self, effect: Effect, operation: Operation, now: Callable[[], float]) -> Context:
        clients = self.world.clients
        if effect.timeout is not None:
            clients = partial(clients, timeout=effect.timeout)
        return Context(
            region=effect.region, account=effect.account, clients=clients, secret=self.world.secret,
            network=self.world.network, now=now, key=effect.key, operation=operation.id,
            runbook=operation.runbook, timeout=effect.timeout or DEFAULT_TIMEOUT, sources=effect.sources,
        )  # fmt: skip

    def _look(self, effect: Effect, operation: Operation, context: Context, now: Callable[[], float]) -> Seen:
        kind = self._kind(effect)
        observed = kind.look(effect.params, context)
        way = None
        if effect.removal is not None and observed.id:
            way = kind.in_the_way(observed, {**effect.params, **effect.removal})
        named = observed.tags.get("runbook:operation")
        maker = self.find_maker(named) if named is not None and named != operation.id else None
        seen = seen_of(observed, now(), way, maker)
        storable(effect.name, seen.attributes)
        return seen


def seen_of(observed: Observation, at: float, in_the_way: str | None = None, maker: Maker | None = None) -> Seen:
    """An observation as the kernel keeps it: JSON values, with what the driver knows besides. The one conversion."""
    parts = tuple(
        SeenPart(kind=p.kind, identity=plain(p.identity), id=p.id, status=p.status, cls=p.cls, tags=dict(p.tags))
        for p in observed.parts
    )
    return Seen(
        at=at, status=observed.status, cls=observed.cls, id=observed.id, attributes=plain(observed.attributes),
        tags=dict(observed.tags), parts=parts, in_the_way=in_the_way, maker=maker,
    )  # fmt: skip


def _refused(effect: Effect, at: float, problem: Problem) -> ev.Event:
    """A no. A look's own is something that was seen; a setting that is not to be had stops the runner."""
    match effect.verb:
        case "look":
            return failed_look(at, problem)
        case "refresh":
            message = f"a setting cannot be read: {problem.message}"
            raise EnvironmentProblem(message)
        case _:
            return ev.Failed(at=at, problem=problem)


def storable(name: str, output: Any) -> Any:
    """An answer that a record can hold; EffectFailed for a larger one, which was given all the same."""
    if weight(output) < SURELY_SMALL:
        return output
    text = json.dumps(output)
    if len(zlib.compress(text.encode())) > LARGEST_OUTPUT:
        message = (
            f"what {name} answered is {len(text) // 1024} KB, and a record holds {LARGEST_OUTPUT // 1024} KB of it "
            "compressed: ask for less of it. The call itself was done"
        )
        raise EffectFailed(Problem(name="OutputTooLarge", category="invalid", message=message))
    return output


def weight(value: Any) -> int:
    """Characters of a JSON value, more or less: what is small costs nothing to tell."""
    match value:
        case str():
            return len(value)
        case dict():
            return sum(len(key) + weight(item) for key, item in value.items())
        case list():
            return sum(map(weight, value)) + len(value)
        case _:
            return 4


def plain(value: Any) -> Any:
    """An API's answer as JSON values: times as ISO 8601, sets as lists, bytes as text."""
    match value:
        case float() if not math.isfinite(value):
            return str(value)
        case None | str() | int() | float():
            return value
        case dict() | Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
        case dt.datetime():
            return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
        case dt.date():
            return value.isoformat()
        case decimal.Decimal():
            return plain(float(value))
        case bytes():
            return value.decode("utf-8", "replace")
        case _:
            return str(value)


def read_settings(runbook: Runbook, operation: Operation, read: ReadSetting) -> dict[str, SettingValue]:
    """Every setting as it is now; those that name others come after them."""
    found: dict[str, SettingValue] = {}
    for name, setting in runbook.settings.items():
        names = Names(runbook, changed(operation, settings=found))
        source = str(rendered(setting.source, names))
        region = str(rendered(setting.region or runbook.region, names) or operation.region)
        try:
            there = read(source, region, setting.account or runbook.account)
            found[name] = SettingValue(value=there.value, source=source, version=there.version)
        except EffectFailed as error:
            if not setting.has_default or error.problem.category != "not_found":
                raise
            found[name] = SettingValue(value=setting.default, source=source)
    return found


def _changed(before: Mapping[str, SettingValue], after: Mapping[str, SettingValue]) -> bool:
    return any(before.get(name) is None or before[name].value != one.value for name, one in after.items())
