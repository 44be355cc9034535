"""The workloads: runbooks of n trivial steps, run by the kernel alone or by the engine with a store."""

from __future__ import annotations

import hashlib

from engine.kernel import Operation, begun, evolve, pending, start
from engine.kernel import events as ev
from engine.kernel.effect import Effect
from engine.kernel.frame import Acting, Address, Frame, MainStep, Proving
from engine.kernel.operation import Halt, Perform, Record, StepRecord
from engine.language.model import ActionFacts, Call, Runbook, Step
from engine.registry import Action, Registry
from engine.runtime.performer import WorldAccess
from engine.values import changed

ACTION = "bench.nothing"


def trivial_runbook(steps: int, params: dict[str, str] | None = None) -> Runbook:
    """A runbook of calls that do nothing, built as values: no text is parsed."""
    made = tuple(
        Step(path=f"steps/{n}", id=f"s{n}", body=Call(action=ACTION, params=params or {}, repeatable=True))
        for n in range(steps)
    )
    text = f"# {steps}"
    return Runbook(
        name="bench",
        steps=made,
        text=text,
        digest=hashlib.sha256(text.encode()).hexdigest(),
        region="us-east-1",
        index={step.path: step for step in made},
        by_name={step.name: step for step in made},
    )


def run_kernel(runbook: Runbook, inputs: dict[str, str] | None = None) -> Operation:
    """Run the kernel alone: every effect succeeds at once. Returns the ended operation."""
    operation = begun(runbook, start(runbook, "op", inputs or {}, {}, {}, 1.0, region="us-east-1")[0])
    effects = 0
    while True:
        command = pending(runbook, operation, 1.0)
        if type(command) is Record:
            operation = evolve(runbook, operation, command.event)
        elif type(command) is Perform:
            effects += 1
            operation = evolve(runbook, operation, ev.Succeeded(at=1.0, output={}))
        else:
            assert command == Halt(status="SUCCEEDED"), command
            assert effects == len(runbook.steps), effects
            return operation


def make_values(runbook: Runbook) -> Operation:
    """Create and copy the values that `run_kernel` does, step by step, with nothing decided."""
    operation = begun(runbook, start(runbook, "op", {}, {}, {}, 1.0, region="us-east-1")[0])
    for number, step in enumerate(runbook.steps):
        frame = operation.frames[-1]
        entered = ev.Entered(at=1.0, region="us-east-1")
        record = StepRecord(path=step.path, status="IN_PROGRESS", region=entered.region, since=1.0)
        address = Address(identity=entered.identity, region=entered.region)
        frame = changed(frame, phase=Proving(then="act"), address=address)
        steps = operation.steps.set(step.id, record)
        operation = changed(operation, frames=(frame,), steps=steps, last_step=step.id)

        key = f"op/{step.path}//1/1/call/"
        effect = Effect(verb="call", name=ACTION, key=key, params={}, region=frame.address.region, sources={})
        intended = ev.Intended(at=1.0, effect=effect)
        attempts = changed(frame.attempts, number=1, spent=1, granted=False)
        frame = changed(frame, phase=Acting(effect=intended.effect), attempts=attempts)
        steps = steps.set(step.id, changed(record, attempt=1, spent=1))
        operation = changed(operation, frames=(frame,), steps=steps)

        succeeded = ev.Succeeded(at=1.0, output={})
        steps = steps.set(step.id, changed(steps[step.id], status="DONE", id=None, seen=""))
        following = f"steps/{number + 1}"
        operation = changed(
            operation, frames=(changed(FIRST, position=MainStep(path=following)),), visits=operation.visits.set(following, 1), steps=steps,
            results=operation.results.set(step.name, succeeded.output),
        )  # fmt: skip
    return operation


FIRST = Frame(position=MainStep(path=""))


def as_yaml(steps: int) -> str:
    """A runbook of trivial steps as text, which runs without AWS."""
    head = "runbook: bench\nsteps:\n"
    return head + "".join(f"  - {{id: s{n}, wait: 0s}}\n" for n in range(steps))


def run_stored(steps: int, path: str, id: str = "bench") -> Operation:
    """Run the engine with a SQLite store: each step is on the disk before the next begins."""
    from engine.clock import SystemClock
    from engine.runtime.engine import Engine
    from engine.stores.factory import open_store

    runbook = trivial_runbook(steps)
    store = open_store(f"sqlite:{path}")
    engine = Engine(
        store=store,
        clock=SystemClock(),
        world=empty_world(),
        parse=lambda text: runbook,
        lease=lambda _: UncontestedLease(),
    )
    try:
        operation = engine.run(runbook, id, {})
    finally:
        store.close()
    assert operation.status == "SUCCEEDED", operation.status
    return operation


def empty_world() -> WorldAccess:
    """A world with one action, which does nothing."""

    def unused(*_: object, **__: object) -> None:
        raise AssertionError("a trivial step called AWS")

    nothing = Action(
        name=ACTION, doc="", facts=ActionFacts(name=ACTION, repeatable=True), params={}, output={}, calls={}, errors=(),
        run=lambda params, context: {},
    )  # fmt: skip
    return WorldAccess(
        registry=Registry(actions={ACTION: nothing}), clients=unused, secret=unused, network=unused,
        read_setting=unused,
    )  # fmt: skip


class UncontestedLease:
    """A lease without contention: its renewal every 30 s is not measured."""

    def acquire(self) -> bool:
        return True

    def check(self) -> None: ...

    def renew_if_due(self) -> None: ...

    def release(self) -> None: ...
