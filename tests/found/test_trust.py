"""A `runbook.toml` of somebody else's in the working folder or above it: it decides nothing before it is trusted."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from tests.cli.commands import Cli, Result, write_file

KMS = "kms:arn:aws:kms:eu-west-1:123456789012:key/k"
SETTINGS = {
    "store": "sqlite:ops.db", "profile": "of-somebody", "region": "eu-west-1", "endpoint_url": "https://evil.example",
    "store_key": KMS,
}  # fmt: skip
NOBODY = 65534

ACTS: tuple[tuple[str, ...], ...] = (
    ("run", "few.yaml", "--operation-id", "op"), ("resume", "op"), ("restart", "op", "--from", "first"),
    ("cancel", "op"), ("cleanup", "op"), ("status", "op"), ("history", "op"), ("list",), ("orphans",),
    ("iam", "few.yaml"), ("store", "init"), ("store", "prune", "--ended-before", "30d"),
)  # fmt: skip
READS: tuple[tuple[str, ...], ...] = (
    ("validate", "few.yaml"), ("fmt", "--check", "few.yaml"), ("explain", "RB404"), ("explain", "few.yaml"),
    ("graph", "few.yaml"), ("schema",), ("actions",),
)  # fmt: skip


def project(folder: Path, **settings: object) -> Path:
    """A `runbook.toml` with these settings."""
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
    return Path(write_file(folder / "runbook.toml", "".join(lines)))


def refused(result: Result, *said: str) -> None:
    assert result.code == 2, (result.out, result.err)
    assert all(one in result.err for one in said), result.err


@pytest.mark.parametrize("command", ACTS, ids=" ".join)
@pytest.mark.parametrize("name", SETTINGS)
def test_what_needs_trust_refuses_a_command_that_would_use_it(
    cli: Cli, few: str, tmp_path: Path, command: tuple[str, ...], name: str
) -> None:
    file = project(tmp_path, **{name: SETTINGS[name]})
    refused(cli(*command), str(file), f"`{name}`", f"runbook trust {file}")
    assert not (tmp_path / "ops.db").exists()
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("command", READS, ids=" ".join)
def test_what_uses_no_store_and_no_aws_is_never_refused(
    cli: Cli, few: str, tmp_path: Path, command: tuple[str, ...]
) -> None:
    file = project(tmp_path, **SETTINGS | {"endpoint_url": "http://evil.example"})
    file.chmod(0o666)
    result = cli(*command)
    assert "runbook.toml" not in result.err
    assert result.code in (0, 1)


def test_a_file_above_counts_as_well(cli: Cli, few: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = project(tmp_path, **SETTINGS)
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    refused(cli("list"), str(file))


def test_a_trusted_file_is_obeyed_and_named_once(cli: Cli, few: str, tmp_path: Path) -> None:
    file = project(tmp_path, store="sqlite:ops.db", protected=["db-*"])
    assert cli("trust", "--yes").code == 0
    result = cli("run", few, "--operation-id", "op")
    assert result.code == 5
    assert (tmp_path / "ops.db").exists()
    line = f"from {file}: store sqlite:{tmp_path / 'ops.db'}, protected db-*"
    assert result.err.splitlines().count(line) == 1
    assert line not in cli("status", "op").err
    assert line not in cli("resume", "op", "--quiet").err


def test_a_relative_store_is_beside_its_file(
    cli: Cli, few: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project(tmp_path, store="sqlite:state/ops.db")
    assert cli("trust", "--yes").code == 0
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert cli("run", few, "--operation-id", "op").code == 5
    assert (tmp_path / "state" / "ops.db").exists()


def test_a_changed_file_must_be_trusted_again(cli: Cli, few: str, tmp_path: Path) -> None:
    file = project(tmp_path, store="sqlite:ops.db")
    assert cli("trust", str(file), "--yes").code == 0
    assert cli("list").code == 0
    project(tmp_path, store="sqlite:other.db")
    refused(cli("list"), "not trusted yet")
    assert cli("trust", "--yes").code == 0
    assert cli("list").code == 0


def test_trust_is_of_a_place_and_its_content(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same content elsewhere names another store, for its path is relative."""
    project(tmp_path, store="sqlite:ops.db")
    assert cli("trust", "--yes").code == 0
    (tmp_path / "theirs").mkdir()
    project(tmp_path / "theirs", store="sqlite:ops.db")
    monkeypatch.chdir(tmp_path / "theirs")
    refused(cli("list"), "not trusted yet")


def test_a_link_to_a_trusted_file_is_not_trusted(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = project(tmp_path, store="sqlite:ops.db")
    assert cli("trust", "--yes").code == 0
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "runbook.toml").symlink_to(mine)
    monkeypatch.chdir(tmp_path / "theirs")
    refused(cli("list"), "not trusted yet")


def test_trust_is_kept_in_the_users_folder(cli: Cli, tmp_path: Path) -> None:
    file = project(tmp_path, profile="mine")
    result = cli("trust", "--yes", "-o", "json")
    assert result.document["settings"] == {"profile": "mine"}
    kept = tmp_path / "config" / "runbook" / "trusted.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(kept.read_text())["files"] == {str(file): result.document["sha256"]}


def test_trust_asks(cli: Cli, tmp_path: Path) -> None:
    project(tmp_path, store="sqlite:ops.db")
    refused(cli("trust"), "add --yes", "store = sqlite:")
    refused(cli("list"), "not trusted yet")


@pytest.mark.parametrize("letter", ["\0", "\n", "\x1b", "\u202e"])
def test_a_setting_has_no_hidden_characters(cli: Cli, tmp_path: Path, letter: str) -> None:
    project(tmp_path, store=f"sqlite:ops{letter}.db")
    refused(cli("trust", "--yes"), "`store` has a control character")


def test_trust_needs_a_file(cli: Cli) -> None:
    refused(cli("trust"), "there is no runbook.toml")


def test_flags_and_variables_need_no_trust(cli: Cli, few: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path, store="sqlite:theirs.db", profile="theirs")
    mine = ("--store", f"sqlite:{tmp_path / 'mine.db'}")
    refused(cli("run", few, *mine), "`profile`")
    monkeypatch.setenv("RUNBOOK_PROFILE", "mine")
    assert cli("run", few, *mine).code == 5
    assert not (tmp_path / "theirs.db").exists()


def test_protected_patterns_and_the_stores_timeout_need_no_trust(cli: Cli, few: str, tmp_path: Path) -> None:
    project(tmp_path, protected=[], store_timeout="1m")
    assert cli("list").code == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example",
        "http://10.0.0.1:4566",
        "HTTP://evil.example",
        "evil.example",
        "http://[::1",
        "http://localhost@evil.example",
        "http://localhost.evil.example",
    ],
)
def test_an_endpoint_in_the_clear_is_refused_even_if_trusted(cli: Cli, tmp_path: Path, url: str) -> None:
    file = project(tmp_path, endpoint_url=url)
    refused(cli("trust", "--yes"), "must begin with https://")
    refused(cli("list"), str(file), "must begin with https://")


def test_a_users_own_file_and_options_may_name_any_endpoint(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "config" / "runbook").mkdir(parents=True)
    write_file(tmp_path / "config" / "runbook" / "config.toml", 'endpoint_url = "http://moto:5000"\n')
    assert cli("list").code == 0
    project(tmp_path, endpoint_url="http://evil.example")
    assert cli("list", "--endpoint-url", "http://moto:5000").code == 0


@pytest.mark.parametrize(
    "url", ["http://localhost:4566", "http://127.0.0.1:4566", "http://[::1]:1", "https://e.example"]
)
def test_an_endpoint_on_this_machine_or_by_https_can_be_trusted(cli: Cli, tmp_path: Path, url: str) -> None:
    project(tmp_path, endpoint_url=url)
    assert cli("trust", "--yes").code == 0
    assert cli("list").code == 0


def test_a_key_in_a_file_is_one_of_kms(cli: Cli, tmp_path: Path) -> None:
    project(tmp_path, store_key="a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=")
    result = cli("trust", "--yes")
    refused(result, "must be kms:ARN")
    assert "a2tra2tr" not in result.err


@pytest.mark.parametrize("what", ["file", "folder"])
@pytest.mark.parametrize("how", ["another user", "everybody"])
def test_a_file_that_others_could_write_is_refused(
    cli: Cli, few: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, how: str
) -> None:
    folder = tmp_path / "checkout"
    folder.mkdir()
    file = project(folder, store="sqlite:ops.db")
    monkeypatch.chdir(folder)
    assert cli("trust", "--yes").code == 0
    target = file if what == "file" else folder
    if how == "everybody":
        target.chmod(0o777)
    elif os.geteuid() == 0:
        os.chown(target, NOBODY, NOBODY)
    else:
        pytest.skip("only root can give a file away")
    refused(cli("list"), str(file), "`store`", "chown")
    refused(cli("trust", "--yes"), str(file))
    assert cli("validate", few).code == 0
    project(folder, protected=["db-*"])
    assert cli("list").code == 0


def test_a_hostile_name_stays_on_its_line(cli: Cli, tmp_path: Path) -> None:
    write_file(tmp_path / "runbook.toml", '"a\\n::error::b" = 1\n')
    result = cli("list")
    assert result.code == 2
    assert not any(line.lstrip().startswith("::") for line in result.err.splitlines())


@pytest.mark.parametrize("text", ["", "[]", '{"files": 1}', '{"files": {"x": null}}', "[" * 100_000])
def test_a_damaged_list_of_trusted_files_trusts_nothing(cli: Cli, tmp_path: Path, text: str) -> None:
    project(tmp_path, profile="mine")
    (tmp_path / "config" / "runbook").mkdir(parents=True)
    write_file(tmp_path / "config" / "runbook" / "trusted.json", text)
    assert cli("list").code == 2
