"""`python -m actions.sandbox.http`: the sandbox as a server, for any client of AWS that takes `--endpoint-url`.

    python -m actions.sandbox.http --port 4566 --world world.yaml --file /tmp/world --tick 30

It prints its URL, and serves until it gets SIGINT or SIGTERM.
"""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from typing import Final

from actions.sandbox import DEMO, Sandbox, read_file
from actions.sandbox.http.server import SandboxServer
from engine.clock import Clock, SystemClock, VirtualClock
from engine.errors import RunbookError

_ENDS: Final = frozenset({signal.SIGINT, signal.SIGTERM})


class FastClock(VirtualClock):
    """Virtual time that also passes by itself, `speed` times as fast as the machine's."""

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
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (default: any free port)")
    parser.add_argument(
        "--world", type=Path, default=DEMO, help="YAML file with `world` and `script` (default: the demo)"
    )
    parser.add_argument("--file", type=Path, help="file that keeps the world for the next process")
    passing = parser.add_mutually_exclusive_group()
    passing.add_argument(
        "--speed", type=float, help="seconds that pass in the sandbox per second; without it, time stands still"
    )
    passing.add_argument("--tick", type=float, default=0.0, help="seconds that pass with every call")
    return parser.parse_args(words)


def main(words: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; the exit code."""
    options = _options(words)
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)  # in all threads, so that `sigwait` gets them
    machine = SystemClock()  # starts at the machine's time, which clients sign their requests with
    clock = VirtualClock(machine.now()) if options.speed is None else FastClock(options.speed, machine)
    try:
        world, script = read_file(options.world)
        sandbox = Sandbox(world, script=script, file=options.file, clock=clock)
        with SandboxServer(sandbox, port=options.port, tick=options.tick) as server:
            print(server.url, flush=True)  # noqa: T201 - what a command does is print
            signal.sigwait(_ENDS)
    except RunbookError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201 - the same
        return error.exit_code
    except OSError as error:
        print(f"error: port {options.port}: {error.strerror}", file=sys.stderr)  # noqa: T201 - the same
        return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
