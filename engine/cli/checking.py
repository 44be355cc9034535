"""validate: files and folders are checked, all findings at once, without credentials or network."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from engine.checks.formats import NAMES, rendered, summary
from engine.cli import screen
from engine.cli.folders import runbooks_in
from engine.cli.light import Command
from engine.cli.options import Options, taking
from engine.cli.reading import beside, data_of, shown
from engine.errors import Finding

app = typer.Typer(rich_markup_mode=None)


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
    findings: list[Finding] = []
    texts: dict[str, str] = {}
    for path in runbooks_in(paths):
        data = data_of(path)
        name = shown(path)
        texts[name] = data.decode("utf-8", "replace")
        findings += checked(data, registry, name, beside(path))[1]
    _tell(options, findings, texts)
    return 1 if any(one.severity == "error" for one in findings) else 0


def _tell(options: Options, findings: list[Finding], texts: dict[str, str]) -> None:
    form = options.format
    if form == "text" and os.environ.get("GITHUB_ACTIONS") == "true":
        form = "github"
    told = rendered(form, findings, texts).rstrip("\n")
    if told:
        screen.out(told)
    if form in ("text", "github") and not options.quiet:
        screen.err(summary(findings, len(texts)))
