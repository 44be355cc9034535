"""validate --baseline FILE: what is known is not told again; --write-baseline: what is found now is known."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from engine.cli.files import data_of
from engine.cli.options import Options
from engine.cli.output import terminal
from engine.errors import Finding, UsageError


def fresh(options: Options, path: str, findings: list[Finding], checked: Iterable[str]) -> list[Finding]:
    """What the file does not know. How much of what it knows has gone is said on stderr."""
    from engine.checks.adopt.baseline import new_findings, parse_baseline

    known = parse_baseline(data_of(path).decode("utf-8", "replace"), path)
    seen = set(checked)
    found, gone = new_findings(findings, {file: words for file, words in known.items() if file in seen})
    if gone and not options.quiet:
        terminal.err(f"{path}: {gone} of what is known has gone; `--write-baseline` takes it out")
    return found


def write(path: str | None, findings: list[Finding], checked: Iterable[str]) -> None:
    """The file, written anew."""
    from engine.checks.adopt.baseline import format_baseline, parse_baseline, updated_baseline

    if path is None:
        message = "--write-baseline needs a file: `--baseline FILE --write-baseline`"
        raise UsageError(message)
    file = Path(path)
    known = parse_baseline(data_of(path).decode("utf-8", "replace"), path) if file.exists() else {}
    made = updated_baseline(known, findings, checked, lambda name: Path(name).exists())
    file.write_text(format_baseline(made), encoding="utf-8")
    count = sum(sum(words.values()) for words in made.values())
    files = len([words for words in made.values() if words])
    terminal.err(f"{path}: {count} finding{'' if count == 1 else 's'} in {files} file{'' if files == 1 else 's'} known")
