"""The table of a running operation, redrawn on a terminal. Its rows are values; rich draws them.

Must not decide or store anything: it shows the operation as it was committed last.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from engine.cli.output.event_lines import describe_checks
from engine.cli.output.terminal import STATUSES, escape
from engine.cli.output.times import format_attempt, format_clock, format_current_attempt
from engine.kernel.frame import Frame, Waiting
from engine.kernel.operation import Operation, StepRecord
from engine.kernel.queries import in_ends, key_of, monitor_of, step_of
from engine.kernel.restarts import step_status, undone_keys
from engine.language.model import Runbook, Step
from engine.reports.status import current_step, waits_for
from engine.values import Value

HEAD: Final = ("step", "state", "attempt", "next try", "elapsed", "waits for")
STYLES: Final = {"good": "green", "bad": "bold red", "warn": "yellow", "busy": "cyan", "quiet": "dim"}


class TableRow(Value):
    """The cells of one step, in the order of HEAD."""

    cells: tuple[str, str, str, str, str, str]
    current: bool


def table_rows(operation: Operation, runbook: Runbook, now: float) -> list[TableRow]:
    """A row for each step, and below a `for_each` one for each item."""
    rows = []
    undone = undone_keys(runbook, operation)
    for step in runbook.steps:
        keys = [step.id, *(key for key in operation.steps if key.startswith(f"{step.id}["))]
        rows += [_table_row(operation, runbook, step, key, now, undone) for key in keys]
    return rows


def _table_row(
    operation: Operation, runbook: Runbook, step: Step, key: str, now: float, undone: frozenset[str]
) -> TableRow:
    record = operation.steps.get(key)
    current = key == current_step(operation) and not operation.ended
    frame = _frame_of(operation, runbook, key) if current else None
    phase = frame.phase if frame is not None else None
    return TableRow(
        cells=(
            key,
            step_status(record, key, undone),
            _attempt(step, record, frame),
            f"in {format_clock(phase.until - now)}" if isinstance(phase, Waiting) else "",
            format_clock(now - record.since) if record is not None and current else "",
            _waiting_for(operation, runbook, frame, now) if current else "",
        ),
        current=current,
    )


def _frame_of(operation: Operation, runbook: Runbook, key: str) -> Frame | None:
    for frame in reversed(operation.frames):
        if not in_ends(frame) and key_of(step_of(runbook, operation, frame), frame) == key:
            return frame
    return None


def _attempt(step: Step, record: StepRecord | None, frame: Frame | None) -> str:
    if frame is not None:
        text = format_current_attempt(step, frame)
    else:
        text = format_attempt(step, record.spent) if record is not None else ""
    return text.removeprefix("attempt ")


def _waiting_for(operation: Operation, runbook: Runbook, frame: Frame | None, now: float) -> str:
    if frame is None or operation.hold is not None or frame is not operation.top:
        return waits_for(operation, runbook)
    if frame.observed.watching is None or isinstance(frame.phase, Waiting):
        return waits_for(operation, runbook)
    monitor = monitor_of(runbook, step_of(runbook, operation, frame), frame.observed.row)
    return f"{frame.observed.status or 'a change'}; {describe_checks(monitor, frame.observed.watching, now)}"


@dataclass(slots=True)
class LiveTable:
    """The live display on stderr. `now` is the clock of the operation, which may be virtual."""

    now: Callable[[], float]
    operation: Operation | None = None
    runbook: Runbook | None = None
    _live: Any = field(default=None, init=False)

    def show(self, operation: Operation, runbook: Runbook) -> None:
        """Show this state from now on."""
        self.operation, self.runbook = operation, runbook
        if self._live is not None:
            return
        from rich.console import Console
        from rich.live import Live

        console = Console(file=sys.stderr, markup=False, highlight=False, emoji=False)
        self._live = Live(
            console=console, get_renderable=self._render, refresh_per_second=4, redirect_stdout=False,
            redirect_stderr=False, vertical_overflow="crop",
        )  # fmt: skip
        self._live.start()

    def say(self, text: str) -> bool:
        """Show a line above the table; False where there is no table yet."""
        if self._live is None:
            return False
        from rich.text import Text

        self._live.console.print(Text.from_ansi(text), soft_wrap=True)
        return True

    def end(self) -> None:
        """Stop redrawing; the last state stays on the screen."""
        if self._live is not None:
            self._live.refresh()
            self._live.stop()
            self._live = None

    def _render(self) -> Any:
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="bold", expand=False)
        for name in HEAD:
            table.add_column(name, no_wrap=True, overflow="ellipsis")
        if self.operation is None or self.runbook is None:
            return table
        height = self._live.console.size.height if self._live is not None else 24
        for row in visible_rows(table_rows(self.operation, self.runbook, self.now()), height - 3):
            texts = [Text(escape(cell)) for cell in row.cells]
            texts[1].stylize(STYLES.get(STATUSES.get(row.cells[1], ""), ""))
            table.add_row(*texts, style="bold" if row.current else "")
        return table


def visible_rows(rows: list[TableRow], height: int) -> list[TableRow]:
    """As many rows as fit, with the current one among them."""
    if len(rows) <= height or height < 1:
        return rows
    at = next((number for number, row in enumerate(rows) if row.current), len(rows) - 1)
    first = min(max(0, at - height // 2), len(rows) - height)
    return rows[first : first + height]
