"""Flag, environment, project file, user file, default: the first that says something."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.cli.config import load_config, profile_region
from engine.cli.options import Options, resolve_options
from tests.cli.commands import Ask, written

FORMATS = ("text", "json")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Every place says another store."""
    written(tmp_path / "runbook.toml", 'store = "sqlite:project.db"\nregion = "eu-west-1"\n')
    (tmp_path / "config" / "runbook").mkdir(parents=True)
    written(tmp_path / "config" / "runbook" / "config.toml", 'store = "sqlite:user.db"\nprofile = "mine"\n')
    return {"XDG_CONFIG_HOME": str(tmp_path / "config"), "RUNBOOK_STORE": "sqlite:environment.db"}


def test_the_flag_first(environ: dict[str, str]) -> None:
    assert resolve_options({"store": "sqlite:flag.db"}, FORMATS, environ).store == "sqlite:flag.db"


def test_then_the_environment(environ: dict[str, str]) -> None:
    assert resolve_options({}, FORMATS, environ).store == "sqlite:environment.db"


def test_then_the_project(environ: dict[str, str]) -> None:
    del environ["RUNBOOK_STORE"]
    assert resolve_options({}, FORMATS, environ).store == "sqlite:project.db"


def test_then_the_user(environ: dict[str, str], tmp_path: Path) -> None:
    del environ["RUNBOOK_STORE"]
    (tmp_path / "runbook.toml").unlink()
    assert resolve_options({}, FORMATS, environ).store == "sqlite:user.db"


def test_then_nothing(tmp_path: Path) -> None:
    assert resolve_options({}, FORMATS, {"XDG_CONFIG_HOME": str(tmp_path / "nowhere")}) == Options()


def test_each_value_by_itself(environ: dict[str, str]) -> None:
    told = resolve_options({}, FORMATS, environ)
    assert (told.region, told.profile) == ("eu-west-1", "mine")


def test_the_project_is_found_from_a_folder_in_it(environ: dict[str, str], tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert load_config(environ, inner).value("store") == "sqlite:project.db"


@pytest.mark.parametrize(
    ("project", "user", "protected"),
    [
        ("", "", ("*prod*",)),
        ("protected = ['a*']", "", ("a*",)),
        ("protected = ['a*']", "protected = ['b*', 'a*']", ("a*", "b*")),
        ("protected = []", "", ()),
    ],
)
def test_patterns_add_up(tmp_path: Path, project: str, user: str, protected: tuple[str, ...]) -> None:
    (tmp_path / "config" / "runbook").mkdir(parents=True)
    written(tmp_path / "runbook.toml", project)
    written(tmp_path / "config" / "runbook" / "config.toml", user)
    assert load_config({"XDG_CONFIG_HOME": str(tmp_path / "config")}).protected == protected


@pytest.mark.parametrize(
    ("environ", "region"),
    [
        ({"RUNBOOK_REGION": "eu-west-3", "AWS_REGION": "us-east-2"}, "eu-west-3"),
        ({"AWS_REGION": "us-east-2", "AWS_DEFAULT_REGION": "us-west-1"}, "us-east-2"),
        ({"AWS_DEFAULT_REGION": "us-west-1"}, "us-west-1"),
    ],
)
def test_awss_own_variables_are_obeyed(tmp_path: Path, environ: dict[str, str], region: str) -> None:
    assert resolve_options({}, FORMATS, environ | {"XDG_CONFIG_HOME": str(tmp_path)}).region == region


def test_the_region_of_a_profile(tmp_path: Path) -> None:
    text = "[default]\nregion = us-east-1\n[profile there]\nregion=eu-central-1\n[profile bare]\n"
    config = {"AWS_CONFIG_FILE": written(tmp_path / "config.ini", text)}
    assert profile_region("", config) == "us-east-1"
    assert profile_region("there", config) == "eu-central-1"
    assert profile_region("bare", config) == ""
    assert profile_region("", config | {"AWS_PROFILE": "there"}) == "eu-central-1"
    assert profile_region("", {"AWS_CONFIG_FILE": str(tmp_path / "nothing")}) == ""


def test_a_store_of_the_environment_is_used(
    ask: Ask, few: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNBOOK_STORE", f"sqlite:{tmp_path / 'environment.db'}")
    told = ask("run", few, "--operation-id", "op")
    assert (tmp_path / "environment.db").exists()
    assert "only this machine" not in told.err
    assert "  approve and continue:             runbook resume op" in told.err.splitlines()


def test_what_was_typed_is_in_what_to_type_next(ask: Ask, few: str, tmp_path: Path) -> None:
    place = f"sqlite:{tmp_path / 'a b.db'}"
    told = ask("run", few, "--operation-id", "op", "--store", place, "--region", "eu-west-1")
    assert (
        f"  approve and continue:             runbook resume op --store '{place}' --region eu-west-1"
        in told.err.splitlines()
    )
