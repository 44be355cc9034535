"""What the cases share: a runbook is validated, or run in a sandbox with a small world."""

from __future__ import annotations

from pathlib import Path

from tests.cli.commands import Cli, Result, Store, write_file

INPUTS = Path(__file__).parent / "inputs"

SNAPSHOT = "rds.cluster_snapshot/x@us-west-2: available"
HEAD = "runbook: a\nregion: us-west-2\n"


def validated(cli: Cli, tmp_path: Path, text: str) -> list[tuple[str, int]]:
    """The errors of a runbook: rule and line. Warnings are left out."""
    result = cli("validate", write_file(tmp_path / "a.yaml", text), "-o", "json")
    return [(one["rule"], one["line"]) for one in result.document["findings"] if one["severity"] == "error"]


def run(cli: Cli, tmp_path: Path, store: Store, text: str, *words: str, world: str = SNAPSHOT) -> Result:
    """Run a runbook in a sandbox with that world."""
    made = write_file(tmp_path / "world.yaml", "world:\n" + "".join(f"  {line}\n" for line in world.split("\n")))
    file = write_file(tmp_path / "a.yaml", text)
    return cli("run", file, f"--sandbox={made}", *store, "--yes", "--no-input", "-o", "json", *words)
