"""`runbook fmt`: reformat runbooks. Their meaning and their comments stay the same."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from engine.cli.files import display_path, find_runbooks, is_left_alone, read_bytes, replace_text
from engine.cli.options import Options, PathsArgument, command
from engine.cli.output import terminal
from engine.cli.output.findings import InvalidFiles
from engine.errors import Finding, RunbookInvalid, UsageError


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
        if is_left_alone(path, paths, "reformatted"):
            continue
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
        terminal.err(terminal.escape(f"{name}: not reformatted: {result.unchanged_because}"))
    if path == "-" and not check:
        _print_text(result.text)
    elif changed:
        terminal.out(terminal.escape(name))
        if not check:
            replace_text(path, result.text)
    return changed


def _print_text(text: str) -> None:
    """Write the formatted text as it is; UsageError where GitHub Actions would obey a line of it."""
    if os.environ.get("GITHUB_ACTIONS") == "true" and terminal.has_commands(text):
        raise UsageError("a line of the text is a workflow command of GitHub Actions; format the file by its name")
    terminal.out(text, end="", raw=True)
