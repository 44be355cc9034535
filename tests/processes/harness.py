"""A harness that runs the command as real processes, over one store and one sandbox, and can kill and suspend them."""

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
from tests.process_output import read_until
from tests.processes.fast_clock import FastClock, Machine
from tests.processes.intercepting_server import InterceptingServer

FAST_CLOCK = str(Path(__file__).with_name("fast_clock.py"))
LONGEST = 60
"""Real seconds that a command may take on a busy machine."""


class RunningCommand:
    """A process that runs the command."""

    def __init__(self, words: list[str], environment: Mapping[str, str], **more: Any) -> None:
        self.process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment}, **more,
        )  # fmt: skip
        self.stderr = ""

    def read_until(self, text: str) -> None:
        """Read its stderr up to a line that contains the text."""
        self.stderr += read_until(self.process, text)

    def kill(self) -> None:
        """Send SIGKILL and wait until the process is gone."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Send SIGSTOP and wait until the process is suspended."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WNOWAIT)

    def wake(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def finish(self) -> Result:
        """Wait for its end."""
        out, err = self.process.communicate(timeout=LONGEST)
        self.stderr += err
        assert "Traceback" not in self.stderr, self.stderr
        return Result(code=self.process.returncode, out=out, err=self.stderr)


@dataclass(slots=True, kw_only=True)
class Harness:
    """One store, one sandbox, and processes on this machine and on pretended others, which have names."""

    folder: Path
    server: InterceptingServer
    store_url: str
    clients: Callable[[str], Any]
    environment: dict[str, str] = field(default_factory=dict)
    started: list[RunningCommand] = field(default_factory=list)

    @property
    def options(self) -> tuple[str, ...]:
        return "--store", self.store_url, "--endpoint-url", self.server.url

    @property
    def sandbox(self) -> Sandbox:
        return self.server.sandbox

    @property
    def last(self) -> RunningCommand:
        """The process that was started last."""
        return self.started[-1]

    # -- machines -------------------------------------------------------------------------------------------

    def machine(self, name: str = "") -> Path:
        """The file with a machine's settings; those of a new machine are copied from this one."""
        file = self.folder / f"machine-{name or 'here'}.json"
        if not file.exists():
            replace(Machine.read(self.machine()), name=name).write(file)
        return file

    def change(self, machine: str = "", **changes: Any) -> None:
        """Change settings of a machine, also for processes that run."""
        file = self.machine(machine)
        replace(Machine.read(file), **changes).write(file)

    def advance(self, seconds: float) -> None:
        """Let time pass on all machines and in the sandbox."""
        assert isinstance(self.sandbox.clock, FastClock)
        self.sandbox.clock.advance(seconds)

    # -- commands --------------------------------------------------------------------------------------

    def start(
        self, *words: str, machine: str = "", more: Mapping[str, Any] | None = None, **environment: str
    ) -> RunningCommand:
        """Start the command; `more` is passed to Popen."""
        command = [sys.executable, "-P", FAST_CLOCK, str(self.machine(machine)), *words, *self.options]
        self.started.append(RunningCommand(command, self.environment | environment, **more or {}))
        return self.last

    def run(self, *words: str, machine: str = "", **environment: str) -> Result:
        """Run the command to its end."""
        return self.start(*words, machine=machine, **environment).finish()

    def status(self, id: str) -> dict[str, Any]:
        """`runbook status ID -o json`."""
        result = self.run("status", id, "-o", "json")
        assert result.code == 0, result.err
        document: dict[str, Any] = result.document
        return document

    def history(self, id: str) -> list[Event]:
        """Every event in order, read from the store. Also checks the chain of digests."""
        store = open_store(self.store_url, clients=self.clients, clock=SystemClock())
        records = list(store.records(id))
        store.close()
        assert verify(records) is None
        return [event for record in records for event in events_of(record)]

    def events(self, id: str) -> list[str]:
        """The class names of all events."""
        return [type(event).__name__ for event in self.history(id)]

    @contextmanager
    def server_down(self) -> Iterator[None]:
        """Within, the server is stopped. Afterwards another one serves the same sandbox at the same address."""
        self.server.stop()
        yield
        self.server = self.server.restarted()
        self.server.__enter__()

    def close(self) -> None:
        """Stop the server and all processes."""
        self.server.stop()
        for running in self.started:
            if running.process.returncode is None:
                running.kill()
            for stream in (running.process.stdout, running.process.stderr):
                if stream is not None:
                    stream.close()


def machines(folder: Path, speed: float) -> FastClock:
    """Write the settings of this machine and of the sandbox's clock, which never jumps. Returns that clock."""
    for name in ("here", "world"):
        Machine(speed=speed).write(folder / f"machine-{name}.json")
    return FastClock(folder / "machine-world.json")
