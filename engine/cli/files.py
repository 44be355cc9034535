"""Files that a person names: found, read and rewritten. Errors: UsageError with the file's name and what is wrong."""

from __future__ import annotations

import os
import re
import stat
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from engine.cli.output import terminal
from engine.errors import UsageError
from engine.language.model import Runbook
from engine.language.nearest import did_you_mean
from engine.registry import Registry

MAX_BYTES: Final = 16 * 1024 * 1024
"""Bytes read of any file. The language has a lower limit for a runbook."""

SUFFIXES: Final = (".yaml", ".yml")
TEST_SUFFIXES: Final = (".test.yaml", ".test.yml")
RUNBOOK_KEYS: Final = re.compile(rb"^(?:runbook|steps)[ \t]*:", re.MULTILINE)
DEFAULT_FOLDER: Final = "runbooks"
"""The folder searched where no path is given; the working directory if there is no such folder."""


# -- reading ----------------------------------------------------------------------------------------------------


def read_bytes(path: str) -> bytes:
    """The content of the file; `-` is stdin."""
    if path == "-":
        return sys.stdin.buffer.read(MAX_BYTES)
    try:
        file = Path(path)
        if stat.S_ISDIR(file.stat().st_mode):
            raise UsageError(f"{path} is a folder; name a file in it{_example_in(file)}")
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES)
    except FileNotFoundError as error:
        hint = _suggest_file(Path(path))
        raise UsageError(f"there is no file {path}" + (f"; {hint}" if hint else "")) from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"{path} cannot be read: {why}") from error


def _suggest_file(path: Path) -> str:
    try:
        return did_you_mean(path.name, sorted(one.name for one in path.parent.iterdir()), rest="")
    except OSError:
        return ""


def _example_in(folder: Path) -> str:
    try:
        names = sorted(one.name for one in folder.iterdir() if _may_be_runbook(one))
    except OSError:
        return ""
    return f", for example {names[0]}" if names else ""


def display_path(path: str) -> str:
    """The path as findings show it: never absolute, so that the same file reads the same on every machine."""
    if path == "-" or not Path(path).is_absolute():
        return path
    relative = os.path.relpath(path)
    return Path(path).name if relative.startswith(os.pardir) else relative


def read_tests(path: str) -> str | None:
    """The text of the test file beside a runbook (`NAME.test.yaml`); None where there is none."""
    file = Path(path)
    tests = file.with_name(f"{file.stem}.test{file.suffix}")
    try:
        return tests.read_text(encoding="utf-8", errors="replace") if path != "-" and tests.is_file() else None
    except OSError:
        return None


def load_runbook(path: str, registry: Registry, *, quiet: bool = False) -> Runbook:
    """The runbook in a file. Raises InvalidFiles with all findings; counts warnings on stderr unless `quiet`."""
    from engine.checks import validate
    from engine.cli.output.findings import InvalidFiles

    name, data = display_path(path), read_bytes(path)
    runbook, findings = validate(data, registry, name, read_tests(path))
    if runbook is None:
        raise InvalidFiles(findings, {name: data.decode("utf-8", "replace")})
    if findings and not quiet:
        terminal.err(f"{name}: {terminal.plural(len(findings), 'warning')}; `runbook validate {name}` shows them")
    return runbook


# -- finding ----------------------------------------------------------------------------------------------------


def find_runbooks(paths: Iterable[str] | None) -> Iterator[str]:
    """The given files, and the runbooks in the given folders. UsageError for a folder without any."""
    for path in paths or [DEFAULT_FOLDER if Path(DEFAULT_FOLDER).is_dir() else "."]:
        if path == "-" or not Path(path).is_dir():
            yield path
            continue
        found = sorted(str(one) for one in Path(path).rglob("*") if _may_be_runbook(one))
        if not found:
            raise UsageError(
                f"there is no runbook in {path}: no *.yaml or *.yml file in it has a `runbook:` or `steps:` key"
            )
        yield from found


def _may_be_runbook(file: Path) -> bool:
    """A YAML file with a runbook's keys that is not a test of one and not in a hidden folder."""
    if file.suffix not in SUFFIXES or file.name.endswith(TEST_SUFFIXES) or not file.is_file():
        return False
    if any(part.startswith(".") and part not in (".", "..") for part in file.parts):
        return False
    try:
        with file.open("rb") as opened:
            return RUNBOOK_KEYS.search(opened.read(MAX_BYTES)) is not None
    except OSError:
        return True  # reading it again reports the error


# -- writing ----------------------------------------------------------------------------------------------------


def replace_text(path: str, text: str) -> None:
    """Write the whole file or leave it as it was. Keeps its mode, and a link to it."""
    file = Path(path).resolve()
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(text.encode("utf-8"))
            os.fchmod(handle, file.stat().st_mode & 0o7777)
        Path(name).replace(file)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
