"""`runbook validate`: check files and folders and report all findings, without credentials or network."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final

import typer

from engine.checks.formats import FORMATS, format_findings, summarize_findings
from engine.cli.files import display_path, find_runbooks, is_left_alone, quotable, read_bytes, read_tests, replace_text
from engine.cli.options import Options, PathsArgument, command
from engine.cli.output import terminal
from engine.errors import Finding, UsageError
from engine.registry import Registry

NOT_TEXT: Final = ("RB102", "RB103", "RB104")
"""Findings that mean that the file's bytes do not survive reading and writing as text."""


@command("validate", "format", "quiet", "debug", formats=FORMATS)
def validate(
    options: Options,
    paths: PathsArgument = None,
    fix: Annotated[bool, typer.Option("--fix", help="apply the fixes that are certain, and list them")] = False,
    baseline: Annotated[
        str | None, typer.Option("--baseline", metavar="FILE", help="report only findings that are not in FILE")
    ] = None,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="record the current findings in the FILE of --baseline")
    ] = False,
) -> int:
    """Check runbooks and report all findings; needs no credentials or network. `-` is stdin."""
    from actions import build_registry

    registry = build_registry()
    findings: list[Finding] = []
    texts: dict[str, str] = {}
    for path in find_runbooks(paths):
        name = display_path(path)
        is_fixed = fix and not is_left_alone(path, paths, "fixed")
        texts[name], found = (_fix_file if is_fixed else _check_file)(path, name, registry)
        findings += found
    if write_baseline:
        _write_baseline(baseline, findings, texts)
        return 0
    if baseline is not None:
        findings = _without_baseline(options, baseline, findings, texts)
    _print_findings(options, findings, texts)
    return 1 if any(one.severity == "error" for one in findings) else 0


def _check_file(path: str, name: str, registry: Registry) -> tuple[str, Iterable[Finding]]:
    """The text of the file, and its findings."""
    from engine.checks import validate as check

    data = read_bytes(path)
    return quotable(path, data.decode("utf-8", "replace")), check(data, registry, name, read_tests(path))[1]


def _fix_file(path: str, name: str, registry: Registry) -> tuple[str, Iterable[Finding]]:
    """The text of the file after fixing it, and the findings that are left. Lists the fixes on stderr."""
    from engine.checks.adopt.fix import apply_fixes

    if path == "-":
        raise UsageError("--fix writes the file, and stdin is not a file: give its name")
    text, found = _check_file(path, name, registry)
    if any(one.rule in NOT_TEXT for one in found):
        return text, found
    result = apply_fixes(text, registry, name, read_tests(path))
    for one in result.fixes:
        place = f"{terminal.escape(name)}:{one.finding.line}:{one.finding.column}"
        terminal.err(f"{place}: fixed {one.finding.rule}: {terminal.escape(one.old)} → {terminal.escape(one.new)}")
    if result.fixes:
        replace_text(path, result.text)
    return result.text, result.findings


def _print_findings(options: Options, findings: list[Finding], texts: dict[str, str]) -> None:
    format = options.format
    if format == "text" and os.environ.get("GITHUB_ACTIONS") == "true":
        format = "github"
    text = format_findings(format, findings, texts).rstrip("\n")
    if text:
        terminal.out(text, raw=format != "text")
    if format in ("text", "github") and not options.quiet:
        terminal.err(summarize_findings(findings, len(texts)))


# -- the baseline -----------------------------------------------------------------------------------------------


def _without_baseline(options: Options, path: str, findings: list[Finding], checked: Iterable[str]) -> list[Finding]:
    """The findings that are not in the baseline. Says on stderr how many of the baseline no longer occur."""
    from engine.checks.adopt.baseline import new_findings, parse_baseline

    baseline = parse_baseline(read_bytes(path).decode("utf-8", "replace"), path)
    names = set(checked)
    new, gone = new_findings(findings, {file: known for file, known in baseline.items() if file in names})
    if gone and not options.quiet:
        verb = "occurs" if gone == 1 else "occur"
        count = terminal.plural(gone, "baselined finding")
        terminal.err(
            f"{terminal.escape(path)}: {count} no longer {verb}; `--write-baseline` removes {'it' if gone == 1 else 'them'}"
        )
    return new


def _write_baseline(path: str | None, findings: list[Finding], checked: Iterable[str]) -> None:
    """Write the findings of the checked files to the baseline; those of other existing files stay in it."""
    from engine.checks.adopt.baseline import format_baseline, parse_baseline, updated_baseline

    if path is None:
        raise UsageError("--write-baseline needs a file: `--baseline FILE --write-baseline`")
    file = Path(path)
    old = parse_baseline(read_bytes(path).decode("utf-8", "replace"), path) if file.exists() else {}
    new = updated_baseline(old, findings, checked, lambda name: Path(name).exists())
    file.write_text(format_baseline(new), encoding="utf-8")
    count = sum(sum(known.values()) for known in new.values())
    files = len([known for known in new.values() if known])
    terminal.err(
        f"{terminal.escape(path)}: recorded {terminal.plural(count, 'finding')} in {terminal.plural(files, 'file')}"
    )
