"""validate: files and folders are checked, all findings at once, without credentials or network."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from engine.checks.formats import NAMES, rendered, summary
from engine.cli import screen
from engine.cli.light import Command
from engine.cli.options import Options, taking
from engine.cli.reading import LARGEST, beside, data_of, shown
from engine.errors import Finding, UsageError

app = typer.Typer(rich_markup_mode=None)

SUFFIXES: Final = (".yaml", ".yml")
NOT_RUNBOOKS: Final = (".test.yaml", ".test.yml")
SPEAKS: Final = re.compile(rb"^(?:runbook|steps)[ \t]*:", re.MULTILINE)
PLACE: Final = "runbooks"
"""What is checked where nothing is named, if it is there; else this folder."""


@app.command("validate", cls=Command)
@taking("format", "quiet", "debug", formats=NAMES)
def validate(
    options: Options,
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATH...]", help="files or folders  [default: runbooks]")
    ] = None,
) -> int:
    """Check runbooks: all findings at once, without credentials or network. `-` is the standard input."""
    from actions import build_registry
    from engine.checks import validate as checked

    registry = build_registry()
    files = list(_files(paths or [PLACE if Path(PLACE).is_dir() else "."]))
    findings: list[Finding] = []
    texts: dict[str, str] = {}
    for path in files:
        data = data_of(path)
        name = shown(path)
        texts[name] = data.decode("utf-8", "replace")
        findings += checked(data, registry, name, beside(path))[1]
    _tell(options, findings, texts)
    return 1 if any(one.severity == "error" for one in findings) else 0


def _files(paths: list[str]) -> Iterator[str]:
    for path in paths:
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


def _tell(options: Options, findings: list[Finding], texts: dict[str, str]) -> None:
    form = options.format
    if form == "text" and os.environ.get("GITHUB_ACTIONS") == "true":
        form = "github"
    told = rendered(form, findings, texts).rstrip("\n")
    if told:
        screen.out(told)
    if form in ("text", "github") and not options.quiet:
        screen.err(summary(findings, len(texts)))
