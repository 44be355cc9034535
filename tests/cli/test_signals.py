"""Ctrl-C, SIGTERM and SIGKILL sent to real processes, which can then be resumed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.cli.commands import INPUTS, LONG, RESTORE, RUNBOOK, Cli, write_file
from tests.process_output import read_until

Store = tuple[str, str]


class Running:
    """A running command, whose stderr is read line by line."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            [RUNBOOK, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        self.seen = ""

    def until(self, text: str) -> None:
        self.seen += read_until(self.process, text)

    def end(self) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=30)
        self.seen += err
        assert "Traceback" not in self.seen
        return self.process.returncode, out, self.seen


@pytest.fixture
def long(tmp_path: Path) -> str:
    return write_file(tmp_path / "long.yaml", LONG)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_stops_after_the_current_call(
    cli: Cli, long: str, store: Store, number: int, code: int
) -> None:
    running = Running("run", long, *store, "--operation-id", "op")
    running.until("waiting 1h")
    running.process.send_signal(number)
    ended, out, err = running.end()
    assert ended == code
    assert "stopping after the current call; repeat the signal (Ctrl-C) to exit at once" in err
    assert f"Next: runbook resume op {' '.join(store)}" in err
    assert out.startswith("op  IN_PROGRESS  long")
    document = cli("status", "op", *store, "-o", "json").document
    assert document["runner"] is None
    assert document["next"] == f"runbook resume op {' '.join(store)}"
    assert document["next_wake"] is not None


def test_an_interrupted_run_prints_one_json_document(long: str, store: Store) -> None:
    import json

    running = Running("run", long, *store, "-o", "json")
    running.until("waiting 1h")
    running.process.send_signal(signal.SIGINT)
    code, out, _ = running.end()
    assert code == 130
    assert json.loads(out)["status"] == "IN_PROGRESS"


def test_the_second_signal_exits_at_once(cli: Cli, long: str, store: Store) -> None:
    running = Running("run", long, *store, "--operation-id", "op")
    running.until("waiting 1h")
    running.process.send_signal(signal.SIGSTOP)  # so that both are there before the first is looked at
    running.process.send_signal(signal.SIGINT)
    running.process.send_signal(signal.SIGTERM)
    running.process.send_signal(signal.SIGCONT)
    code, _, err = running.end()
    assert code in (130, 143)
    assert f"Next: runbook resume op {' '.join(store)}" in err
    assert cli("status", "op", *store, "-o", "json").document["status"] == "IN_PROGRESS"


def test_resume_continues_an_interrupted_run(tmp_path: Path, cli: Cli, store: Store) -> None:
    file = write_file(tmp_path / "a.yaml", LONG.replace("1h", "2s"))
    running = Running("run", file, *store, "--operation-id", "op")
    running.until("waiting 2s")
    running.process.send_signal(signal.SIGINT)
    assert running.end()[0] == 130
    result = cli("resume", "op", *store)
    assert result.code == 0
    assert "first  done" not in result.err


def test_repeating_the_run_continues_it(tmp_path: Path, cli: Cli, store: Store) -> None:
    file = write_file(tmp_path / "a.yaml", LONG.replace("1h", "2s"))
    words = ("run", file, *store, "--operation-id", "op")
    running = Running(*words)
    running.until("waiting 2s")
    running.process.kill()
    running.process.communicate(timeout=30)
    result = cli(*words)
    assert result.code == 0
    assert "the previous runner exited without releasing it" in result.err


def test_a_killed_restore_is_resumed_by_another_process(process: Cli, sandbox: tuple[str, ...]) -> None:
    for number in range(3):  # on a busy machine it may be through before the signal comes
        id = f"op-{number}"
        running = Running("run", RESTORE, *INPUTS, *sandbox, "--yes", "--operation-id", id)
        running.until("restore-snapshot")
        running.process.kill()
        running.process.communicate(timeout=30)
        if running.process.returncode == -signal.SIGKILL:
            break
    result = process("resume", id, *sandbox, "-o", "json")
    assert result.code == 0
    assert [one["kind"] for one in result.document["resources"] if one["state"] == "delivered"] == [
        "rds.cluster", "rds.instance", "rds.instance",
    ]  # fmt: skip


def test_an_operation_with_a_live_runner_is_busy(cli: Cli, long: str, store: Store) -> None:
    running = Running("run", long, *store, "--operation-id", "op")
    running.until("waiting 1h")
    result = cli("resume", "op", *store)
    shown = cli("status", "op", *store)
    running.process.send_signal(signal.SIGINT)
    running.end()
    assert result.code == 6
    assert f"(process {running.process.pid})" in result.err
    assert f"(process {running.process.pid})" in shown.out
    assert "runbook history op --follow" in shown.err


def test_cancel_reaches_the_runner(cli: Cli, long: str, store: Store) -> None:
    running = Running("run", long, *store, "--operation-id", "op")
    running.until("waiting 1h")
    result = cli("cancel", "op", *store)
    code, out, err = running.end()
    assert result.code == 0
    assert code == 1
    assert "CANCELLED" in out
    assert "cancelled by" in err


def test_history_follows_another_runner(long: str, tmp_path: Path, store: Store) -> None:
    file = write_file(tmp_path / "a.yaml", LONG.replace("1h", "3s"))
    running = Running("run", file, *store, "--operation-id", "op")
    running.until("waiting 3s")
    result: list[str] = []

    def follow() -> None:
        done = subprocess.run(
            [RUNBOOK, "history", "op", "--follow", *store], capture_output=True, text=True, timeout=30, check=False
        )
        result.append(done.stdout)

    thread = threading.Thread(target=follow)
    thread.start()
    assert running.end()[0] == 0
    thread.join(timeout=30)
    assert result
    assert result[0].splitlines()[-1].endswith("SUCCEEDED")


def test_an_interrupt_before_anything_runs() -> None:
    running = Running("history", "nothing", "--store", "memory:")
    running.process.send_signal(signal.SIGINT)
    assert running.end()[0] in (130, -signal.SIGINT, 2)


WRITING = """
import os, select, signal, sys, threading
from engine.cli.output import terminal
from engine.cli.runner.signals import StopSignal

reader, writer = os.pipe()
sys.stderr = open(writer, "w")
main = threading.main_thread().ident

def interrupt():
    while select.select([], [writer], [], 0)[1]:
        pass
    signal.pthread_kill(main, signal.SIGINT)  # the pipe is full: the main thread is in the middle of a write
    while os.read(reader, 65536):
        pass

threading.Thread(target=interrupt, daemon=True).start()
stop = StopSignal()
with stop.installed(terminal.err):
    terminal.err("x" * 1_000_000)
os._exit(stop())
"""


def test_a_signal_in_the_middle_of_a_write_is_a_request_to_stop() -> None:
    done = subprocess.run([sys.executable, "-c", WRITING], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 130, done.stderr
    assert "stopping after the current call" in done.stderr
