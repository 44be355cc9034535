"""The value of an option comes from the first that sets it: flag, environment, project file, user file, default."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.config import load_config, profile_region, read_config
from engine.cli.options import Options, resolve_options
from engine.cli.trusted_files import record_trust
from tests.cli.commands import Cli, write_file

FORMATS = ("text", "json")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment and files that each set another store."""
    project = write_file(tmp_path / "runbook.toml", 'store = "sqlite:project.db"\nregion = "eu-west-1"\n')
    (tmp_path / "config" / "runbook").mkdir(parents=True)
    write_file(tmp_path / "config" / "runbook" / "config.toml", 'store = "sqlite:user.db"\nprofile = "mine"\n')
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "config"), "RUNBOOK_STORE": "sqlite:environment.db"}
    record_trust(read_config(Path(project), needs_trust=True), environ)
    return environ


def test_a_flag_comes_first(environ: dict[str, str]) -> None:
    assert resolve_options({"store": "sqlite:flag.db"}, FORMATS, environ).store == "sqlite:flag.db"


def test_the_environment_comes_second(environ: dict[str, str]) -> None:
    assert resolve_options({}, FORMATS, environ).store == "sqlite:environment.db"


def test_the_project_file_comes_third(environ: dict[str, str], tmp_path: Path) -> None:
    del environ["RUNBOOK_STORE"]
    assert resolve_options({}, FORMATS, environ).store == f"sqlite:{tmp_path / 'project.db'}"


def test_the_user_file_comes_fourth(environ: dict[str, str], tmp_path: Path) -> None:
    del environ["RUNBOOK_STORE"]
    (tmp_path / "runbook.toml").unlink()
    assert resolve_options({}, FORMATS, environ).store == f"sqlite:{tmp_path / 'config' / 'runbook' / 'user.db'}"


def test_the_default_comes_last(tmp_path: Path) -> None:
    assert resolve_options({}, FORMATS, {"XDG_CONFIG_HOME": str(tmp_path / "nowhere")}) == Options()


def test_each_value_is_resolved_separately(environ: dict[str, str]) -> None:
    result = resolve_options({}, FORMATS, environ)
    assert (result.region, result.profile) == ("eu-west-1", "mine")


def test_the_project_file_is_found_from_a_folder_below(environ: dict[str, str], tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    found = load_config(environ, inner).source("store")
    assert found is not None
    assert (found.path, found.value("store")) == (tmp_path / "runbook.toml", f"sqlite:{tmp_path / 'project.db'}")


@pytest.mark.parametrize(
    ("project", "user", "protected"),
    [
        ("", "", ("*prod*",)),
        ("protected = ['a*']", "", ("*prod*", "a*")),
        ("protected = ['a*']", "protected = ['b*', 'a*']", ("*prod*", "a*", "b*")),
        ("protected = []", "", ("*prod*",)),
    ],
)
def test_protected_patterns_add_up(tmp_path: Path, project: str, user: str, protected: tuple[str, ...]) -> None:
    (tmp_path / "config" / "runbook").mkdir(parents=True)
    write_file(tmp_path / "runbook.toml", project)
    write_file(tmp_path / "config" / "runbook" / "config.toml", user)
    assert load_config({"XDG_CONFIG_HOME": str(tmp_path / "config")}).protected == protected


@pytest.mark.parametrize(
    ("environ", "region"),
    [
        ({"RUNBOOK_REGION": "eu-west-3", "AWS_REGION": "us-east-2"}, "eu-west-3"),
        ({"AWS_REGION": "us-east-2", "AWS_DEFAULT_REGION": "us-west-1"}, "us-east-2"),
        ({"AWS_DEFAULT_REGION": "us-west-1"}, "us-west-1"),
    ],
)
def test_the_region_variables_of_aws(tmp_path: Path, environ: dict[str, str], region: str) -> None:
    assert resolve_options({}, FORMATS, environ | {"XDG_CONFIG_HOME": str(tmp_path)}).region == region


def test_the_region_of_a_profile(tmp_path: Path) -> None:
    text = "[default]\nregion = us-east-1\n[profile there]\nregion=eu-central-1\n[profile bare]\n"
    config = {"AWS_CONFIG_FILE": write_file(tmp_path / "config.ini", text)}
    assert profile_region("", config) == "us-east-1"
    assert profile_region("there", config) == "eu-central-1"
    assert profile_region("bare", config) == ""
    assert profile_region("", config | {"AWS_PROFILE": "there"}) == "eu-central-1"
    assert profile_region("", {"AWS_CONFIG_FILE": str(tmp_path / "nothing")}) == ""


def test_a_store_of_the_environment_is_used(
    cli: Cli, few: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNBOOK_STORE", f"sqlite:{tmp_path / 'environment.db'}")
    result = cli("run", few, "--operation-id", "op")
    assert (tmp_path / "environment.db").exists()
    assert "only this machine" not in result.err
    assert "  approve and continue:             runbook resume op" in result.err.splitlines()


def test_suggested_commands_repeat_the_options(cli: Cli, few: str, tmp_path: Path) -> None:
    place = f"sqlite:{tmp_path / 'a b.db'}"
    result = cli("run", few, "--operation-id", "op", "--store", place, "--region", "eu-west-1")
    assert (
        f"  approve and continue:             runbook resume op --store '{place}' --region eu-west-1"
        in result.err.splitlines()
    )
