"""`runbook fmt`: reformat runbooks. Their meaning and their comments stay the same."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli.files import display_path, find_runbooks, read_bytes, replace_text
from engine.cli.options import Options, PathsArgument, command
from engine.cli.output import terminal
from engine.cli.output.findings import InvalidFiles
from engine.errors import Finding, RunbookInvalid


@command("fmt", "quiet", "debug")
def fmt(
    options: Options,
    paths: PathsArgument = None,
    check: Annotated[
        bool, typer.Option("--check", help="change nothing; exit with 1 if a file would be reformatted")
    ] = False,
) -> int:
    """Reformat runbooks: order of keys, indentation, blank lines. `-` reads stdin and writes stdout."""
    changed, files = 0, 0
    findings: list[Finding] = []
    texts: dict[str, str] = {}
    for path in find_runbooks(paths):
        files += 1
        try:
            changed += _format_file(path, options, check=check)
        except RunbookInvalid as error:
            findings += error.findings
            texts[display_path(path)] = read_bytes(path).decode("utf-8", "replace") if path != "-" else ""
    if not options.quiet and paths != ["-"]:
        verb = "would be reformatted" if check else "reformatted"
        terminal.err(f"{changed} of {terminal.plural(files, 'file')} {verb}")
    if findings:
        raise InvalidFiles(findings, texts)
    return 1 if check and changed else 0


def _format_file(path: str, options: Options, *, check: bool) -> bool:
    """Reformat the file unless `check`. Returns whether its text differs from the formatted one."""
    from engine.language.fmt.formatter import format_runbook

    name, data = display_path(path), read_bytes(path)
    result = format_runbook(data, name)
    changed = result.text.encode("utf-8") != data
    if result.unchanged_because and not options.quiet:
        terminal.err(f"{name}: not reformatted: {result.unchanged_because}")
    if path == "-" and not check:
        terminal.out(result.text, end="")
    elif changed:
        terminal.out(name)
        if not check:
            replace_text(path, result.text)
    return changed
