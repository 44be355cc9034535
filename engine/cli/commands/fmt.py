"""fmt: runbooks as the house writes them. What they mean stays, and their comments too."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli.command_classes import Command
from engine.cli.files import data_of, shown
from engine.cli.options import Options, taking
from engine.cli.output import terminal
from engine.cli.output.findings import Refused
from engine.cli.runbook_files import rewritten, runbooks_in
from engine.errors import Finding, RunbookInvalid

app = typer.Typer(rich_markup_mode=None)


@app.command("fmt", cls=Command)
@taking("quiet", "debug")
def fmt(
    options: Options,
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATH...]", help="files or folders  [default: runbooks]")
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="change nothing; 1 where something would change")] = False,
) -> int:
    """Lay runbooks out: order of keys, indentation, blanks. `-` is the standard input, told on the standard output."""
    changed, files = 0, 0
    findings: list[Finding] = []
    texts: dict[str, str] = {}
    for path in runbooks_in(paths):
        files += 1
        try:
            changed += _one(path, options, check=check)
        except RunbookInvalid as error:
            findings += error.findings
            texts[shown(path)] = data_of(path).decode("utf-8", "replace") if path != "-" else ""
    if not options.quiet and paths != ["-"]:
        word = "would be laid out anew" if check else "laid out anew"
        terminal.err(f"{changed} of {files} file{'' if files == 1 else 's'} {word}")
    if findings:
        raise Refused(findings, texts)
    return 1 if check and changed else 0


def _one(path: str, options: Options, *, check: bool) -> bool:
    """Would it change? Then it does, but for a `check`."""
    from engine.language.fmt.formatter import formatted

    name, data = shown(path), data_of(path)
    made = formatted(data, name)
    changed = made.text.encode("utf-8") != data
    if made.left and not options.quiet:
        terminal.err(f"{name}: left as it is: {made.left}")
    if path == "-" and not check:
        terminal.out(made.text, end="")
    elif changed:
        terminal.out(name)
        if not check:
            rewritten(path, made.text)
    return changed
