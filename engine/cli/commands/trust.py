"""`runbook trust`: accept the content of a project's `runbook.toml`, which then sets the store, the account and the endpoint."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.config import NEEDS_TRUST, ConfigFile, project_file, read_config
from engine.cli.options import OUTPUT_OPTIONS, Options, command
from engine.cli.output import terminal
from engine.cli.trusted_files import check_file, digest_of, is_trusted, record_trust
from engine.errors import UsageError


@command("trust", "no_input", "yes", *OUTPUT_OPTIONS)
def trust(
    options: Options,
    file: Annotated[
        str | None, typer.Argument(metavar="FILE", help="a runbook.toml; by default, the one that applies here")
    ] = None,
) -> int:
    """Accept the content of a project's runbook.toml. If it changes, it must be accepted again."""
    path = Path(file) if file is not None else project_file()
    if path is None:
        raise UsageError("there is no runbook.toml in this folder or above it; name one")
    found = read_config(path, needs_trust=True)
    check_file(found)
    settings = {name: found.value(name) for name in NEEDS_TRUST if name in found.settings}
    if not is_trusted(found, os.environ):
        _confirm(options, found, settings)
        record_trust(found, os.environ)
    document = {"file": str(path), "sha256": digest_of(found), "settings": settings}
    terminal.out_document(document, [terminal.escape(f"{path} is trusted")], as_json=options.as_json)
    return 0


def _confirm(options: Options, file: ConfigFile, settings: dict[str, str]) -> None:
    """Show what the file sets, and ask. UsageError where nobody accepts it."""
    terminal.err(terminal.escape(f"{file.path} sets:"))
    for name, value in settings.items() or (("nothing that needs trust", ""),):
        terminal.err(terminal.escape(f"  {name} = {value}" if value else f"  {name}"))
    if options.yes:
        return
    if options.no_input or not terminal.can_prompt():
        raise UsageError(f"{file.path} was not trusted: nobody can be asked. If its content is right, add --yes")
    if not terminal.confirm("Trust it?"):
        raise UsageError(f"{file.path} was not trusted")
