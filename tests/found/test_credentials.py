"""Credentials that are not there, or that somebody must be asked for."""

from __future__ import annotations

import os
import pty
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.commands import RUNBOOK, Cli, Store, write_file

LOOK = "runbook: look\nregion: us-west-2\nsteps:\n  - {id: old, check: rds.cluster, with: {name: orders}}\n"
PROFILES = """\
[profile base]
aws_access_key_id = testing
aws_secret_access_key = testing
[profile mfa]
role_arn = arn:aws:iam::123456789012:role/restore
source_profile = base
mfa_serial = arn:aws:iam::123456789012:mfa/somebody
"""


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", write_file(tmp_path / "aws-config", PROFILES))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    return write_file(tmp_path / "look.yaml", LOOK)


def test_no_credentials_at_the_start(process: Cli, look: str, store: Store) -> None:
    result = process("run", look, *store, "--operation-id", "op")
    assert result.code == 4
    assert "Unable to locate credentials; log in (" in result.err
    assert "Nothing was started" in result.err
    assert "resume" not in result.err
    assert "no operation" in process("list", *store).err


@pytest.mark.parametrize("words", [(), ("--no-input",)])
def test_nobody_can_be_asked_for_a_code(process: Cli, look: str, store: Store, words: tuple[str, ...]) -> None:
    """Stdin is no terminal, or `--no-input` was given: it ends at once, and says why."""
    result = process("run", look, *store, "--profile", "mfa", *words)
    assert result.code == 4
    assert "the profile needs a code (Enter MFA code for arn:aws:iam::123456789012:mfa/somebody)" in result.err
    assert "Nothing was started" in result.err


def test_no_input_does_not_wait_on_a_terminal(look: str, store: Store) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(RUNBOOK, [RUNBOOK, "run", look, *store, "--profile", "mfa", "--no-input"])
    shown = b""
    with suppress(OSError):
        while part := os.read(terminal, 4096):
            shown += part
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 4
    assert b"nobody can be asked for it here" in shown


def test_ctrl_c_at_the_question_for_a_code_ends_at_once(process: Cli, look: str, store: Store) -> None:
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(RUNBOOK, [RUNBOOK, "run", look, *store, "--profile", "mfa"])
    shown = b""
    while b"Enter MFA code" not in shown:
        shown += os.read(terminal, 4096)
    os.write(terminal, b"\x03")
    with suppress(OSError):
        while part := os.read(terminal, 4096):
            shown += part
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 130
    assert b"interrupted; nothing was started" in shown
    assert b"resume" not in shown
    assert "no operation" in process("list", *store).err


def test_a_credential_process_that_fails_without_a_word(
    process: Cli, look: str, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = write_file(tmp_path / "silent", "[profile silent]\ncredential_process = /bin/false\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", profile)
    result = process("run", look, *store, "--profile", "silent")
    assert result.code == 4
    assert "from custom-process: it failed and gave no reason; log in (" in result.err


def test_a_region_is_asked_for_before_anything_is_recorded(
    cli: Cli, tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "RUNBOOK_REGION"):
        monkeypatch.delenv(name, raising=False)
    file = write_file(tmp_path / "look.yaml", LOOK.replace("region: us-west-2\n", ""))
    result = cli("run", file, *store)
    assert result.code == 2
    assert "step old needs a region, and none is set" in result.err
    assert "no operation" in cli("list", *store).err
