"""What an editor shows for a runbook, with schemas/runbook.schema.json and a real YAML language server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine.checks.explain import CLASSES
from engine.language.parse.shapes import COMMON, KINDS, VERBS
from tests.validate.corpus import registry, runbooks, shipped
from tests.validate.language_server import Editor, editor, without_server

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(without_server() is not None, reason=str(without_server())),
]

HEAD = "# yaml-language-server: $schema=../schemas/runbook.schema.json\n"


@pytest.fixture(scope="module")
def at_work() -> Iterator[Editor]:
    with editor() as one:
        yield one


def place(text: str) -> tuple[str, int, int]:
    """The text without its `¦`, and the position of that mark."""
    before, _, after = text.partition("¦")
    return before + after, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def whole(steps: str) -> str:
    return f"{HEAD}runbook: a\nsteps:\n{steps}"


def offered(editor: Editor, text: str) -> dict[str, dict[str, object]]:
    text, line, column = place(text)
    return editor.completed(editor.opened(text), line, column)


STEP = "  - id: copy\n    ensure: rds.cluster_snapshot\n"

COMPLETED = {
    # all completions
    "a step that is nothing yet": ("  - id: a\n    ¦\n", {*COMMON, *KINDS} - {"id"}),
    "an `ensure`": (STEP + "    ¦\n", {*COMMON, *KINDS["ensure"]} - {"id", "ensure"}),
    "a `wait`": ("  - id: a\n    wait: 5m\n    ¦\n", set(COMMON) - {"id"}),
    "the word of `undo`": (STEP + "    undo: ¦\n", {"delete", "keep"}),
    "the parameters of the kind": (
        STEP + "    with:\n      name: a\n      ¦\n",
        registry().kinds["rds.cluster_snapshot"].params.keys() - {"name"},
    ),
    "the rows of a table": (STEP + "    states:\n      missing: create\n      ¦\n", {*CLASSES} - {"missing"}),
    "the verbs of an `ensure`": (STEP + "    states:\n      broken: ¦\n", set(VERBS["ensure"])),
    "the verbs of a `remove`": (
        "  - id: a\n    remove: rds.cluster\n    states:\n      available: ¦\n",
        set(VERBS["remove"]),
    ),
    "kinds": ("  - id: a\n    check: ¦\n", set(registry().kinds)),
    "actions": ("  - id: a\n    call: ¦\n", set(registry().actions)),
    "a rescue": (STEP + "    rescue:\n      - error: any\n        ¦\n", {"do", "refresh", "then"}),
}


@pytest.mark.parametrize(("steps", "expected"), COMPLETED.values(), ids=COMPLETED)
def test_completion(at_work: Editor, steps: str, expected: set[str]) -> None:
    assert offered(at_work, whole(steps)).keys() == expected


def test_completions_are_documented(at_work: Editor) -> None:
    key = offered(at_work, whole(STEP + "    ¦\n"))["irreversible"]
    assert "The point of no return" in str(key["documentation"])
    kind = offered(at_work, whole("  - id: a\n    check: ¦\n"))["rds.cluster"]
    assert registry().kinds["rds.cluster"].doc.strip() in str(kind["documentation"])


HOVERED = {
    # position: text that is shown, text that is not
    "a key": ("  - id: a\n    wait: 5m\n    i¦f: true\n", "If it is false, the step is skipped.", "||"),
    "a key that two kinds of step have": (STEP + "    u¦ndo: delete\n", "What an undo does with it.", "The call that"),
    "a kind": ("  - id: a\n    check: rds.cl¦uster\n", registry().kinds["rds.cluster"].doc.strip(), "||"),
    "a parameter": (
        STEP + "    with: {na¦me: a}\n",
        registry().kinds["rds.cluster_snapshot"].params["name"].doc.partition("`")[0].strip(),
        "||",
    ),
}


@pytest.mark.parametrize(("steps", "shown", "hidden"), HOVERED.values(), ids=HOVERED)
def test_hover(at_work: Editor, steps: str, shown: str, hidden: str) -> None:
    text, line, column = place(whole(steps))
    text_shown = at_work.hovered(at_work.opened(text), line, column)
    assert shown
    assert shown in text_shown
    assert hidden not in text_shown


MARKED = {
    # the marks enclose the expected diagnostic
    "a key that is none": (STEP + "    «retires»: [5m]\n", "retires is not allowed"),
    "a word that cannot stand there": (STEP + "    undo: «delte»\n", '"delete", "keep"'),
    "a verb of another kind of step": (STEP + "    states: {available: «delete»}\n", '"replace"'),
    "a parameter that there is not": (STEP + "    with: {«nmae»: a}\n", "nmae is not allowed"),
    "a duration without its unit": ("  - id: a\n    wait: «5»\n", "Incorrect type"),
}


@pytest.mark.parametrize(("steps", "message"), MARKED.values(), ids=MARKED)
def test_diagnostics_have_places(at_work: Editor, steps: str, message: str) -> None:
    before, meant, after = whole(steps).replace("»", "«").split("«")
    line, column = before.count("\n"), len(before) - (before.rfind("\n") + 1)
    found = at_work.diagnostics(at_work.opened(before + meant + after))
    here = {
        "start": {"line": line, "character": column},
        "end": {"line": line, "character": column + len(meant)},
    }
    assert [one["range"] for one in found] == [here]
    assert message in found[0]["message"]


@pytest.mark.parametrize("file", [*shipped(), *runbooks("good")], ids=lambda file: file.stem)
def test_good_runbooks_have_no_diagnostics(at_work: Editor, file: object) -> None:
    text = file.read_text("utf-8")  # type: ignore[attr-defined]
    text = text if text.startswith("# yaml-language-server:") else HEAD + text
    assert at_work.diagnostics(at_work.opened(text)) == []
