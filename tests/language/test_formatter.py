"""`runbook fmt`: what is laid out, what stays as it is, and that nothing is lost: no meaning, no comment."""

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


def made(text: str) -> str:
    return format_runbook(text.encode()).text


CASES = {
    "keys in the order of the restore": (
        "steps:\n  - wait: 5m\n    id: a\nrunbook: b\n",
        "runbook: b\nsteps:\n  - id: a\n    wait: 5m\n",
    ),
    "of a step": (
        "steps:\n  - undo: keep\n    with: {}\n    retry: slow\n    ensure: rds.cluster\n    if: a\n    id: b\n",
        "steps:\n  - id: b\n    if: a\n    ensure: rds.cluster\n    with: {}\n    retry: slow\n    undo: keep\n",
    ),
    "in braces too": (
        "inputs:\n  a: {description: b,default: c,  type: string}\n",
        "inputs:\n  a: {type: string, default: c, description: b}\n",
    ),
    "`requires` above `states`, where it is": (
        "steps:\n  - id: a\n    states: {}\n    check: b\n    requires: [c]\n    monitor: {for: 1h, every: 1m}\n",
        "steps:\n  - id: a\n    check: b\n    states: {}\n    monitor: {every: 1m, for: 1h}\n    requires: [c]\n",
    ),
    "names that the author makes up stay as they are": (
        "vars: {b: 1, a: 2}\nsettings:\n  z: ssm:/z\n  y: ssm:/${settings.z}\n",
        "settings:\n  z: ssm:/z\n  y: ssm:/${settings.z}\nvars: {b: 1, a: 2}\n",
    ),
    "rows too": (
        "steps:\n  - id: a\n    states:\n      broken: hold\n      missing: done\n",
        "steps:\n  - id: a\n    states:\n      broken: hold\n      missing: done\n",
    ),
    "a map with a key that is not known": ("lock: a\nx: b\nrunbook: c\n", "lock: a\nx: b\nrunbook: c\n"),
    "a comment goes with what is below it": (
        "# the steps\nsteps: []\n# its name\nrunbook: a  # short\n",
        "# its name\nrunbook: a  # short\n# the steps\nsteps: []\n",
    ),
    "what is set apart above all stays above all": (
        "# about this file\n\n# the steps\nsteps: []\nrunbook: a\n",
        "# about this file\n\nrunbook: a\n# the steps\nsteps: []\n",
    ),
    "the word for editors stays the first line": (
        "# yaml-language-server: $schema=a\nsteps: []\nrunbook: a\n",
        "# yaml-language-server: $schema=a\nrunbook: a\nsteps: []\n",
    ),
    "a comment that goes on below": (
        "steps:\n  - owner: any   # one\n                 # two\n    id: a\n",
        "steps:\n  - id: a\n    owner: any   # one\n                 # two\n",
    ),
    "a comment of what comes first in an item": (
        "steps:\n  - wait: 5m\n    # its name\n    id: a\n",
        "steps:\n  # its name\n  - id: a\n    wait: 5m\n",
    ),
    "indentation": (
        "steps:\n-   id: a\n    with:\n        b:\n         - c\n         -  - d\n            - e\n",
        "steps:\n  - id: a\n    with:\n      b:\n        - c\n        - - d\n          - e\n",
    ),
    "a dash by itself": ("steps:\n  -\n    id: a\n", "steps:\n  - id: a\n"),
    "a dash with a comment": ("steps:\n    -  # one\n      id: a\n", "steps:\n  - # one\n    id: a\n"),
    "comments move with what they are of": (
        "steps:\n# first\n- id: a\n  # then\n  wait: 5m\n",
        "steps:\n  # first\n  - id: a\n    # then\n    wait: 5m\n",
    ),
    "texts in blocks move as a whole": (
        "vars:\n    a: |\n       b\n         c\n\n       d  \n\n    e: >+\n      f\n\nregion: g\n",
        "vars:\n  a: |\n     b\n       c\n\n     d  \n\n  e: >+\n    f\n\nregion: g\n",
    ),
    "what stands over several lines, too": (
        "vars:\n    a: [b,\n        c]\n    d: 'e\n\n      f'\n",
        "vars:\n  a: [b,\n      c]\n  d: 'e\n\n    f'\n",
    ),
    "values in one column stay there": (
        "vars:\n  a:     b\n  long:  c\n\nregion:   d\n",
        "vars:\n  a:     b\n  long:  c\n\nregion: d\n",
    ),
    "brackets": ("vars: { a : [ b,c , {} , [ ] ], d: { } }\n", "vars: {a: [b, c, {}, []], d: {}}\n"),
    "a free line between steps": (
        "steps:\n  - id: a\n    wait: 5m\n  # two\n  - id: b\n    wait: 5m\n  - {id: c}\n",
        "steps:\n  - id: a\n    wait: 5m\n\n  # two\n  - id: b\n    wait: 5m\n\n  - {id: c}\n",
    ),
    "but not between those of one line": ("steps:\n  - {id: a}\n  - {id: b}\n", "steps:\n  - {id: a}\n  - {id: b}\n"),
    "never two, none at the ends, no blanks behind": (
        "\n\nrunbook: a   \n\n\n\nsteps:\n\n  - {id: a}\n\n\n\n# end  \n\n\n",
        "runbook: a\n\nsteps:\n  - {id: a}\n\n# end\n",
    ),
    "a last line without an end": ("runbook: a", "runbook: a\n"),
    "which would be a part of a text": ("description: |\n  a", "description: |\n  a"),
    "one line": ("{steps: [], runbook: a}\n", "{runbook: a, steps: []}\n"),
    "a document's beginning": ("%YAML 1.2\n---\nlock: b\nrunbook: a\n", "%YAML 1.2\n---\nrunbook: a\nlock: b\n"),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_layout(text: str, expected: str) -> None:
    assert made(text) == expected
    assert made(expected) == expected


def test_line_ends_and_the_byte_order_mark_stay() -> None:
    told = format_runbook(b"\xef\xbb\xbfsteps: []\r\nrunbook: a\r\n")
    assert told.text == "\ufeffrunbook: a\r\nsteps: []\r\n"


LEFT = {
    "a key with a question mark": "? runbook\n: a\nlock: b\n",
    "in a list": "vars:\n  a:\n    - ? b\n      : c\n",
}


@pytest.mark.parametrize("text", LEFT.values(), ids=LEFT)
def test_what_is_not_understood_is_left_alone_and_told(text: str) -> None:
    told = format_runbook(text.encode())
    assert told.text == text
    assert told.unchanged_because


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(RunbookInvalid) as error:
        format_runbook(b"runbook: [")
    assert error.value.findings


def test_the_shipped_runbooks_are_laid_out() -> None:
    for file in (ROOT / "runbooks").glob("*.yaml"):
        if b"\nsteps:" in file.read_bytes():
            assert format_runbook(file.read_bytes()).text == file.read_text("utf-8")


# -- nothing is lost ----------------------------------------------------------------------------------------------


def meaning(runbook: Runbook | None) -> object:
    """A runbook without its text; the order of what is read in its order is a part of it. None where none was made."""
    if runbook is None:
        return None
    orders = [list(names) for names in (runbook.inputs, runbook.settings, runbook.vars, runbook.outputs)]
    return changed(runbook, text="", digest=""), orders


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_the_runbook_is_the_same_before_and_after(file: Path) -> None:
    before = file.read_bytes()
    try:
        after = format_runbook(before)
    except RunbookInvalid:
        return  # its text is what is wrong with it
    assert after.unchanged_because == ""
    assert meaning(parse(after.text, WORDS).runbook) == meaning(parse(before, WORDS).runbook)
    assert meaning(parse(before, WORDS).runbook) is not None or file.stem == "apis"
    assert kept(before.decode(), after.text)
    assert made(after.text) == after.text


def kept(before: str, after: str) -> bool:
    """Are all comments there, each as it was?"""
    one, other = parse_yaml(before)[0], parse_yaml(after)[0]
    assert one is not None
    assert other is not None
    return comments(before, one) == comments(after, other)


@given(documents())
@example("on_cancel:\n- call: a\n  check: a\n")  # two kinds of step: the same one counts in either order
def test_whatever_the_writing(text: str) -> None:
    assert parse_yaml(text)[1] == []
    after = format_runbook(text.encode())
    assert after.unchanged_because == "" or not text.endswith(
        "\n"
    )  # a text in a block without a line's end can stand last alone
    assert kept(text, after.text)
    assert made(after.text) == after.text
    if not after.unchanged_because:
        assert meaning(parse(after.text, WORDS).runbook) == meaning(parse(text, WORDS).runbook)
