"""The command, typed at a desk: real processes over one store and one served world, that can be killed and stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from actions.sandbox import Sandbox
from engine.clock import SystemClock
from engine.kernel.events import Event
from engine.runtime.load import events_of
from engine.stores.factory import open_store
from engine.stores.port import verify
from tests.cli.commands import Result
from tests.processes.fast_clock import Hurried, Machine
from tests.processes.intercepting_server import Front

HURRIED = str(Path(__file__).with_name("fast_clock.py"))
LONGEST = 60
"""Seconds of ours that a command may take on a busy machine."""


class Running:
    """A command that runs."""

    def __init__(self, words: list[str], environment: Mapping[str, str], **more: Any) -> None:
        self.process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment}, **more,
        )  # fmt: skip
        self.said = ""

    def until(self, text: str) -> None:
        """Reads its stderr until a line has that."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said += line
            if text in line:
                return
        raise AssertionError(f"{text!r} was not said: {self.said}")

    def kill(self) -> None:
        """The plug is pulled; when this returns, it is gone."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """It stands still, and when this returns, it does nothing more."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)

    def wake(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def end(self) -> Result:
        """What it came to."""
        out, err = self.process.communicate(timeout=LONGEST)
        self.said += err
        assert "Traceback" not in self.said, self.said
        return Result(code=self.process.returncode, out=out, err=self.said)


@dataclass(slots=True, kw_only=True)
class Desk:
    """One store, one world, and who works there, on this machine and on others, which have names."""

    folder: Path
    front: Front
    place: str
    clients: Callable[[str], Any]
    environment: dict[str, str] = field(default_factory=dict)
    started: list[Running] = field(default_factory=list)

    @property
    def options(self) -> tuple[str, ...]:
        return "--store", self.place, "--endpoint-url", self.front.url

    @property
    def sandbox(self) -> Sandbox:
        return self.front.sandbox

    @property
    def last(self) -> Running:
        """The one that was started last."""
        return self.started[-1]

    # -- machines -------------------------------------------------------------------------------------------

    def machine(self, name: str = "") -> Path:
        """The file that says how a machine is; another one is as this one is now, but for its name."""
        file = self.folder / f"machine-{name or 'here'}.json"
        if not file.exists():
            replace(Machine.read(self.machine()), name=name).written(file)
        return file

    def change(self, machine: str = "", **changes: Any) -> None:
        """From now on it is so there."""
        file = self.machine(machine)
        replace(Machine.read(file), **changes).written(file)

    def passes(self, seconds: float) -> None:
        """So much time goes by."""
        assert isinstance(self.sandbox.clock, Hurried)
        self.sandbox.clock.passes(seconds)

    # -- what is typed --------------------------------------------------------------------------------------

    def begin(
        self, *words: str, machine: str = "", more: Mapping[str, Any] | None = None, **environment: str
    ) -> Running:
        """The command, which goes on running; `more` is for Popen."""
        command = [sys.executable, "-P", HURRIED, str(self.machine(machine)), *words, *self.options]
        self.started.append(Running(command, self.environment | environment, **more or {}))
        return self.last

    def type(self, *words: str, machine: str = "", **environment: str) -> Result:
        """The command, to its end."""
        return self.begin(*words, machine=machine, **environment).end()

    def status(self, id: str) -> dict[str, Any]:
        """`runbook status ID -o json`."""
        told = self.type("status", id, "-o", "json")
        assert told.code == 0, told.err
        document: dict[str, Any] = told.document
        return document

    def history(self, id: str) -> list[Event]:
        """Every event, in order; and the chain of records holds. Read here: what is printed is tested elsewhere."""
        store = open_store(self.place, clients=self.clients, clock=SystemClock())
        records = list(store.records(id))
        store.close()
        assert verify(records) is None
        return [event for record in records for event in events_of(record)]

    def events(self, id: str) -> list[str]:
        """Their names."""
        return [type(event).__name__ for event in self.history(id)]

    @contextmanager
    def closed(self) -> Iterator[None]:
        """The server is stopped, with all that it serves; then another is there at the same address."""
        self.front.stop()
        yield
        self.front = self.front.again()
        self.front.__enter__()

    def close(self) -> None:
        """Nothing of it goes on."""
        self.front.stop()
        for running in self.started:
            if running.process.returncode is None:
                running.kill()
            for stream in (running.process.stdout, running.process.stderr):
                if stream is not None:
                    stream.close()


def machines(folder: Path, speed: float) -> Hurried:
    """Writes how this machine is; the clock of the world, which does not jump."""
    for name in ("here", "world"):
        Machine(speed=speed).written(folder / f"machine-{name}.json")
    return Hurried(folder / "machine-world.json")
