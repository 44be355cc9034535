"""The live table, drawn on a pseudo-terminal and read back as text."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
from pathlib import Path

import pytest

from engine.cli.output.live_table import HEAD, TableRow, table_rows, visible_rows
from engine.kernel import begun
from engine.kernel.apply.evolve import evolve
from engine.kernel.effect import Effect
from engine.kernel.events import Delayed, Entered, Intended, Started, Succeeded, Watched
from engine.kernel.operation import Operation
from engine.language.model import KindFacts, Runbook
from engine.language.parse.document import load
from tests.cli.commands import FEW, INPUTS, LONG, RESTORE, RUNBOOK, write_file
from tests.language.parsed_examples import FixedVocabulary

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A command with a terminal as stderr. `text`: what it wrote, with control sequences."""

    def __init__(self, *words: str, width: int = 120, height: int = 40, **environment: str) -> None:
        self._above, below = pty.openpty()
        fcntl.ioctl(below, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
        without = ("NO_COLOR", "FORCE_COLOR")
        surroundings = {name: value for name, value in os.environ.items() if name not in without}
        self.process = subprocess.Popen(
            [RUNBOOK, *words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=below,
            env=surroundings | {"TERM": "xterm-256color"} | environment,
        )  # fmt: skip
        os.close(below)
        self.text = ""

    def until(self, pattern: str) -> str:
        """Read until the pattern occurs; returns the text without control sequences."""
        while not re.search(pattern, self.plain):
            if not self._more():
                break
        return self.plain

    def end(self) -> str:
        """Read to the end."""
        while self._more():
            pass
        self.process.wait(timeout=30)
        os.close(self._above)
        return self.plain

    @property
    def plain(self) -> str:
        return ESCAPE.sub("", self.text)

    def _more(self) -> bool:
        try:
            some = os.read(self._above, 65536)
        except OSError:
            return False
        self.text += some.decode("utf-8", "replace")
        return bool(some)


def test_the_table_of_a_restore(sandbox: tuple[str, ...]) -> None:
    terminal = Terminal("run", RESTORE, *INPUTS, *sandbox, "--yes")
    shown = terminal.end()
    assert terminal.process.returncode == 0
    for column in HEAD:
        assert column in shown
    last = shown[shown.rindex("waits for") :]
    assert re.search(r"copy-snapshot +DONE +2 of 4", last)
    assert re.search(r"instances\[1\] +DONE +1 of 4", last)
    assert "\x1b[?25l" in terminal.text  # the cursor is hidden while it is drawn,
    assert terminal.text.rindex("\x1b[?25h") > terminal.text.rindex("\x1b[?25l")  # and comes back
    assert "waiting 5m until 00:13Z, then attempt 2 of 4" in shown  # what matters stands above the table


def test_a_wait_counts_down(tmp_path: Path, store: tuple[str, str]) -> None:
    terminal = Terminal("run", write_file(tmp_path / "a.yaml", LONG), *store)
    shown = terminal.until(r"long +IN_PROGRESS +in (1:00:0|59:5)\d")
    terminal.process.send_signal(signal.SIGINT)
    assert re.search(r"in (1:00:00|59:5\d) +0:0\d +its time", shown)
    terminal.end()
    assert terminal.process.returncode == 130
    assert terminal.text.rindex("\x1b[?25h") > terminal.text.rindex("\x1b[?25l")


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"TERM": ""}])
def test_a_dumb_terminal_gets_lines(few_words: list[str], environment: dict[str, str]) -> None:
    terminal = Terminal(*few_words, **environment)
    shown = terminal.end()
    assert "\x1b" not in terminal.text
    assert "next try" not in shown
    assert "first  done" in shown


def test_no_color_keeps_the_table(few_words: list[str]) -> None:
    terminal = Terminal(*few_words, NO_COLOR="1")
    shown = terminal.end()
    assert "next try" in shown
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", terminal.text)


def test_the_table_has_colour(few_words: list[str]) -> None:
    terminal = Terminal(*few_words)
    terminal.end()
    assert re.search(r"\x1b\[[0-9;]*3[0-7]m", terminal.text)


def test_quiet_shows_no_table(few_words: list[str]) -> None:
    terminal = Terminal(*few_words, "-q")
    assert "next try" not in terminal.end()


def test_a_small_terminal_shows_the_current_step(sandbox: tuple[str, ...]) -> None:
    terminal = Terminal("run", RESTORE, *INPUTS, *sandbox, "--yes", height=8, width=60)
    last = terminal.end()
    assert terminal.process.returncode == 0
    assert "archive-snapshot" in last[last.rindex("waits") :]


def test_control_characters_of_a_runbook_are_escaped(tmp_path: Path, store: tuple[str, str]) -> None:
    file = write_file(tmp_path / "a.yaml", FEW.replace("is it all right?", r"[bold red]\e[2J[/] $${x} \u202e"))
    terminal = Terminal("run", file, *store)
    shown = terminal.end()
    assert "[bold red]" in shown
    assert r"\x1b[2J" in shown
    assert "\x1b[2J" not in terminal.text
    assert "\u202e" not in terminal.text


@pytest.fixture
def few_words(few: str, store: tuple[str, str]) -> list[str]:
    return ["run", few, *store]


# -- its rows, as values ------------------------------------------------------------------------------------------

KIND = KindFacts(name="a.thing", identity=("name",))
COPY = """\
runbook: a
region: us-west-2
steps:
  - id: copy
    ensure: a.thing
    with: {name: x}
    states: {broken: replace}
    monitor: {every: 30s, for: 2h}
    retry: [5m, 10m, 15m]
    undo: delete
  - {id: after, wait: 1s}
"""


def standing(*events: object) -> tuple[Operation, Runbook]:
    runbook = load(COPY, FixedVocabulary(kinds={KIND.name: KIND}))
    started = Started(
        at=0.0, operation="op", runbook="a", digest=runbook.digest, inputs={}, settings={}, targets={}
    )  # fmt: skip
    operation = begun(runbook, started)
    for event in events:
        operation = evolve(runbook, operation, event)  # type: ignore[arg-type]
    return operation, runbook


def cells(operation: Operation, runbook: Runbook, now: float) -> list[tuple[str, ...]]:
    return [row.cells for row in table_rows(operation, runbook, now)]


def test_rows_before_the_first_step() -> None:
    first, second = cells(*standing(), 0.0)
    assert first == ("copy", "PENDING", "", "", "", "")
    assert second == ("after", "PENDING", "", "", "", "")


def test_the_row_of_a_step_that_polls() -> None:
    entered = Entered(at=1.0, identity={"name": "x"}, region="us-west-2")
    effect = Effect(verb="create", name="a.thing", key="k", params={"name": "x"})
    operation, runbook = standing(
        entered, Intended(at=2.0, effect=effect), Succeeded(at=3.0, id="i"), Watched(at=4.0, next=34.0, status="making")
    )
    row = cells(operation, runbook, 64.0)[0]
    assert row == ("copy", "IN_PROGRESS", "1 of 4", "", "1:03", "making; checking every 30s until 02:00:04Z")


def test_the_row_of_a_step_that_waits_for_a_retry() -> None:
    entered = Entered(at=1.0, identity={"name": "x"}, region="us-west-2")
    effect = Effect(verb="create", name="a.thing", key="k", params={"name": "x"})
    operation, runbook = standing(
        entered, Intended(at=2.0, effect=effect), Succeeded(at=3.0, id="i"), Delayed(at=4.0, until=604.0, why="retry")
    )
    row = cells(operation, runbook, 6.0)[0]
    assert row == ("copy", "IN_PROGRESS", "2 of 4", "in 9:58", "0:05", "the next attempt")


def test_rows_that_fit_include_the_current_one() -> None:
    found = [TableRow(cells=(str(n), "", "", "", "", ""), current=n == 7) for n in range(10)]
    assert [row.cells[0] for row in visible_rows(found, 4)] == ["5", "6", "7", "8"]
    assert visible_rows(found, 10) == found
