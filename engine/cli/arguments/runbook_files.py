"""Completers that read files: runbooks, and their steps."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import typer

from engine.cli.arguments.completer import completer

DEPTH: Final = 3
"""Folders below this one in which runbooks are looked for."""
OTHER_FILES: Final = (".test.yaml", ".test.yml", ".world.yaml", ".world.yml")


@completer
def complete_runbook(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """The YAML files of the folder that was typed, and of those below it."""
    folder = incomplete.rpartition("/")[0] if "/" in incomplete else ""
    start = "/" if incomplete.startswith("/") and not folder else folder or "."
    for path, folders, files in os.walk(start):
        depth = path.removeprefix(start).count("/")
        folders[:] = sorted(
            one for one in folders if not one.startswith(".") and one != "node_modules" and depth < DEPTH
        )
        for name in sorted(files):
            if name.endswith((".yaml", ".yml")) and not name.endswith(OTHER_FILES):
                file = os.path.join(path, name)  # noqa: PTH118 - as it is typed: Path drops a leading ./
                yield file if incomplete.startswith("./") else file.removeprefix("./"), ""


@completer
def complete_step_of_file(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """The steps of the runbook whose file was typed."""
    from engine.cli.arguments.input_options import read_value

    file = Path(str(ctx.params.get("what") or ""))
    if not file.is_file():
        return
    try:
        ids = [str(step["id"]) for step in read_value(str(file))["steps"] if "id" in step]
    except (KeyError, TypeError):
        return  # no runbook
    yield from ((id, "") for id in ids)
