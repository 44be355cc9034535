"""The lease and real processes: alive, killed, not yet waited for, and with a name that misleads."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from engine.clock import SystemClock
from engine.errors import Busy
from engine.stores.lease import StoreLease, start_of, this_process
from engine.stores.sqlite import SqliteStore
from tests.stores.values import lease

pytestmark = pytest.mark.integration


def test_this_process_is_alive_and_a_killed_child_is_dead() -> None:
    here = this_process("ana")
    assert here.pid == os.getpid()
    assert here.host
    assert here.started.isdigit()
    assert here.boot.count("/") == 1
    assert "pid:[" in here.boot
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    started = start_of(child.pid)
    assert started
    assert int(started) >= int(here.started)
    theirs = lease(pid=child.pid, started=started, boot=here.boot)
    assert here.owner_state(theirs) == "alive"
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert here.owner_state(theirs) == "dead"  # a zombie: not yet waited for
    child.communicate()
    assert here.owner_state(theirs) == "dead"
    assert here.owner_state(lease(pid=here.pid, started=here.started, boot=here.boot)) == "alive"
    assert here.owner_state(lease(pid=here.pid, started="1", boot=here.boot)) == "dead"
    assert here.owner_state(lease(pid=here.pid, started="", boot=here.boot)) == "unknown"


def test_a_name_with_brackets_does_not_mislead() -> None:
    script = "import sys; open('/proc/self/comm', 'w').write('a) Z (b'); print(1, flush=True); input()"
    child = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.readline()
    started = start_of(child.pid)
    assert started is not None
    assert started.isdigit()
    child.communicate(b"\n")
    assert start_of(child.pid) is None


@pytest.fixture
def unshared() -> list[str]:
    """Before a command: a process namespace of its own, with the /proc of this one."""
    command = ["unshare", "--user", "--map-root-user", "--pid", "--fork"]
    if shutil.which("unshare") is None or subprocess.run([*command, "true"], capture_output=True).returncode:
        pytest.skip("no right to make a process namespace here")
    return command


def test_where_proc_is_another_namespaces_nobody_is_called_dead(unshared: list[str]) -> None:
    script = "from engine.stores.lease import this_process; print(repr(this_process('ana').boot))"
    told = subprocess.run([*unshared, sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout == "''\n"
    here = this_process("ana")
    there = lease(pid=1, started="1", boot="")
    assert here.owner_state(there) == "unknown"


def test_a_killed_runner_is_succeeded_at_once(tmp_path) -> None:
    script = f"""
from pathlib import Path
from engine.clock import SystemClock
from engine.stores.lease import StoreLease, this_process
from engine.stores.sqlite import SqliteStore
store = SqliteStore(Path({str(tmp_path / "operations.db")!r}))
StoreLease(store, "op-1", SystemClock(), this_process("ana")).acquire()
print("taken", flush=True)
input()
"""
    child = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"taken\n"
    store = SqliteStore(tmp_path / "operations.db")
    ours = StoreLease(store, "op-1", SystemClock(), this_process("bob"))
    with pytest.raises(Busy, match="being run by ana"):
        ours.acquire()
    child.kill()
    child.communicate()
    assert ours.acquire() is False
    ours.release()
    store.close()
