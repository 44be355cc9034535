"""README.md: every command in it works, and it shows the current output."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def readme(root: Path) -> ModuleType:
    """`.ci/readme.py`."""
    spec = importlib.util.spec_from_file_location("readme", root / ".ci" / "readme.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["readme"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["README.md", "runbooks/README.md"])
def test_its_commands_work_and_its_screens_are_true(readme: ModuleType, root: Path, page: str) -> None:
    text = (root / page).read_text(encoding="utf-8")
    assert readme.updated(text) == text


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("```sh\ntrue  # well\n```", "```sh\ntrue  # well\n```"),
        ("```console\n$ echo new\nold\n```", "```console\n$ echo new\nnew\n```"),
        ("```yaml\n- id: a\n```", "```yaml\n- id: a\n```"),
        ("<!-- $ echo new -->\n```mermaid\nold\n```", "<!-- $ echo new -->\n```mermaid\nnew\n```"),
        ("```sh\nmake test\n```", "```sh\nmake test\n```"),
    ],
)
def test_blocks(readme: ModuleType, page: str, expected: str) -> None:
    assert readme.updated(page) == expected


@pytest.mark.parametrize(
    "page",
    [
        "```sh\nfalse\n```",
        "```sh\nmake nothing-of-that-name\n```",
        "```sh\ntrue  # exit code 5\n```",
        "```sh\necho one\n```\n```text\ntwo\n```",
        "```diff\n--- runbooks/restore.yaml\n-no such line\n```",
    ],
)
def test_a_command_that_fails_is_told(readme: ModuleType, page: str) -> None:
    with pytest.raises(readme.CommandFailed):
        readme.updated(page)


def test_the_steps_shown_are_those_of_the_runbook(root: Path) -> None:
    shown = (root / "README.md").read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    assert shown in (root / "runbooks" / "restore.yaml").read_text(encoding="utf-8")
