"""`make readme`: runs the commands of README.md and runbooks/README.md and updates the output on the pages. A test compares.

    ```sh       each line must exit with 0, or with N where it ends in `# exit code N` (`make` runs with --dry-run, so that
                tests do not run tests)
    ```console  lines `$ command`, each followed by its output, whatever its exit code
    ```diff     an edit of the file named in its first line, `--- FILE`; it is made
    ```text     lines that the last command of a ```sh block printed
    ```mermaid  the output of the command in the comment above it

The commands and edits of a page run in order, as one session in one folder with copies of `runbooks/` and `schemas/`.
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
PAGES = ("README.md", "runbooks/README.md")
EXIT_CODE = re.compile(r"exit code (\d+)")
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
        session = Session(folder)
        return FENCE.sub(lambda found: session.block(found[1], found[2]), text)


def _diagram(found: re.Match[str], folder: Path) -> str:
    done = run(found["command"], folder)
    if done.returncode:
        raise CommandFailed(f"{found['command']}: exit code {done.returncode}\n{done.stdout}")
    return f"<!-- $ {found['command']} -->\n```mermaid\n{done.stdout.strip()}\n```"


class Session:
    """The blocks of a page, run in order. `printed`: what the last command of a ```sh block wrote."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.printed = ""

    def block(self, kind: str, body: str) -> str:
        """The block with the current output of its commands."""
        match kind:
            case "sh":
                for line in body.splitlines():
                    self._check(line)
            case "console":
                body = "".join(self._with_output(line) for line in body.splitlines() if line.startswith("$ "))
            case "diff":
                self._edit(body)
            case "text":
                self._compare(body)
        return f"```{kind}\n{body}```"

    def _check(self, line: str) -> None:
        command, _, comment = line.partition(" #")
        command = command.strip()
        if not command:
            return
        makes = command.startswith("make ")
        wanted = int(code[1]) if (code := EXIT_CODE.search(comment)) else 0
        done = run(command.replace("make ", "make --dry-run ", 1) if makes else command, ROOT if makes else self.folder)
        if done.returncode != wanted:
            raise CommandFailed(f"{command}: exit code {done.returncode}\n{done.stdout}")
        self.printed = done.stdout

    def _with_output(self, line: str) -> str:
        printed = run(line.removeprefix("$ "), self.folder).stdout.strip("\n")
        return f"{line}\n{printed}\n" if printed else f"{line}\n"

    def _edit(self, body: str) -> None:
        """Apply a diff without line numbers; its context must occur exactly once."""
        head, *lines = body.splitlines()
        file = self.folder / head.removeprefix("--- ")
        before = "".join(line[1:] + "\n" for line in lines if line[:1] in (" ", "-"))
        after = "".join(line[1:] + "\n" for line in lines if line[:1] in (" ", "+"))
        text = file.read_text(encoding="utf-8")
        if text.count(before) != 1:
            raise CommandFailed(f"{head}: the lines of this edit occur {text.count(before)} times:\n{before}")
        file.write_text(text.replace(before, after), encoding="utf-8")

    def _compare(self, body: str) -> None:
        for line in body.splitlines():
            if line not in self.printed:
                raise CommandFailed(f"the last command does not print: {line}\n{self.printed}")


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
    for page in (ROOT / name for name in PAGES):
        page.write_text(updated(page.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
