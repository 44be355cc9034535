"""The formatter: what it changes, what it does not, and that the meaning and the comments stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given

from actions import build_registry
from engine.errors import RunbookInvalid
from engine.language.fmt.formatter import format_runbook
from engine.language.model import Runbook
from engine.language.parse.document import parse
from engine.language.yaml.reader import parse_yaml
from engine.values import changed
from tests.language.random_documents import comments, documents

ROOT = Path(__file__).resolve().parents[2]
WORDS = build_registry(entry_points=False)
CORPUS = sorted([*(ROOT / "runbooks").glob("*.yaml"), *(ROOT / "tests/validate").glob("*/*.yaml")])


def formatted(text: str) -> str:
    return format_runbook(text.encode()).text


CASES = {
    "keys of the top level": (
        "steps:\n  - wait: 5m\n    id: a\nrunbook: b\n",
        "runbook: b\nsteps:\n  - id: a\n    wait: 5m\n",
    ),
    "keys of a step": (
        "steps:\n  - undo: keep\n    with: {}\n    retry: slow\n    ensure: rds.cluster\n    if: a\n    id: b\n",
        "steps:\n  - id: b\n    if: a\n    ensure: rds.cluster\n    with: {}\n    retry: slow\n    undo: keep\n",
    ),
    "keys in braces": (
        "inputs:\n  a: {description: b,default: c,  type: string}\n",
        "inputs:\n  a: {type: string, default: c, description: b}\n",
    ),
    "`requires` stays before or after `states`": (
        "steps:\n  - id: a\n    states: {}\n    check: b\n    requires: [c]\n    monitor: {for: 1h, every: 1m}\n",
        "steps:\n  - id: a\n    check: b\n    states: {}\n    monitor: {every: 1m, for: 1h}\n    requires: [c]\n",
    ),
    "names that the author chooses keep their order": (
        "vars: {b: 1, a: 2}\nsettings:\n  z: ssm:/z\n  y: ssm:/${settings.z}\n",
        "settings:\n  z: ssm:/z\n  y: ssm:/${settings.z}\nvars: {b: 1, a: 2}\n",
    ),
    "rows keep their order": (
        "steps:\n  - id: a\n    states:\n      broken: hold\n      missing: done\n",
        "steps:\n  - id: a\n    states:\n      broken: hold\n      missing: done\n",
    ),
    "a map with an unknown key keeps its order": ("lock: a\nx: b\nrunbook: c\n", "lock: a\nx: b\nrunbook: c\n"),
    "a comment moves with the entry below it": (
        "# the steps\nsteps: []\n# its name\nrunbook: a  # short\n",
        "# its name\nrunbook: a  # short\n# the steps\nsteps: []\n",
    ),
    "the first comment before a blank line stays at the top": (
        "# about this file\n\n# the steps\nsteps: []\nrunbook: a\n",
        "# about this file\n\nrunbook: a\n# the steps\nsteps: []\n",
    ),
    "the modeline for editors stays at the top": (
        "# yaml-language-server: $schema=a\nsteps: []\nrunbook: a\n",
        "# yaml-language-server: $schema=a\nrunbook: a\nsteps: []\n",
    ),
    "a comment that continues in the next line": (
        "steps:\n  - owner: any   # one\n                 # two\n    id: a\n",
        "steps:\n  - id: a\n    owner: any   # one\n                 # two\n",
    ),
    "a comment of the key that becomes the first of an item": (
        "steps:\n  - wait: 5m\n    # its name\n    id: a\n",
        "steps:\n  # its name\n  - id: a\n    wait: 5m\n",
    ),
    "indentation": (
        "steps:\n-   id: a\n    with:\n        b:\n         - c\n         -  - d\n            - e\n",
        "steps:\n  - id: a\n    with:\n      b:\n        - c\n        - - d\n          - e\n",
    ),
    "a dash in a line of its own": ("steps:\n  -\n    id: a\n", "steps:\n  - id: a\n"),
    "a dash with a comment": ("steps:\n    -  # one\n      id: a\n", "steps:\n  - # one\n    id: a\n"),
    "comments are indented with their entries": (
        "steps:\n# first\n- id: a\n  # then\n  wait: 5m\n",
        "steps:\n  # first\n  - id: a\n    # then\n    wait: 5m\n",
    ),
    "block scalars are indented as a whole": (
        "vars:\n    a: |\n       b\n         c\n\n       d  \n\n    e: >+\n      f\n\nregion: g\n",
        "vars:\n  a: |\n     b\n       c\n\n     d  \n\n  e: >+\n    f\n\nregion: g\n",
    ),
    "values over several lines are indented as a whole": (
        "vars:\n    a: [b,\n        c]\n    d: 'e\n\n      f'\n",
        "vars:\n  a: [b,\n      c]\n  d: 'e\n\n    f'\n",
    ),
    "aligned values stay aligned": (
        "vars:\n  a:     b\n  long:  c\n\nregion:   d\n",
        "vars:\n  a:     b\n  long:  c\n\nregion: d\n",
    ),
    "brackets": ("vars: { a : [ b,c , {} , [ ] ], d: { } }\n", "vars: {a: [b, c, {}, []], d: {}}\n"),
    "a blank line between steps": (
        "steps:\n  - id: a\n    wait: 5m\n  # two\n  - id: b\n    wait: 5m\n  - {id: c}\n",
        "steps:\n  - id: a\n    wait: 5m\n\n  # two\n  - id: b\n    wait: 5m\n\n  - {id: c}\n",
    ),
    "no blank line between steps of one line": (
        "steps:\n  - {id: a}\n  - {id: b}\n",
        "steps:\n  - {id: a}\n  - {id: b}\n",
    ),
    "blank lines and trailing spaces": (
        "\n\nrunbook: a   \n\n\n\nsteps:\n\n  - {id: a}\n\n\n\n# end  \n\n\n",
        "runbook: a\n\nsteps:\n  - {id: a}\n\n# end\n",
    ),
    "a newline at the end": ("runbook: a", "runbook: a\n"),
    "no newline after a block scalar at the end": ("description: |\n  a", "description: |\n  a"),
    "a document in one line": ("{steps: [], runbook: a}\n", "{runbook: a, steps: []}\n"),
    "a directive": ("%YAML 1.2\n---\nlock: b\nrunbook: a\n", "%YAML 1.2\n---\nrunbook: a\nlock: b\n"),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_formatted_text(text: str, expected: str) -> None:
    assert formatted(text) == expected
    assert formatted(expected) == expected


def test_line_ends_and_the_byte_order_mark_are_kept() -> None:
    result = format_runbook(b"\xef\xbb\xbfsteps: []\r\nrunbook: a\r\n")
    assert result.text == "\ufeffrunbook: a\r\nsteps: []\r\n"


UNSUPPORTED = {
    "a key with a question mark": "? runbook\n: a\nlock: b\n",
    "in a list": "vars:\n  a:\n    - ? b\n      : c\n",
}


@pytest.mark.parametrize("text", UNSUPPORTED.values(), ids=UNSUPPORTED)
def test_unsupported_yaml_is_not_changed_and_has_a_reason(text: str) -> None:
    result = format_runbook(text.encode())
    assert result.text == text
    assert result.unchanged_because


def test_invalid_yaml_is_refused() -> None:
    with pytest.raises(RunbookInvalid) as error:
        format_runbook(b"runbook: [")
    assert error.value.findings


def test_the_shipped_runbooks_are_formatted() -> None:
    for file in (ROOT / "runbooks").glob("*.yaml"):
        if b"\nsteps:" in file.read_bytes():
            assert format_runbook(file.read_bytes()).text == file.read_text("utf-8")


# -- nothing is lost ----------------------------------------------------------------------------------------------


def meaning(runbook: Runbook | None) -> object:
    """A runbook without its text, and the orders of names that matter. None if there is no runbook."""
    if runbook is None:
        return None
    orders = [list(names) for names in (runbook.inputs, runbook.settings, runbook.vars, runbook.outputs)]
    return changed(runbook, text="", digest=""), orders


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_formatting_does_not_change_a_runbook(file: Path) -> None:
    before = file.read_bytes()
    try:
        after = format_runbook(before)
    except RunbookInvalid:
        return  # it is not valid YAML
    assert after.unchanged_because == ""
    assert meaning(parse(after.text, WORDS).runbook) == meaning(parse(before, WORDS).runbook)
    assert meaning(parse(before, WORDS).runbook) is not None or file.stem == "apis"
    assert kept(before.decode(), after.text)
    assert formatted(after.text) == after.text


def kept(before: str, after: str) -> bool:
    """Are all comments kept unchanged?"""
    one, other = parse_yaml(before)[0], parse_yaml(after)[0]
    assert one is not None
    assert other is not None
    return comments(before, one) == comments(after, other)


@given(documents())
@example("on_cancel:\n- call: a\n  check: a\n")  # two kinds of step: the same one counts in either order
def test_formatting_a_random_document_loses_nothing(text: str) -> None:
    assert parse_yaml(text)[1] == []
    after = format_runbook(text.encode())
    assert after.unchanged_because == "" or not text.endswith(
        "\n"
    )  # a block scalar without a newline may only be at the end
    assert kept(text, after.text)
    assert formatted(after.text) == after.text
    if not after.unchanged_because:
        assert meaning(parse(after.text, WORDS).runbook) == meaning(parse(text, WORDS).runbook)
