"""Files that a person names: read whole, or told why not. UsageError with the name and what is wrong with it."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Final

from engine.cli.output import terminal
from engine.errors import UsageError
from engine.language.model import Runbook
from engine.language.nearest import did_you_mean
from engine.registry import Registry

LARGEST: Final = 16 * 1024 * 1024
"""Bytes that are read of anything; a runbook's own limit is the language's."""


def data_of(path: str) -> bytes:
    """What is in it; `-` is the standard input."""
    if path == "-":
        return sys.stdin.buffer.read(LARGEST)
    try:
        file = Path(path)
        if stat.S_ISDIR(file.stat().st_mode):
            message = f"{path} is a folder; name a file in it{_names(file)}"
            raise UsageError(message)
        with file.open("rb") as opened:
            return opened.read(LARGEST)
    except FileNotFoundError as error:
        hint = _near(Path(path))
        message = f"there is no file {path}" + (f"; {hint}" if hint else "")
        raise UsageError(message) from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        message = f"{path} cannot be read: {why}"
        raise UsageError(message) from error


def _near(path: Path) -> str:
    try:
        return did_you_mean(path.name, sorted(one.name for one in path.parent.iterdir()), rest="")
    except OSError:
        return ""


def _names(folder: Path) -> str:
    try:
        names = sorted(one.name for one in folder.iterdir() if one.suffix in (".yaml", ".yml"))
    except OSError:
        return ""
    return f", say {names[0]}" if names else ""


def shown(path: str) -> str:
    """A path as findings name it: never an absolute one, so that the same file reads the same everywhere."""
    if path == "-" or not Path(path).is_absolute():
        return path
    relative = os.path.relpath(path)
    return Path(path).name if relative.startswith(os.pardir) else relative


def beside(path: str) -> str | None:
    """The text of the tests beside a runbook; None where there are none."""
    file = Path(path)
    tests = file.with_name(f"{file.stem}.test{file.suffix}")
    try:
        return tests.read_text(encoding="utf-8", errors="replace") if path != "-" and tests.is_file() else None
    except OSError:
        return None


def checked(path: str, registry: Registry, *, quiet: bool = False) -> Runbook:
    """The runbook in a file. Refused with every finding; warnings are counted on stderr."""
    from engine.checks import validate
    from engine.cli.output.findings import Refused

    name, data = shown(path), data_of(path)
    runbook, findings = validate(data, registry, name, beside(path))
    if runbook is None:
        raise Refused(findings, {name: data.decode("utf-8", "replace")})
    if findings and not quiet:
        terminal.err(f"{name}: {len(findings)} warning(s); `runbook validate {name}` shows them")
    return runbook
