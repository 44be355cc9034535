"""docs/kinds.md: every kind and action, with all of its parameters, attributes, statuses and errors."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from actions import build_registry
from actions.postgres.allowed_values import ERRORS

PAGE: Final = (Path(__file__).resolve().parents[2] / "docs" / "kinds.md").read_text(encoding="utf-8")
REGISTRY: Final = build_registry()
KINDS: Final = sorted(REGISTRY.kinds)
ACTIONS: Final = sorted(REGISTRY.actions)


def row(name: str) -> list[str]:
    """The cells of the first table row that begins with this name."""
    (line, *_) = [line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def names(cell: str) -> set[str]:
    return set() if cell == "–" else {name.strip("* ") for name in cell.split(",")}


@pytest.mark.parametrize("name", KINDS)
def test_the_page_describes_the_kind(name: str) -> None:
    kind = REGISTRY.kinds[name]
    _, verbs, params, attributes, _, data = row(name)
    assert names(verbs) == set(kind.facts.verbs)
    assert names(params) == set(kind.params)
    assert set(re.findall(r"\*\*(\w+)\*\*", params)) == set(kind.facts.identity)
    assert names(attributes) == set(kind.attributes)
    assert data == kind.facts.data


@pytest.mark.parametrize("name", [name for name in KINDS if REGISTRY.kinds[name].facts.verbs == ("check",)])
def test_the_page_lists_the_statuses_of_a_check(name: str) -> None:
    section = PAGE.partition("### Checks")[2].partition("## Tags")[0]
    lines = iter(section.splitlines())
    found = {}
    for line in lines:
        cells = [cell.strip(" `") for cell in line.strip("|").split("|")]
        if cells[0] == name or (found and cells[0] == ""):
            if len(cells) == 4:
                found[cells[1]] = cells[2]
        elif found:
            break
    assert found == {word: status.cls for word, status in REGISTRY.kinds[name].statuses.items()}


@pytest.mark.parametrize("name", ACTIONS)
def test_the_page_describes_the_action(name: str) -> None:
    action = REGISTRY.actions[name]
    _, params, output, _ = row(name)
    assert names(params) == set(action.params)
    assert names(output) == set(action.output)


def test_the_page_lists_the_errors_of_the_database() -> None:
    section = PAGE.partition("## Errors of the database")[2]
    listed = {
        name
        for line in section.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    assert listed == set(ERRORS)
