"""Which runbooks a command is about, where files and folders are named; and how one of them is written anew."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from engine.cli.files import LARGEST
from engine.errors import UsageError

SUFFIXES: Final = (".yaml", ".yml")
NOT_RUNBOOKS: Final = (".test.yaml", ".test.yml")
SPEAKS: Final = re.compile(rb"^(?:runbook|steps)[ \t]*:", re.MULTILINE)
PLACE: Final = "runbooks"
"""What is meant where nothing is named, if it is there; else this folder."""


def runbooks_in(paths: Iterable[str] | None) -> Iterator[str]:
    """The files that are named, and those of the folders. UsageError for a folder without one."""
    for path in paths or [PLACE if Path(PLACE).is_dir() else "."]:
        if path == "-" or not Path(path).is_dir():
            yield path
            continue
        found = sorted(str(one) for one in Path(path).rglob("*") if _may_be(one))
        if not found:
            message = f"there is no runbook in {path}: *.yaml and *.yml with `runbook:` or `steps:` are looked for"
            raise UsageError(message)
        yield from found


def _may_be(file: Path) -> bool:
    """A YAML file that speaks of a runbook and is no test of one, in no hidden folder."""
    if file.suffix not in SUFFIXES or file.name.endswith(NOT_RUNBOOKS) or not file.is_file():
        return False
    if any(part.startswith(".") and part not in (".", "..") for part in file.parts):
        return False
    try:
        with file.open("rb") as opened:
            return SPEAKS.search(opened.read(LARGEST)) is not None
    except OSError:
        return True  # that it cannot be read is told


def rewritten(path: str, text: str) -> None:
    """The file has the new text, or still the old one: never a part. Its mode stays, and so does a link to it."""
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
