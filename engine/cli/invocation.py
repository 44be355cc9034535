"""One invocation: runs the command and turns every error into a message and an exit code.

Tracebacks are shown only with `--debug`. A bug of runbook itself is reported by its places in the code, without any
value, for values may be secret.
"""

from __future__ import annotations

import gc
import os
import platform
import re
import shlex
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Final

from engine import __version__
from engine.cli.output import terminal
from engine.errors import EffectFailed, EffectNotSent, EffectUnknown, RunbookError, RunbookInvalid, UsageError

GC_THRESHOLDS: Final = (50_000, 20, 100)
"""Collect garbage rarely: a command needs most of what it reads until it ends."""

BUG: Final = 70
INTERRUPTED: Final = 130
SUGGESTED: Final = re.compile(
    r"`(runbook (?:(?:list|orphans)\b|(?:cancel|cleanup|history|restart|resume|status) )[^`]*)`"
)
"""A command in a message that reads a store."""
EFFECTS: Final = (EffectFailed, EffectUnknown, EffectNotSent)


def invoke(args: list[str]) -> int:
    """Run the command and report its error, if any. Returns the exit code."""
    gc.set_threshold(*GC_THRESHOLDS)
    terminal.configure_streams()
    debug = "--debug" in args or bool(os.environ.get("RUNBOOK_DEBUG"))
    try:
        from engine.cli.app import run_command

        code = run_command(args)
    except terminal.OutputClosed:
        code = 0  # the reader has seen enough
    except SystemExit as exit:  # typer's own: help into a closed pipe, completion
        code = 0 if isinstance(exit.__context__, BrokenPipeError) else int(exit.code or 0)
    except KeyboardInterrupt:
        terminal.err("interrupted")
        code = INTERRUPTED
    except Exception as error:
        code = _report_error(error, args, debug=debug)
    _flush_streams()
    return code


def _report_error(error: Exception, args: list[str], *, debug: bool) -> int:
    """Print the error's message, and its document for `-o json`. Returns the exit code."""
    if debug:
        traceback.print_exception(error)
    code = exit_code_of(error)
    if _wants_json(args):
        with suppress(OSError, terminal.OutputClosed):  # the message on stderr remains
            _print_json(error, code)
    match error:
        case RunbookInvalid():
            from engine.cli.output.findings import format_error

            terminal.err(format_error(error))
        case _ if code == BUG:
            terminal.err(_bug_report(error, args))
        case _:
            terminal.err(f"{terminal.error_prefix()} {_message(error)}")
    return code


def exit_code_of(error: BaseException) -> int:
    """The exit code, by whose fault the error is (docs/interface.md, "Exit codes")."""
    if isinstance(error, EFFECTS):
        return 4
    if isinstance(error, RunbookError):
        return error.exit_code
    return 4 if isinstance(error, OSError) else BUG


def _message(error: Exception) -> str:
    if isinstance(error, OSError):
        file = f": {error.filename}" if error.filename else ""
        return terminal.escape(f"{error.strerror or type(error).__name__}{file}")
    lines = [*_with_options(str(error), error).splitlines(), *getattr(error, "__notes__", [])]
    return "\n".join(terminal.escape(line) for line in lines) or type(error).__name__


def _with_options(message: str, error: Exception) -> str:
    """The message; its commands have the options that select the store and the world, so that they can be typed."""
    options = error.options_to_repeat if isinstance(error, RunbookError) else ()
    return SUGGESTED.sub(lambda found: f"`{found[1]} {shlex.join(options)}`", message) if options else message


def _print_json(error: Exception, code: int) -> None:
    if isinstance(error, RunbookInvalid):
        from engine.checks.formats import format_findings

        terminal.out(format_findings("json", error.findings, {}).rstrip("\n"), raw=True)
        return
    message = "a bug in runbook" if code == BUG else _message(error)
    document = {"format": 1, "exit_code": code, "error": type(error).__name__, "error_message": message}
    if isinstance(error, UsageError) and error.unconfirmed is not None:
        document["unconfirmed"] = error.unconfirmed
    terminal.out_json(document)


def _wants_json(args: list[str]) -> bool:
    """Looked up in the arguments as typed: they may be what is wrong."""
    line = " ".join(args)
    return any(f"{flag}json" in line for flag in ("-o ", "-o", "--format ", "--format="))


# -- bugs of runbook itself -----------------------------------------------------------------------------------


def _bug_report(error: Exception, args: list[str]) -> str:
    """What to report of a bug: places and types, but no values."""
    lines = [
        "This is a bug in runbook. The command stopped; recorded progress is kept, and the operation can be resumed.",
        "Please report:",
        f"  runbook {__version__}, Python {platform.python_version()}, {platform.system()} {platform.release()}",
        f"  command: {' '.join(_without_values(args))}",
    ]
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    lines += [f"  {type(one).__name__} {_place(one)}" for one in chain]
    return "\n".join([*lines, "--debug shows the whole traceback; check it for secrets before you send it."])


def _without_values(args: list[str]) -> list[str]:
    return [word.partition("=")[0] for number, word in enumerate(args) if not number or word.startswith("-")]


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return "(no traceback)"
    frame = frames[-1]
    parts = Path(frame.filename).parts[-3:]
    return f"at {'/'.join(parts)}:{frame.lineno} in {frame.name}"


def _flush_streams() -> None:
    """Flush both streams. A closed one is replaced, for Python would report an error when it flushes it at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
