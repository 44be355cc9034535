"""What somebody meets in the first hour."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.commands import INPUTS, RESTORE, RUNBOOK, Cli, Store, start_held_with_copy, world, write_file


def test_a_new_try_in_the_sandbox_ends_the_held_one(cli: Cli, tmp_path, store: Store) -> None:
    broken = start_held_with_copy(cli, tmp_path, store)
    result = cli("run", RESTORE, *INPUTS, "--sandbox", *store, "--yes", "--operation-id", "next")
    assert result.code == 0, result.err
    assert "sandbox: ended operation op, which held and had the lock" in result.err
    assert cli("status", "op", broken, *store, "-o", "json").document["status"] == "CANCELLED"


def test_a_real_operation_that_holds_keeps_its_lock(cli: Cli, tmp_path, store: Store) -> None:
    file = tmp_path / "locked.yaml"
    file.write_text("runbook: locked\nlock: one\nsteps:\n  - {id: ask, hold: a person}\n", encoding="utf-8")
    assert cli("run", str(file), *store, "--operation-id", "op").code == 5
    for sandbox in ((), ("--sandbox",)):
        result = cli("run", str(file), *sandbox, *store, "--operation-id", f"next{len(sandbox)}")
        assert result.code == 6
        assert "operation op has the lock one" in result.err
    assert cli("status", "op", *store, "-o", "json").document["status"] == "HELD"


WORLDS = Path(__file__).with_name("inputs") / "worlds"
SCRIPTS = {
    "ty.yaml": "there is no step or call `restore-snapshto`; did you mean `restore-snapshot`?",
    "ty2.yaml": "restore-snapshot: there is no error `InvalidVpcConfig`; expected one of: InvalidVPCConfiguration, ",
    "ty3.yaml": "network-check: there is no status `broken`",
    "ty4.yaml": "there is no step or call `kms-check`",
    "ty5.yaml": "there is no step or call `rds.DescribeDBClusterss`; did you mean `rds.DescribeDBClusters`?",
    "ty6.yaml": "restore-snapshot: there is no status `falied`; did you mean `failed`?",
}


@pytest.mark.parametrize("world", list(SCRIPTS))
def test_a_misspelt_script_is_refused(cli: Cli, store: Store, world: str) -> None:
    sandbox = f"--sandbox={WORLDS / world}"
    result = cli("run", RESTORE, "-i", "snapshot=daily", "-i", "cluster=orders", sandbox, *store, "--yes")
    assert result.code == 2
    assert SCRIPTS[world] in result.err


def test_what_a_script_never_used_is_told(cli: Cli, tmp_path: Path, store: Store) -> None:
    script = "{copy-snapshot: [copying, failed x2], old: [ok x3], network-check: [wrong]}"
    result = cli("run", RESTORE, *INPUTS, world(tmp_path, script), *store, "--yes")
    assert result.code == 0, result.err
    assert "sandbox: the script's entry old: ok x3 was never used" in result.err
    assert "sandbox: the script's entry network-check: wrong was never used" in result.err
    assert "copy-snapshot: failed" not in result.err


def test_a_runbook_in_place_of_a_world(cli: Cli, store: Store) -> None:
    taken = cli("run", "--sandbox", RESTORE, *store)
    assert taken.code == 2
    assert f"`--sandbox {RESTORE}` names the file of a world; write `{RESTORE} --sandbox`" in taken.err
    given = cli("run", RESTORE, *INPUTS, "--sandbox", RESTORE, *store, "--yes")
    assert given.code == 2
    assert "is a runbook, and `--sandbox` takes the file of a world" in given.err


def test_an_action_in_another_spelling_is_suggested(cli: Cli, tmp_path: Path) -> None:
    for name in (
        "aws.rds.ModifyDBCluster",
        "rds.modify_db_cluster",
        "aws.rds.modify_db_clusters",
        "aws.rsd.modify_db_cluster",
    ):
        file = write_file(tmp_path / "a.yaml", f"runbook: a\nregion: us-east-1\nsteps:\n  - {{id: b, call: {name}}}\n")
        assert "did you mean `aws.rds.modify_db_cluster`?" in cli("validate", file).out, name


def test_members_that_only_the_sdk_knows_are_accepted(cli: Cli) -> None:
    folder = Path(__file__).with_name("inputs") / "rds-instance-snapshot"
    for file in ("runbook.yaml", "without-source-region.yaml"):
        assert cli("validate", str(folder / file)).code == 0


ITEMS = """\
runbook: items
region: us-west-2
steps:
  - id: instances
    for_each: [a, b]
    ensure: rds.instance
    with: {name: "${each}", cluster: orders, class: db.r6g.large}
    undo: keep
  - {id: last, wait: 0s}
"""


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("instances[x]", "instances[x] names no item of instances: write a number from 0 on, such as `instances[0]`"),
        ("instances[-1]", "instances[-1] names no item of instances"),
        ("instances[01]", "instances[01] names no item of instances"),
        ("instances[0][1]", "instances[0][1] names no item of instances"),
        ("last[0]", "last is no `for_each`, so it has no items: write `last`"),
    ],
)
def test_an_entry_of_a_script_names_an_item_that_can_be(
    cli: Cli, tmp_path: Path, store: Store, key: str, expected: str
) -> None:
    world = write_file(tmp_path / "w.yaml", f'world: {{}}\nscript:\n  "{key}": [InsufficientDBInstanceCapacity]\n')
    result = cli("run", write_file(tmp_path / "items.yaml", ITEMS), "--sandbox", world, *store)
    assert result.code == 2
    assert expected in result.err


def test_commands_name_the_world_that_was_typed(cli: Cli, tmp_path: Path, store: Store) -> None:
    broken = start_held_with_copy(cli, tmp_path, store)
    hint = cli("status", "op", broken, *store).err
    assert f"runbook resume op {' '.join(store)} {broken}" in hint


NO_HOME = """
import os, sys
from engine.cli.main import main
main(["list", "--store", "memory:"])  # imports everything while it can be read
os.chdir("/")
os.setgid(54321)
os.setuid(54321)
os.environ.clear()
sys.exit(main(["list"]))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user that is in no list of users")
def test_a_user_without_a_home_is_asked_for_a_place() -> None:
    done = subprocess.run([sys.executable, "-c", NO_HOME], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 4, done.stderr
    assert "this user has no home folder; name a place with --store or RUNBOOK_STORE" in done.stderr


def asked(tmp_path: Path, store: Store, answer: bytes) -> tuple[int, str]:
    """Run a restore on a terminal, and type the answer at its question. The exit code, and what the terminal shows."""
    command = [RUNBOOK, "run", RESTORE, *INPUTS, "--sandbox", *store, "--operation-id", "op"]
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execv(RUNBOOK, command)
    shown = b""
    while b"[y/N]" not in shown:
        shown += os.read(terminal, 4096)
    os.write(terminal, answer)
    with suppress(OSError):  # Linux: the other side of the terminal is closed
        while part := os.read(terminal, 4096):
            shown += part
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode().replace("\r\n", "\n")


def test_ctrl_c_at_a_question_ends_at_once(cli: Cli, tmp_path: Path, store: Store) -> None:
    code, shown = asked(tmp_path, store, b"\x03")
    assert code == 130
    assert shown.rstrip().endswith("^C")
    assert "resume" not in shown
    assert "no operation" in cli("list", *store).err


def test_the_end_of_input_at_a_question_is_no(tmp_path: Path, store: Store) -> None:
    code, shown = asked(tmp_path, store, b"\x04")
    assert code == 2
    assert "[y/N] \nerror: not confirmed" in shown


@pytest.mark.parametrize("name", ["ConnectionTimeout", "InvalidCondition", "TruncatedReply", "ServerError", "Http503"])
def test_the_tools_own_errors_are_explained(cli: Cli, name: str) -> None:
    result = cli("explain", name)
    assert result.code == 0
    assert "what it means: " in result.out


def test_an_explanation_does_not_repeat_its_sources(cli: Cli) -> None:
    sources = [line for line in cli("explain", "InvalidVPCConfiguration").out.splitlines() if "source:" in line]
    assert len(sources) == len(set(sources))
