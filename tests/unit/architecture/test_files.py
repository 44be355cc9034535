"""What no file may say, and what each pin must have."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.unit.architecture.source import FILES, ROOT

PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

NOT_TO_BE_SAID = (
    # cut in two, so that this file does not say them itself
    "py" + "pi.org",
    "python" + "hosted.org",
    "registry." + "npmjs",
    "deb." + "debian.org",
    "--index" + "-url=",
    "--extra-index" + "-url",
    "--find" + "-links",
    "file:" + "///",
    "/wo" + "rk/",
    "/ro" + "ot/",
)


def test_no_file_names_an_index_or_this_machine() -> None:
    said = []
    for path in FILES:
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        said += [f"{path}: {phrase}" for phrase in NOT_TO_BE_SAID if phrase in text]
    assert not said


def test_pins_have_hashes() -> None:
    for path in FILES:
        if path.startswith("requirements/") and path.endswith(".txt"):
            text = (ROOT / path).read_text(encoding="utf-8")
            pins = [block for block in text.split("\n") if block and block[0].isalpha()]
            assert pins, path
            assert all("==" in pin and pin.endswith("\\") for pin in pins), path


def pinned(path: str) -> set[str]:
    """The normalised names of the packages that the file pins."""
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    return {re.sub(r"[-_.]+", "-", line.partition("==")[0]).lower() for line in lines if "==" in line}


@pytest.mark.parametrize("group", PYPROJECT["dependency-groups"])
def test_a_dependency_group_is_pinned(group: str) -> None:
    """In a file of its own: `make constraints` writes it."""
    files = [
        path for path in FILES if Path(path).name == f"{group}.txt" and path.startswith(("requirements/", "bench/"))
    ]
    assert len(files) == 1
    names = [re.split(r"[^\w.-]", one)[0] for one in PYPROJECT["dependency-groups"][group]]
    assert {re.sub(r"[-_.]+", "-", name).lower() for name in names} <= pinned(files[0])


@pytest.mark.parametrize("package", PYPROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])
def test_a_package_of_the_wheel_says_that_it_is_typed(package: str) -> None:
    """Without `py.typed`, mypy ignores the types of an installed package."""
    assert f"{package}/py.typed" in FILES
