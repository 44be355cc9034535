"""Performs effects: calls the kind or action of the registry, and turns the result into an outcome event.

The only module of the engine that calls kinds and actions. It decides nothing.
"""

from __future__ import annotations

import base64
import datetime as dt
import decimal
import json
import math
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, assert_never

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
from engine.language.expressions.budget import Budget
from engine.language.inputs import setting_from_text
from engine.language.model import Runbook, Setting
from engine.language.secret import Secret
from engine.registry import (
    DEFAULT_TIMEOUT,
    Action,
    Blockable,
    Blocker,
    Context,
    Findable,
    Network,
    Observation,
    Reading,
    Registry,
    ResourceKind,
)
from engine.runtime.driver import failed_look
from engine.values import changed

ReadSetting = Callable[[str, str, str | None], Reading]
"""(source such as `ssm:/path`, region, account) → its value. Raises EffectFailed, EffectNotSent."""

SURELY_SMALL: Final = 256 * 1024
"""Characters of an output that need not be compressed to know that it is small enough."""
LARGEST_OUTPUT: Final = 300 * 1024
"""Bytes of one output as compressed JSON. An item of DynamoDB may have 400 KB, with all its other attributes."""

_MOST_DIGITS: Final = 60
"""Digits of a whole number that stays a number: expressions take results up to 10^64."""

FindMaker = Callable[[str], Maker]
"""From the id of an operation to what the log knows about it."""


@dataclass(slots=True, kw_only=True)
class WorldAccess:
    """How effects reach the world: kinds and actions, clients, secrets, network and settings."""

    registry: Registry
    clients: Callable[..., Any]
    secret: Callable[[Secret], Reading]
    network: Network
    read_setting: ReadSetting


@dataclass(slots=True)
class RegistryPerformer:
    """Performs effects with the kinds and actions of a registry. `find_maker` looks up an operation in the log."""

    world: WorldAccess
    find_maker: FindMaker

    def perform(self, effect: Effect, operation: Operation, runbook: Runbook, now: Callable[[], float]) -> ev.Event:
        """One outcome event. Raises EffectNotSent; BrokenInvariant for a bug of a kind or an action."""
        used: dict[str, str] = {}  # secrets that were read for it, with their versions
        try:
            return self._perform(effect, operation, runbook, now, used)
        except EffectNotSent:
            raise
        except EffectFailed as error:
            return _failed(effect, now(), error.problem, used)
        except EffectUnknown as error:
            if effect.verb in ("look", "refresh"):
                return _failed(effect, now(), Problem(name="NoAnswer", category="timeout", message=error.why), used)
            return ev.Unknown(at=now(), why=error.why, problem=error.problem, secrets=used)
        except RunbookError:
            raise
        except Exception as error:
            message = f"{effect.verb} of {effect.name}: {type(error).__name__}: {error}"
            raise BrokenInvariant(message) from error

    def _perform(
        self, effect: Effect, operation: Operation, runbook: Runbook, now: Callable[[], float], used: dict[str, str]
    ) -> ev.Event:
        context = self._context(effect, operation, now, used)
        match effect.verb:
            case "look":
                return ev.Looked(at=now(), seen=self._look(effect, operation, context, now))
            case "create":
                id = self._kind(effect).create(effect.params, effect.tags, context)
                return ev.Succeeded(at=now(), id=id, secrets=used)
            case "delete":
                self._kind(effect).delete(effect.params, context)
                return ev.Succeeded(at=now())
            case "call":
                output = plain(self._action(effect).run(effect.params, context))
                return ev.Succeeded(at=now(), output=check_size(effect.name, output), secrets=used)
            case "refresh":
                settings = read_settings(runbook, operation, self.world.read_setting)
                return ev.Refreshed(at=now(), settings=settings, changed=_changed(operation.settings, settings))

    def _kind(self, effect: Effect) -> ResourceKind:
        kind = self.world.registry.kind(effect.name)
        if kind is None:
            message = f"the kind {effect.name} is not registered"
            raise BrokenInvariant(message)
        return kind

    def _action(self, effect: Effect) -> Action:
        action = self.world.registry.action(effect.name)
        if action is None:
            message = f"the action {effect.name} is not registered"
            raise BrokenInvariant(message)
        return action

    def _context(self, effect: Effect, operation: Operation, now: Callable[[], float], used: dict[str, str]) -> Context:
        def secret(reference: Secret) -> Any:
            reading = self.world.secret(reference)
            used[reference.name] = reading.version
            return reading.value

        clients = self.world.clients
        if effect.timeout is not None:
            clients = partial(clients, timeout=effect.timeout)
        return Context(
            region=effect.region, account=effect.account, clients=clients, secret=secret,
            network=self.world.network, now=now, key=effect.key, operation=operation.id, store=operation.store,
            runbook=operation.runbook, timeout=effect.timeout or DEFAULT_TIMEOUT, sources=effect.sources,
        )  # fmt: skip

    def _look(self, effect: Effect, operation: Operation, context: Context, now: Callable[[], float]) -> Seen:
        kind = self._kind(effect)
        observed = kind.look(effect.params, context)
        obstacle, by_hand = self._blocker(kind, observed, effect, context), ""
        if effect.removal is not None and observed.id:
            by_hand = kind.by_hand(observed) if isinstance(kind, Findable) else ""
        named = observed.tags.get("runbook:operation")
        maker = self.find_maker(named) if named is not None and named != operation.id else None
        seen = seen_of(observed, now(), obstacle, maker, by_hand)
        check_size(effect.name, seen.attributes)
        return seen

    def _blocker(self, kind: ResourceKind, observed: Observation, effect: Effect, context: Context) -> Blocker | None:
        """What is in the way of a delete that may follow the look. Further reads are made only before the first delete."""
        if effect.removal is None or not observed.id:
            return None
        params = {**effect.params, **effect.removal}
        reason = kind.in_the_way(observed, params)
        if reason is not None:
            return Blocker(reason=reason)
        may_begin = observed.cls not in ("pending", "leaving") and not params.get("begun")
        return kind.blocked_by(observed, params, context) if may_begin and isinstance(kind, Blockable) else None


def seen_of(
    observed: Observation, at: float, blocker: Blocker | None = None, maker: Maker | None = None, by_hand: str = ""
) -> Seen:  # fmt: skip
    """What the kernel keeps of an observation: JSON values, with what the driver adds. The only conversion of the two."""
    parts = tuple(
        SeenPart(kind=p.kind, identity=plain(p.identity), id=p.id, status=p.status, cls=p.cls, tags=dict(p.tags))
        for p in observed.parts
    )
    return Seen(
        at=at, status=observed.status, cls=observed.cls, id=observed.id, attributes=plain(observed.attributes),
        tags=dict(observed.tags), parts=parts, by_hand=by_hand, maker=maker,
        in_the_way=blocker.reason if blocker is not None else None, passes=blocker is not None and blocker.passes,
    )  # fmt: skip


def _failed(effect: Effect, at: float, problem: Problem, used: Mapping[str, str]) -> ev.Event:
    """The outcome of an effect that failed. A failed look is an observation; a setting that cannot be read stops the runner."""
    match effect.verb:
        case "look":
            return failed_look(at, problem)
        case "refresh":
            message = f"a setting cannot be read: {problem.message}. Fix it, then `runbook resume`"
            raise EnvironmentProblem(message)
        case "create" | "delete" | "call":
            return ev.Failed(at=at, problem=problem, secrets=used)
        case _:
            assert_never(effect.verb)


def check_size(name: str, output: Any) -> Any:
    """The output, if a record can hold it; EffectFailed if it is too large, although the call was made."""
    if json_size(output) < SURELY_SMALL:
        return output
    text = json.dumps(output)
    if len(zlib.compress(text.encode())) > LARGEST_OUTPUT:
        message = (
            f"{name} returned {len(text) // 1024} KB, which cannot be recorded: a record holds {LARGEST_OUTPUT // 1024} KB, "
            f"compressed. Request less of it; the call itself succeeded"
        )
        raise EffectFailed(Problem(name="OutputTooLarge", category="invalid", message=message))
    return output


def json_size(value: Any) -> int:
    """The approximate number of characters of a value as JSON, without encoding it."""
    match value:
        case str():
            return len(value)
        case dict():
            return sum(len(key) + json_size(item) for key, item in value.items())
        case list():
            return sum(map(json_size, value)) + len(value)
        case _:
            return 4


def plain(value: Any) -> Any:
    """A value of an answer as JSON values: times as ISO 8601, sets as lists, bytes in base64, numbers exactly.

    A time without a zone stays without one: this machine's zone has nothing to do with it.
    """
    match value:
        case float() if not math.isfinite(value):
            return str(value)
        case None | str() | int() | float():
            return value
        case dict() | Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
        case dt.datetime() if value.tzinfo is None:
            return value.isoformat()
        case dt.datetime():
            return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
        case dt.date():
            return value.isoformat()
        case decimal.Decimal():
            return exact_number(value)
        case bytes() | bytearray():
            return base64.b64encode(value).decode("ascii")
        case _:
            return str(value)


def exact_number(value: decimal.Decimal) -> int | float | str:
    """A whole number, or the number with a fraction that is written the same; else its digits as text."""
    if not value.is_finite():
        return str(float(value))
    if value.adjusted() < _MOST_DIGITS and value == value.to_integral_value():
        return int(value)
    number = float(value)
    return number if math.isfinite(number) and decimal.Decimal(repr(number)) == value else format(value, "f")


def read_settings(runbook: Runbook, operation: Operation, read: ReadSetting) -> dict[str, SettingValue]:
    """The current value of every setting. The runbook lists a setting after those that it names."""
    found: dict[str, SettingValue] = {}
    budget = Budget()
    for name, setting in runbook.settings.items():
        names = Names(runbook, changed(operation, settings=found), budget=budget)
        source = str(rendered(setting.source, names))
        region = str(rendered(setting.region or runbook.region, names) or operation.region)
        try:
            reading = read(source, region, setting.account or runbook.account)
            value = _setting_value(setting, reading.value, f"{source} ({region})")
            found[name] = SettingValue(value=value, source=source, version=reading.version)
        except EffectFailed as error:
            if not setting.has_default or error.problem.category != "not_found":
                raise
            found[name] = SettingValue(value=setting.default, source=source)
    return found


def _setting_value(setting: Setting, value: Any, place: str) -> Any:
    try:
        return setting_from_text(setting, value)
    except ValueError as error:
        message = f"{place}: {error}; `settings.{setting.name}` has `type: {setting.type}`"
        raise EffectFailed(Problem(name="InvalidSetting", category="config", message=message)) from error


def _changed(before: Mapping[str, SettingValue], after: Mapping[str, SettingValue]) -> bool:
    return any(before.get(name) is None or before[name].value != one.value for name, one in after.items())
