"""Compares `runbook validate` with cfn-lint, ansible-lint and check-jsonschema: a process for one file, and for 1,000 files.

cfn-lint gets a CloudFormation template and ansible-lint a playbook, both of the size and subject of the restore.
check-jsonschema gets the restore itself and its JSON Schema. They check less: none follows the paths of a runbook, its
state tables, or the errors of calls. ansible-lint starts `ansible-playbook --syntax-check` for each file, so it gets 50.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from environments import command
from measurement import ROOT, RUNBOOK, machine, medians, run_process

MANY = 1_000
FEW = 50
RESTORE = ROOT / "runbooks" / "restore.yaml"
TEMPLATE = Path(__file__).resolve().parent / "restore.template.yaml"
PLAYBOOK = Path(__file__).resolve().parent / "restore.playbook.yaml"
SCHEMA = str(ROOT / "schemas" / "runbook.schema.json")

Peers = dict[str, tuple[Path, Callable[[list[str]], list[str]]]]
"""Name of the tool: the file that it reads, and its command for some files."""


def peers() -> Peers:
    lint, schema, ansible = command("cfn-lint"), command("check-jsonschema"), command("ansible-lint")
    path = f"{Path(ansible).parent}{os.pathsep}{os.environ['PATH']}"  # ansible-lint finds ansible-playbook on the PATH
    return {
        "runbook validate": (RESTORE, lambda files: [RUNBOOK, "validate", *files]),
        "check-jsonschema": (RESTORE, lambda files: [schema, "--schemafile", SCHEMA, *files]),
        "cfn-lint": (TEMPLATE, lambda files: [lint, *files]),
        "ansible-lint": (PLAYBOOK, lambda files: ["env", f"PATH={path}", ansible, "--offline", "-q", *files]),
    }


def cold(asked: Peers) -> dict[str, float]:
    """Seconds of a process that checks one file: the median of five."""
    works = [partial(run_process, make([str(file)])) for file, make in asked.values()]
    return dict(zip(asked, medians(*works), strict=True))


def many(asked: Peers) -> dict[str, float]:
    """Seconds for 1,000 files in one process, measured once; for ansible-lint, extrapolated from 50."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (file, make) in asked.items():
            number = FEW if name == "ansible-lint" else MANY
            files = copies(file, Path(folder) / name.replace(" ", "-"), number)
            found[name] = run_process(make(files)) * MANY / number
    return found


def copies(file: Path, folder: Path, many: int) -> list[str]:
    """Copies of a file that differ in their first line."""
    folder.mkdir()
    text = file.read_text(encoding="utf-8")
    made = []
    for number in range(many):
        copy = folder / f"{number}.yaml"
        copy.write_text(f"# {number}\n{text}", encoding="utf-8")
        made.append(str(copy))
    return made


def main() -> None:
    print(machine())
    asked = peers()
    for what, found in (("cold, one file", cold(asked)), (f"{MANY:,} files in one process", many(asked))):
        ours = found["runbook validate"]
        print(f"\n| {what} | seconds | × runbook |\n|---|---|---|")
        for name, took in sorted(found.items(), key=lambda one: one[1]):
            print(f"| {name} | {took:.3f} | {took / ours:.1f} |")


if __name__ == "__main__":
    main()
