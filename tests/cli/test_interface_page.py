"""docs/interface.md: the keys, statuses and exit codes that it lists are those of the schemas and of the program."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from engine import errors

ROOT: Final = Path(__file__).resolve().parents[2]
PAGE: Final = (ROOT / "docs" / "interface.md").read_text(encoding="utf-8")


def section(heading: str) -> str:
    return PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]


def bullet(beginning: str) -> str:
    """One point of the list below the status document."""
    (found,) = [one for one in section("Status document").split("\n- ") if one.startswith(beginning)]
    return found


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
    return found


def words(text: str) -> set[str]:
    return set(re.findall(r"`([\w]+)(?:\[\])?`", text))


STATUS: Final = schema("status")["properties"]
ROWS: Final = [line.strip("|").split("|") for line in section("Status document").splitlines() if line.startswith("| `")]
BY_KEY: Final = {key: row[1] for row in ROWS for key in words(row[0])}


def test_every_key_of_the_status_document_is_listed() -> None:
    assert set(BY_KEY) == set(STATUS) - {"format"}


@pytest.mark.parametrize("key", ["status", "cleanup_status"])
def test_every_value_of_a_status_is_listed(key: str) -> None:
    assert {word for word in words(BY_KEY[key]) if word.isupper()} == set(STATUS[key]["enum"])


@pytest.mark.parametrize("key", ["steps", "resources", "hold", "runner", "notifications"])
def test_every_key_inside_is_listed(key: str) -> None:
    inside = STATUS[key].get("items") or STATUS[key]["oneOf"][1]
    assert words(BY_KEY[key]) == set(inside["properties"])


def test_every_kind_of_hold_is_listed() -> None:
    line = bullet("`hold.kind`")
    kinds = STATUS["hold"]["oneOf"][1]["properties"]["kind"]["enum"]
    assert words(line) - {"hold"} == set(kinds)


def test_every_status_of_a_step_is_listed() -> None:
    line = bullet("A step's status")
    assert words(line) == set(STATUS["steps"]["items"]["properties"]["status"]["enum"])


def test_every_key_of_a_finding_is_listed() -> None:
    finding = schema("findings")["properties"]["findings"]["items"]["properties"]
    (line,) = [line for line in section("Findings").split("\n\n") if line.startswith("`-o json` gives")]
    assert set(finding) <= words(line)


def test_every_exit_code_of_an_error_is_listed() -> None:
    listed = set(map(int, re.findall(r"^\| (\d+)", section("Exit codes"), re.MULTILINE)))
    raised = {
        one.exit_code for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.RunbookError)
    }
    assert raised <= listed
