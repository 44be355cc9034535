"""`runbook explain` knows every name that an error can have."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import botocore.exceptions
import pytest

from actions import build_registry
from actions.aws.error_codes import table
from engine.cli.output.descriptions import describe_error, format_error
from tests.cli.commands import Cli

ROOT = Path(__file__).parents[2]
MAKERS = {"Problem": "name", "_problem": "", "failed": "", "error": "", "refusal": "code"}
"""The functions that make an error: the keyword of its name, or "" where the name is the first text of its arguments."""


def names_in_the_code() -> set[str]:
    files = [*(ROOT / "engine").rglob("*.py"), *(ROOT / "actions").rglob("*.py")]
    return {name for file in files for name in _names(ast.parse(file.read_text(encoding="utf-8")))}


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        keyword = MAKERS.get(called)
        if keyword is None:
            continue
        given = [one.value for one in node.keywords if one.arg == keyword] if keyword else node.args[:2]
        for value in given:
            for part in ast.walk(value):
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.isidentifier():
                    yield part.value


def names_of_declarations() -> set[str]:
    known = build_registry()
    names = {
        name for thing in (*known.kinds.values(), *known.actions.values()) for name in getattr(thing, "errors", ())
    }
    return names | set(known.known_errors()) | set(table())


def names_of_botocore() -> set[str]:
    base = botocore.exceptions.BotoCoreError
    found = vars(botocore.exceptions).values()
    return {one.__name__ for one in found if isinstance(one, type) and issubclass(one, base) and one is not base}


IN_THE_CODE = {name for name in names_in_the_code() if name[:1].isupper()}
NAMES = sorted(IN_THE_CODE | names_of_declarations() | names_of_botocore())


def test_the_names_in_the_code_are_found() -> None:
    assert {
        "Interrupted",
        "OutputTooLarge",
        "SecureString",
        "TlsFailed",
        "ReplyLost",
    } <= IN_THE_CODE


def test_every_name_of_an_error_is_explained() -> None:
    known = build_registry()
    unknown = [name for name in NAMES if describe_error(known, name) is None]
    assert unknown == []


def test_every_name_of_this_tool_says_what_it_means() -> None:
    known = build_registry()
    own = sorted(IN_THE_CODE | {name for one in known.actions.values() for name in one.errors})
    texts = {name: "\n".join(format_error(found)) for name in own if (found := describe_error(known, name)) is not None}
    silent = [name for name, text in texts.items() if "what it means: " not in text and name not in table()]
    assert [name for name in silent if "source: " not in texts[name]] == []


@pytest.mark.parametrize("name", ["ReadOnly", "Interrupted", "25006", "TokenRetrievalError", "ConnectionTimeout"])
def test_a_name_is_explained_on_the_command_line(cli: Cli, name: str) -> None:
    result = cli("explain", name)
    assert result.code == 0
    assert "what it means: " in result.out
