"""From the words of the command line to an exit code: every way in which a command can end, by whose fault it is.

Never a traceback without `--debug`; a bug of ours is told by its places in the code, without any value in it.
"""

from __future__ import annotations

import gc
import os
import platform
import sys
import traceback
from pathlib import Path
from typing import Any, Final

from engine import __version__
from engine.cli.output import terminal
from engine.cli.signals import LeftByUser
from engine.errors import EffectFailed, EffectNotSent, EffectUnknown, RunbookError, RunbookInvalid

COLLECTS: Final = (50_000, 20, 100)
"""When the garbage collector looks: what a command reads it needs to its end, and there is little to collect."""

BUG: Final = 70
INTERRUPTED: Final = 130
EFFECTS: Final = (EffectFailed, EffectUnknown, EffectNotSent)


def answer(words: list[str]) -> int:
    """The exit code; everything is told by then."""
    gc.set_threshold(*COLLECTS)
    terminal.prepare()
    debug = "--debug" in words or bool(os.environ.get("RUNBOOK_DEBUG"))
    try:
        code = _asked(words)
    except LeftByUser as left:
        code = left.code
    except terminal.NobodyReads:
        code = 0  # whoever read it has seen enough
    except SystemExit as left:  # typer's own: help that nobody reads, completion
        code = 0 if isinstance(left.__context__, BrokenPipeError) else int(left.code or 0)
    except KeyboardInterrupt:
        terminal.err("interrupted")
        code = INTERRUPTED
    except Exception as error:
        code = _told(error, words, debug=debug)
    return _closed(code)


def _asked(words: list[str]) -> int:
    from engine.cli.app import ask

    return ask(words)


def _told(error: Exception, words: list[str], *, debug: bool) -> int:
    """One error's message and exit code."""
    if debug:
        traceback.print_exception(error)
    code = code_of(error)
    try:
        if _wants_json(words):
            _document(error, code)
    except (OSError, terminal.NobodyReads):
        pass  # the message on stderr remains
    match error:
        case RunbookInvalid():
            from engine.cli.output.findings import as_text

            terminal.err(as_text(error))
        case _ if code == BUG:
            terminal.err(_report(error, words))
        case _:
            terminal.err(f"{terminal.dyed('error:', 'bad', sys.stderr)} {_message(error)}")
    return code


def code_of(error: BaseException) -> int:
    """By the table in docs/interface.md, "Exit codes"."""
    if isinstance(error, EFFECTS):
        return 4
    if isinstance(error, RunbookError):
        return error.exit_code
    return 4 if isinstance(error, OSError) else BUG


def _message(error: Exception) -> str:
    if isinstance(error, OSError):
        named = f": {error.filename}" if error.filename else ""
        return terminal.clean(f"{error.strerror or type(error).__name__}{named}")
    notes = getattr(error, "__notes__", [])
    told = [*str(error).splitlines(), *notes]
    return "\n".join(terminal.clean(line) for line in told) or type(error).__name__


def _document(error: Exception, code: int) -> None:
    """Where one JSON document is wanted, an error is one too."""
    if isinstance(error, RunbookInvalid):
        from engine.cli.output.findings import as_json

        terminal.out(as_json(error))
        return
    message = "a bug of this program" if code == BUG else _message(error)
    terminal.document({"format": 1, "exit_code": code, "error": type(error).__name__, "error_message": message})


def _wants_json(words: list[str]) -> bool:
    said = " ".join(words)
    return any(f"{flag}json" in said for flag in ("-o ", "-o", "--format ", "--format="))


def _report(error: Exception, words: list[str]) -> str:
    """What to report of a bug: places and types, no values, for they could hold anything."""
    lines = [
        "This is a bug of runbook. Nothing more was done; what is recorded stands, and can be resumed.",
        "Please report:",
        f"  runbook {__version__}, Python {platform.python_version()}, {platform.system()} {platform.release()}",
        f"  command: {' '.join(_bare(words))}",
    ]
    chain: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in chain:
        chain.append(at)
        at = at.__cause__ or at.__context__
    lines += [f"  {type(one).__name__} {_place(one)}" for one in chain]
    return "\n".join([*lines, "With --debug the whole traceback is shown; look through it before you send it."])


def _bare(words: list[str]) -> list[str]:
    return [word.partition("=")[0] for number, word in enumerate(words) if not number or word.startswith("-")]


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "(nowhere)"
    frame = frames[-1]
    parts = Path(frame.filename).parts[-3:]
    return f"at {'/'.join(parts)}:{frame.lineno} in {frame.name}"


def _closed(code: int) -> int:
    """What is still to be written is, and a closed pipe is no crash at the exit either."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            _to_nowhere(stream)
    return code


def _to_nowhere(stream: Any) -> None:
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    except (OSError, ValueError):
        return
