"""Removals that once ran without a word: by the sandbox's journal, nothing foreign is deleted that nobody confirmed."""

from __future__ import annotations

import os
import pty
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from actions.sandbox import Sandbox
from tests.cli.commands import Cli, Result, Store, write_file
from tests.found.removal_places import FOREIGN, PLACES, WORLD, RemovalPlace

INPUT = Path(__file__).parent / "inputs" / "security" / "removals.yaml"
INPUT_WORLD = """\
world:
  rds.cluster/orders@us-west-2: {status: available, instances: 1}
  rds.cluster/orders-prod@us-west-2: {status: available, instances: 1}
  rds.cluster_snapshot/nightly@us-west-2: available
"""
LATER = pytest.mark.parametrize("later", [False, True], ids=["known before", "known later"])


class Sandboxed:
    """Runs one runbook in a sandbox, and reads its journal."""

    def __init__(self, cli: Cli, folder: Path, text: str, world: str) -> None:
        self.cli = cli
        self.store = folder / "operations.db"
        self.file = write_file(folder / "runbook.yaml", text)
        if "- id: made\n" not in text:  # a script may only name steps of the runbook
            world = world.partition("script: {made:")[0]
        self.options = (f"--sandbox={write_file(folder / 'world.yaml', world)}", "--store", f"sqlite:{self.store}")

    def run(self, *words: str) -> Result:
        return self.cli("run", self.file, *self.options, "--operation-id", "op", "-o", "json", *words)

    def answer(self, command: str, *words: str) -> Result:
        return self.cli(command, "op", *self.options, "-o", "json", "--no-input", *words)

    def deleted(self) -> list[str]:
        """The names of what was deleted, or had its protection switched off."""
        file = Path(f"{self.store}.sandbox") / "op.json"
        return sorted(set(_deleted(Sandbox(file=file)))) if file.exists() else []


def _deleted(sandbox: Sandbox) -> Iterator[str]:
    for call in sandbox.journal:
        if call.performed and (call.operation.startswith("Delete") or call.params.get("DeletionProtection") is False):
            yield call.resource.partition("/")[2].partition("@")[0]


def lists_cancelled(place: RemovalPlace, sandboxed: Sandboxed, ran: Result) -> Result:
    """The result of the command whose list has the removal."""
    return sandboxed.answer("cancel") if place.needs_cancel and ran.code == 5 else ran


# -- every place where a removal may be ----------------------------------------------------------------------------


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_without_yes_nothing_known_before_is_deleted(cli: Cli, tmp_path: Path, place: RemovalPlace) -> None:
    sandboxed = Sandboxed(cli, tmp_path, place.text(later=False), WORLD)
    result = sandboxed.run("--no-input")
    assert result.code == 2, result.err
    assert {one["name"] for one in result.document["unconfirmed"]} == set(place.removed)
    assert sandboxed.deleted() == []
    assert cli("status", "op", *sandboxed.options).code == 2  # there is no operation


@pytest.mark.parametrize("place", PLACES, ids=str)
def test_with_yes_what_was_shown_is_deleted(cli: Cli, tmp_path: Path, place: RemovalPlace) -> None:
    sandboxed = Sandboxed(cli, tmp_path, place.text(later=False), WORLD)
    result = lists_cancelled(place, sandboxed, sandboxed.run("--no-input", "--yes"))
    assert result.document["hold"] is None or place.name == "on_hold", result.document["hold"]
    assert sandboxed.deleted() == sorted(place.removed)


@pytest.mark.parametrize("words", [(), ("--yes",)], ids=["without yes", "with yes"])
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_what_is_known_later_waits_for_a_word(
    cli: Cli, tmp_path: Path, place: RemovalPlace, words: tuple[str, ...]
) -> None:
    sandboxed = Sandboxed(cli, tmp_path, place.text(later=True), WORLD)
    result = lists_cancelled(place, sandboxed, sandboxed.run("--no-input", *words))
    assert sandboxed.deleted() == []
    if not place.holds:
        [trouble] = result.document["troubles"]
        assert "To delete by hand: aws rds delete-db-" in trouble
        return
    while result.code == 5:
        assert result.document["hold"]["kind"] == "target"
        assert sandboxed.answer("resume").code == 5  # a plain resume is no word
        ids = re.findall(r"--accept-target (\S+)", result.document["hold"]["answers"][0])
        result = sandboxed.answer("resume", *(word for id in ids for word in ("--accept-target", id)))
    assert result.code == 0, result.err
    assert sandboxed.deleted() == sorted(place.removed)


@pytest.mark.parametrize("typed", ["y", "n"])
@LATER
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_person_at_a_terminal_is_asked(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: RemovalPlace, later: bool, typed: str
) -> None:
    sandboxed = Sandboxed(cli, tmp_path, place.text(later=later), WORLD)
    with terminal(monkeypatch, f"{typed}\n" * 9) as shown:
        result = sandboxed.run()
        if place.needs_cancel and result.code == 5:
            result = cli("cancel", "op", *sandboxed.options, "-o", "json")
    assert "[y/N]" in shown()
    assert sandboxed.deleted() == (sorted(place.removed) if typed == "y" else [])
    if typed == "n":
        assert result.code == (2 if not later else 5) or not place.holds


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch, typed: str) -> Iterator[Callable[[], str]]:
    """Standard input and error are a terminal, at which a person types this; gives what it has shown."""
    above, below = pty.openpty()
    os.write(above, typed.encode())
    shown = bytearray()

    def drain() -> None:
        with suppress(OSError):  # the other end is closed
            while some := os.read(above, 4096):
                shown.extend(some)

    reader = threading.Thread(target=drain)
    reader.start()
    try:
        with (
            open(below, encoding="utf-8", closefd=False) as stdin,
            open(below, "w", encoding="utf-8", closefd=False) as stderr,
            monkeypatch.context() as patch,
        ):
            patch.setenv("TERM", "dumb")  # no live table
            patch.setattr(sys, "stdin", stdin)
            patch.setattr(sys, "stderr", stderr)
            yield shown.decode
    finally:
        os.close(below)
        reader.join()
        os.close(above)


def test_the_places_name_what_the_world_has() -> None:
    assert {name for place in PLACES for name in place.removed} == set(FOREIGN)


# -- the inputs that failed ----------------------------------------------------------------------------------------


def inputs() -> dict[str, str]:
    """Each step of the page alone, with the checks that it needs."""
    text = INPUT.read_text(encoding="utf-8")
    steps = re.findall(r"^  - (\{id: .*\}).*$", text, flags=re.MULTILINE)
    checks = "".join(f"  - {one}\n" for one in steps[:2])
    head = f"runbook: removals\nregion: us-west-2\nsteps:\n{checks}"
    found = {re.findall(r"id: ([\w-]+)", one)[0]: f"{head}  - {one}\n" for one in steps[2:]}
    return found | {"on_success": head + text[text.index("on_success:") :]}


@pytest.mark.parametrize("text", inputs().values(), ids=inputs())
def test_no_step_of_the_page_deletes_without_a_word(cli: Cli, tmp_path: Path, text: str) -> None:
    sandboxed = Sandboxed(cli, tmp_path, text, INPUT_WORLD)
    assert sandboxed.run("--no-input").code in (2, 5)
    assert sandboxed.deleted() == []


@pytest.mark.parametrize(("step", "name"), [("by-call", "orders-prod-1"), ("unprotect", "orders-prod")])
def test_a_protected_name_is_called_with_yes_delete_alone(cli: Cli, tmp_path: Path, step: str, name: str) -> None:
    sandboxed = Sandboxed(cli, tmp_path, inputs()[step], INPUT_WORLD)
    refused = sandboxed.run("--no-input", "--yes")
    assert refused.code == 2
    assert f"--yes-delete {name}" in refused.err
    assert [one["protected"] for one in refused.document["unconfirmed"]] == [True]
    assert sandboxed.deleted() == []
    assert sandboxed.run("--no-input", "--yes-delete", name).code == 0
    assert sandboxed.deleted() == [name]


@pytest.mark.parametrize(("step", "code"), [("each-of", 2), ("later", 5)])
def test_a_part_with_a_protected_name_protects_the_whole(cli: Cli, tmp_path: Path, step: str, code: int) -> None:
    world = INPUT_WORLD + "  rds.instance/reporting-prod@us-west-2: {status: available, cluster: orders}\n"
    sandboxed = Sandboxed(cli, tmp_path, inputs()[step], world)
    result = sandboxed.run("--no-input", "--yes")
    assert result.code == code
    assert "--yes-delete reporting-prod" in result.err
    if code == 5:
        [id] = re.findall(r"--accept-target (\S+)", result.document["hold"]["answers"][0])
        assert sandboxed.answer("resume", "--accept-target", id).document["hold"]["kind"] == "in_the_way"
    assert sandboxed.deleted() == []


def test_a_protected_name_that_is_known_later_needs_both(cli: Cli, tmp_path: Path) -> None:
    later = inputs()["by-call"].replace("orders-prod-1", '"${o.name}-prod"')
    world = (
        INPUT_WORLD
        + "  rds.cluster/c@us-west-2: available\n  rds.instance/orders-prod@us-west-2: {status: available, cluster: c}\n"
    )
    sandboxed = Sandboxed(cli, tmp_path, later, world)
    held = sandboxed.run("--no-input", "--yes")
    assert held.code == 5
    assert held.document["hold"]["kind"] == "target"
    assert "--accept-target orders-prod --yes-delete orders-prod" in held.document["hold"]["answers"][0]
    assert sandboxed.answer("resume", "--accept-target", "orders-prod").code == 5
    assert sandboxed.deleted() == []
    assert sandboxed.answer("resume", "--yes-delete", "orders-prod").code == 0
    assert sandboxed.deleted() == ["orders-prod"]


@pytest.mark.parametrize("id", ["orders", "cluster-OTHER"])
def test_an_id_that_nothing_asks_about_is_wrong_usage(cli: Cli, tmp_path: Path, store: Store, id: str) -> None:
    sandboxed = Sandboxed(cli, tmp_path, inputs()["later"], INPUT_WORLD)
    assert sandboxed.run("--no-input").code == 5
    history = cli("history", "op", *sandboxed.options).out
    refused = sandboxed.answer("resume", "--accept-target", id)
    assert refused.code == 2
    assert "is not what the operation asks about" in refused.err
    assert cli("history", "op", *sandboxed.options).out == history
