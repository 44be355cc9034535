"""The changes that `runbook resume --with FILE` makes to a runbook, shown on stderr."""

from __future__ import annotations

import difflib
import sys
from typing import Final

from engine.cli.output import terminal

COLOURS: Final = {"+": "good", "-": "bad", "@": "busy"}


def print_diff(old: str, new: str, path: str) -> None:
    """A unified diff from the recorded text to that of the file."""
    diff = difflib.unified_diff(old.splitlines(), new.splitlines(), "recorded runbook", path, n=2, lineterm="")
    for line in list(diff) or [f"{path} is the same as the recorded runbook"]:
        colour = COLOURS.get(line[:1])
        text = terminal.escape(line)
        terminal.err(terminal.style(text, colour, sys.stderr) if colour else text)
