"""validate: files and folders are checked, all findings at once, without credentials or network."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Annotated, Final

import typer

from engine.checks.formats import NAMES, rendered, summary
from engine.cli.baseline_options import fresh, write
from engine.cli.command_classes import Command
from engine.cli.files import beside, data_of, shown
from engine.cli.options import Options, taking
from engine.cli.output import terminal
from engine.cli.runbook_files import rewritten, runbooks_in
from engine.errors import Finding, UsageError
from engine.registry import Registry

app = typer.Typer(rich_markup_mode=None)

NO_TEXT: Final = ("RB102", "RB103", "RB104")
"""Where one of these is found, the file's bytes are not what can be written back."""


@app.command("validate", cls=Command)
@taking("format", "quiet", "debug", formats=NAMES)
def validate(
    options: Options,
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATH...]", help="files or folders  [default: runbooks]")
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="mend what surely can be, in the files, and tell what")] = False,
    baseline: Annotated[
        str | None, typer.Option("--baseline", metavar="FILE", help="what stands in FILE is known, and not told again")
    ] = None,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="what is found now is what --baseline FILE knows from now on")
    ] = False,
) -> int:
    """Check runbooks: all findings at once, without credentials or network. `-` is the standard input."""
    from actions import build_registry

    registry = build_registry()
    findings: list[Finding] = []
    texts: dict[str, str] = {}
    for path in runbooks_in(paths):
        name = shown(path)
        texts[name], found = (_mended if fix else _checked)(path, name, registry)
        findings += found
    if write_baseline:
        write(baseline, findings, texts)
        return 0
    if baseline is not None:
        findings = fresh(options, baseline, findings, texts)
    _tell(options, findings, texts)
    return 1 if any(one.severity == "error" for one in findings) else 0


def _checked(path: str, name: str, registry: Registry) -> tuple[str, Iterable[Finding]]:
    """The text of a file, and what is found in it."""
    from engine.checks import validate as checked

    data = data_of(path)
    return data.decode("utf-8", "replace"), checked(data, registry, name, beside(path))[1]


def _mended(path: str, name: str, registry: Registry) -> tuple[str, Iterable[Finding]]:
    """The same, after the file was mended; what was done is told."""
    from engine.checks.adopt.fix import apply_fixes

    if path == "-":
        message = "--fix writes files, and - is none: name the file"
        raise UsageError(message)
    text, found = _checked(path, name, registry)
    if any(one.rule in NO_TEXT for one in found):
        return text, found
    made = apply_fixes(text, registry, name, beside(path))
    for one in made.fixes:
        place = f"{name}:{one.finding.line}:{one.finding.column}"
        terminal.err(f"{place}: fixed {one.finding.rule}: {terminal.clean(one.old)} → {terminal.clean(one.new)}")
    if made.fixes:
        rewritten(path, made.text)
    return made.text, made.findings


def _tell(options: Options, findings: list[Finding], texts: dict[str, str]) -> None:
    form = options.format
    if form == "text" and os.environ.get("GITHUB_ACTIONS") == "true":
        form = "github"
    told = rendered(form, findings, texts).rstrip("\n")
    if told:
        terminal.out(told)
    if form in ("text", "github") and not options.quiet:
        terminal.err(summary(findings, len(texts)))
