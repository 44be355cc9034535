"""What an expression may name, looked up when it is asked for, and rendering with it.

Everything here is a function of the operation: nothing is kept between two calls.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from engine.errors import Problem
from engine.kernel.effect import Seen
from engine.kernel.frame import Frame, InItems
from engine.kernel.operation import Operation
from engine.kernel.queries import failure_of
from engine.language.expressions.budget import Budget
from engine.language.expressions.evaluation import render
from engine.language.model import Runbook, Step

_SETTING: Final = re.compile(r"\bsettings\.([A-Za-z][A-Za-z0-9_]*)")


class Names(Mapping[str, Any]):
    """The names that the top frame's step may use; `seen` and `error` where there are such."""

    __slots__ = ("_budget", "_frame", "_operation", "_runbook", "_seen", "_vars")

    def __init__(
        self,
        runbook: Runbook,
        operation: Operation,
        frame: Frame | None = None,
        seen: Seen | None = None,
        budget: Budget | None = None,
    ) -> None:
        self._runbook = runbook
        self._operation = operation
        self._frame = frame
        self._seen = seen
        self._vars: dict[str, Any] = {}
        self._budget = budget

    @property
    def budget(self) -> Budget:
        """The work that expressions with these names may still take."""
        if self._budget is None:
            self._budget = Budget()
        return self._budget

    def __getitem__(self, name: str) -> Any:
        operation = self._operation
        if name in operation.results:
            return operation.results[name]
        if name in operation.inputs:
            return operation.inputs[name]
        if name in self._runbook.vars:
            if name not in self._vars:
                self._vars[name] = render(self._runbook.vars[name], self)
            return self._vars[name]
        return self._special(name)

    def _special(self, name: str) -> Any:
        """Names that the engine gives. `each`, `seen` and `error` are those of the nearest frame that has one."""
        operation, frames = self._operation, self._operation.frames[::-1]
        match name:
            case "settings":
                values = {key: one.value for key, one in operation.settings.items()}
                if self._frame is not None:
                    values.setdefault("changed", self._frame.settings_changed)
                return values
            case "accounts":
                return {key: {"id": one.id} for key, one in self._runbook.accounts.items()}
            case "operation":
                return _operation_names(self._runbook, operation)
            case "each":
                for phase in (frame.phase for frame in frames):
                    if isinstance(phase, InItems) and len(phase.results) < len(phase.items):
                        return phase.items[len(phase.results)]
            case "seen":
                for seen in (self._seen, *(frame.observed.seen for frame in frames)):
                    if seen is not None:
                        return _seen_names(seen)
            case "error":
                for problem in (frame.error for frame in frames):
                    if problem is not None:
                        return _error_names(problem)
            case _ if name in self._runbook.by_name and (frames or operation.ending is not None):
                return None  # a step that has not run; before the start, nobody knows yet whether it will
            case _:
                pass
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        yield from self._operation.results
        yield from self._operation.inputs
        yield from self._runbook.vars
        yield from ("settings", "accounts", "operation")

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _seen_names(seen: Seen) -> Mapping[str, Any]:
    """`seen` in expressions: the attributes, with status and id."""
    names = dict(seen.attributes)
    if seen.status or "status" not in names:
        names["status"] = seen.status
    if seen.id is not None or "id" not in names:
        names["id"] = seen.id
    return names


def _error_names(problem: Problem) -> dict[str, str]:
    return {"name": problem.name, "category": problem.category, "message": problem.message}


LAST_SECOND: Final = 253_402_300_799
"""The last second of the year 9999. The longest wait that a runbook can write ends later."""


def iso(at: float) -> str:
    """`2024-03-20T00:06:00Z`; a pure function of its argument. A time beyond the year 9999 is shown as its end."""
    return _iso(int(min(max(at, 0), LAST_SECOND)))


@lru_cache(maxsize=64)
def _iso(second: int) -> str:
    return dt.datetime.fromtimestamp(second, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def short_name(text: Any) -> str:
    """The name in lower case, of a name or an ARN."""
    return str(text).rpartition(":")[2].lower()


def region_of(arn: str) -> str:
    """The region in `arn:aws:sns:us-west-2:…`; "" for what is no ARN."""
    match = re.match(r"arn:[^:]*:[^:]*:([a-z0-9-]*):", arn)
    return match.group(1) if match else ""


def _operation_names(runbook: Runbook, operation: Operation) -> dict[str, Any]:
    """`operation` in expressions."""
    failure, hold = failure_of(operation), operation.hold
    left = [entry for entry in operation.ledger if entry.state in ("open", "stuck")]
    return {
        "id": operation.id,
        "short_id": re.sub(r"[^a-z0-9]", "", operation.id.lower())[-8:],  # may be part of any name
        "started": iso(operation.started),
        "elapsed": int(operation.at - operation.started),
        "step": operation.last_step,
        "error": None if failure is None else _error_names(failure),
        "hold": None if hold is None else {"kind": hold.kind, "reason": hold.reason, "step": hold.step},
        "cleanup": {"left": [entry.id or entry.step for entry in left]},
    }


def rendered(value: Any, names: Mapping[str, Any]) -> Any:
    """`value` with its `${ }` in their places; parameters that come out as null are left out."""
    out = render(value, names)
    if isinstance(out, dict) and None in out.values():
        return {key: item for key, item in out.items() if item is not None}
    return out


def place(
    runbook: Runbook, operation: Operation, step: Step, names: Callable[[], Mapping[str, Any]]
) -> tuple[str, str | None]:
    """The step's region and account; few regions have names in them."""
    region = step.region if step.region is not None else runbook.region
    if isinstance(region, str) and "${" in region:
        region = render(region, names())
    return str(region or operation.region or ""), step.account or runbook.account


def sources(runbook: Runbook, operation: Operation, params: Any) -> dict[str, str]:
    """Which parameter came from which setting, by what is written."""
    found: dict[str, str] = {}
    if params and operation.settings and isinstance(params, Mapping):
        for name, value in params.items():
            match = _SETTING.search(value) if isinstance(value, str) else None
            if match and match.group(1) in operation.settings:
                found[name] = operation.settings[match.group(1)].source
    return found
