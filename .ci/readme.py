"""`make readme`: runs the commands of README.md and updates the output on the page. A test compares the two.

    ```sh       each line must exit with 0 (`make` runs with --dry-run, so that tests do not run tests)
    ```console  lines `$ command`, each followed by its output, whatever its exit code
    ```mermaid  the output of the command in the comment above it

The commands run in order in one folder with copies of `runbooks/` and `schemas/`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DIAGRAM = re.compile(r"<!-- \$ (?P<command>.*) -->\n```mermaid\n(?P<picture>.*?)```", re.DOTALL)


class CommandFailed(Exception):
    """A command of the page failed."""


def updated(text: str) -> str:
    """The page with the current output of its commands. Raises CommandFailed."""
    with tempfile.TemporaryDirectory(prefix="runbook-readme-") as name:
        folder = Path(name)
        for part in ("runbooks", "schemas"):
            if (ROOT / part).is_dir():
                shutil.copytree(ROOT / part, folder / part)
        text = DIAGRAM.sub(lambda found: _diagram(found, folder), text)
        return FENCE.sub(lambda found: _block(found, folder), text)


def _diagram(found: re.Match[str], folder: Path) -> str:
    done = run(found["command"], folder)
    if done.returncode:
        raise CommandFailed(f"{found['command']}: exit code {done.returncode}\n{done.stdout}")
    return f"<!-- $ {found['command']} -->\n```mermaid\n{done.stdout.strip()}\n```"


def _block(found: re.Match[str], folder: Path) -> str:
    kind, body = found[1], found[2]
    if kind == "sh":
        for line in body.splitlines():
            _check(line.partition(" #")[0].strip(), folder)
    elif kind == "console":
        body = "".join(_with_output(line, folder) for line in body.splitlines() if line.startswith("$ "))
    return f"```{kind}\n{body}```"


def _check(command: str, folder: Path) -> None:
    if not command:
        return
    makes = command.startswith("make ")
    done = run(command.replace("make ", "make --dry-run ", 1) if makes else command, ROOT if makes else folder)
    if done.returncode:
        raise CommandFailed(f"{command}: exit code {done.returncode}\n{done.stdout}")


def _with_output(line: str, folder: Path) -> str:
    printed = run(line.removeprefix("$ "), folder).stdout.strip("\n")
    return f"{line}\n{printed}\n" if printed else f"{line}\n"


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command with stderr in stdout, and without the state and settings of the user."""
    scripts = Path(sys.executable).parent
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("RUNBOOK_", "GITHUB_"))}
    environment |= {
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "NO_COLOR": "1",
        "COLUMNS": "120",
    }
    return subprocess.run(
        ["/bin/sh", "-c", command], cwd=folder, env=environment, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False,
    )  # fmt: skip


def main() -> int:
    page = ROOT / "README.md"
    page.write_text(updated(page.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
