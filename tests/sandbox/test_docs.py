"""docs/sandbox.md: its worlds can be read, and its Python runs."""

from __future__ import annotations

import re

import pytest

from actions.sandbox import Sandbox, read_file
from actions.sandbox.script import CONNECTIONS, FAULT_WORDS
from actions.sandbox.services import HANDLERS


def blocks(root, language):
    text = (root / "docs" / "sandbox.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("number", [0, 1])
def test_its_worlds_can_be_read(root, tmp_path, number):
    path = tmp_path / "world.yaml"
    path.write_text(blocks(root, "yaml")[number], encoding="utf-8")
    world, script = read_file(path)
    made = Sandbox(world, script=script)
    assert made.resources()
    assert all(key in HANDLERS for key in made.script_left if "." in key)


def test_its_python_runs(root):
    (code,) = blocks(root, "python")
    exec(compile(code, "docs/sandbox.md", "exec"), {})


def test_it_names_every_word_of_a_script(root):
    text = (root / "docs" / "sandbox.md").read_text(encoding="utf-8")
    assert [word for word in (*CONNECTIONS, *FAULT_WORDS) if f"`{word}`" not in text] == []
