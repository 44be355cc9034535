"""Files that a person names: found, read and rewritten. Errors: UsageError with the file's name and what is wrong."""

from __future__ import annotations

import errno
import os
import re
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
from engine.regular_file import read_regular_file

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
        if file.is_dir():
            raise UsageError(f"{path} is a folder; name a file in it{_example_in(file)}")
        return read_regular_file(file, MAX_BYTES)
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
    from engine.checks.subject import test_file_of

    try:
        return (
            read_regular_file(Path(test_file_of(path)), MAX_BYTES).decode("utf-8", "replace") if path != "-" else None
        )
    except (OSError, ValueError):
        return None


def quotable(path: str, text: str) -> str:
    """The text of a file, for quoting its lines; "" if it is behind a symbolic link that leads out of the checkout.

    Whoever wrote the checkout could have linked any file of the person who checks it.
    """
    return text if path == "-" or _stays_inside(Path(path)) else ""


def is_link(path: str) -> bool:
    """Whether the file is a symbolic link, or behind one that leads out of the checkout: such a file is not rewritten."""
    return path != "-" and (Path(path).is_symlink() or not _stays_inside(Path(path)))


def is_left_alone(path: str, named: Iterable[str] | None, what: str) -> bool:
    """Whether a file that was found is a link, which is said; UsageError if the person has `named` it."""
    if not is_link(path):
        return False
    message = f"{display_path(path)} is a symbolic link, and was not {what}"
    if path in (named or ()):
        raise UsageError(f"{message}; name the file that it leads to")
    terminal.err(terminal.escape(message))
    return True


def _stays_inside(file: Path) -> bool:
    """Whether the file's target is in the checkout, or for a file named elsewhere: whether it is no link."""
    try:
        named, target, checkout = Path(os.path.abspath(file)), file.resolve(), _checkout()  # noqa: PTH100 - keeps links
    except (OSError, RuntimeError):  # links in a circle
        return False
    if target.is_relative_to(checkout.resolve()):
        return True
    return not named.is_relative_to(checkout) and not file.is_symlink()


def _checkout() -> Path:
    """The working copy around the working directory; that directory itself where there is none."""
    here = Path.cwd()
    return next((one for one in (here, *here.parents) if (one / ".git").exists()), here)


def load_runbook(path: str, registry: Registry, *, quiet: bool = False) -> Runbook:
    """The runbook in a file. Raises InvalidFiles with all findings; counts warnings on stderr unless `quiet`."""
    from engine.checks import validate
    from engine.cli.output.findings import InvalidFiles

    name, data = display_path(path), read_bytes(path)
    runbook, findings = validate(data, registry, name, read_tests(path))
    if runbook is None:
        raise InvalidFiles(findings, {name: quotable(path, data.decode("utf-8", "replace"))})
    if findings and not quiet:
        shown = terminal.escape(name)
        terminal.err(f"{shown}: {terminal.plural(len(findings), 'warning')}; `runbook validate {shown}` shows them")
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
    if file.suffix not in SUFFIXES or file.name.endswith(TEST_SUFFIXES):
        return False
    if any(part.startswith(".") and part not in (".", "..") for part in file.parts):
        return False
    try:
        return RUNBOOK_KEYS.search(read_regular_file(file, MAX_BYTES)) is not None
    except OSError as error:
        return error.errno not in (errno.EINVAL, errno.ENOENT, errno.ELOOP)  # reading it again reports the error


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
