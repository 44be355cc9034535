"""`python -m actions.sandbox.http`: the sandbox as a process of its own, for real clients on `--endpoint-url`.

    python -m actions.sandbox.http --port 4566 --world world.yaml --file /tmp/world --tick 30

Prints its address, and serves until it is interrupted.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import Final

from actions.sandbox import DEMO, Sandbox, read_file
from actions.sandbox.http.server import Served
from engine.clock import Clock, SystemClock, VirtualClock
from engine.errors import RunbookError

_ENDS: Final = frozenset({signal.SIGINT, signal.SIGTERM})


class FastClock(VirtualClock):
    """Time that passes `speed` times as fast as the machine's, and besides when somebody sleeps."""

    def __init__(self, speed: float, machine: Clock) -> None:
        super().__init__(machine.now())
        self._speed = speed
        self._machine = machine
        self._began = machine.boot()

    def now(self) -> float:
        return super().now() + (self._machine.boot() - self._began) * self._speed

    def boot(self) -> float:
        return self.now()


def _options(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m actions.sandbox.http", description="A pretend AWS over HTTP.")
    parser.add_argument("--port", type=int, default=0, help="on the loopback; 0, the default: any that is free")
    parser.add_argument("--world", type=Path, default=DEMO, help="a YAML file with `world` and `script` (the demo's)")
    parser.add_argument("--file", type=Path, help="where the world is kept, and found again by the next process")
    passing = parser.add_mutually_exclusive_group()
    passing.add_argument("--speed", type=float, help="seconds there for a second here; without it time stands still")
    passing.add_argument("--tick", type=float, default=0.0, help="seconds that pass with every call")
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; the exit code."""
    told = _options(words)
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)  # in every thread: one waits for them
    machine = SystemClock()  # its clients tell time by it too
    clock = VirtualClock(machine.now()) if told.speed is None else FastClock(told.speed, machine)
    try:
        world, script = read_file(told.world)
        sandbox = Sandbox(world, script=script, file=told.file, clock=clock)
        with Served(sandbox, port=told.port, tick=told.tick) as served:
            print(served.url, flush=True)  # noqa: T201 - what a command does is print
            signal.sigwait(_ENDS)
    except RunbookError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - the same
        return error.exit_code
    except OSError as error:
        print(f"error: port {told.port}: {error.strerror}", file=sys.stderr)  # noqa: T201 - the same
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
