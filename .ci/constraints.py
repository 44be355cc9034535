"""`make constraints`: updates the pinned and hashed requirements to the newest versions.

The runtime's come from `dependencies` in pyproject.toml, each other file from one dependency group, which pip-compile
cannot read by itself. A file takes the pins that it shares with another from that one, so that tests run with the
versions of the runtime. Without `--upgrade`, existing pins stay.

pip-compile chooses versions that support the Python that runs it. Run this with the oldest patch release in use
(Debian's 3.11.2): some packages have dropped it already.
"""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMPILE = [
    str(Path(sys.executable).parent / "pip-compile"), "--quiet", "--strip-extras", "--allow-unsafe", "--generate-hashes",
    "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links", "--no-emit-trusted-host",
]  # fmt: skip

BUILD, RUNTIME, DEV = "requirements/build.txt", "requirements/runtime.txt", "requirements/dev.txt"
GROUPS: dict[str, tuple[str, list[str]]] = {
    # group: its file, and the files whose pins it must share; in this order
    "build": (BUILD, []),
    "dev": (DEV, [BUILD, RUNTIME]),
    "fuzz": ("requirements/fuzz.txt", [DEV]),
    "cfn-lint": ("bench/peers/cfn-lint.txt", []),
    "ansible-lint": ("bench/peers/ansible-lint.txt", []),
    "check-jsonschema": ("bench/peers/check-jsonschema.txt", []),
}


def main(*options: str) -> int:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]
    compile_([*options, "pyproject.toml"], RUNTIME)
    for name, (file, shared) in GROUPS.items():
        constraints = [f"--constraint={other}" for other in shared]
        compile_([*options, *constraints, "-"], file, requirements="\n".join(groups[name]))
    return 0


def compile_(arguments: list[str], file: str, requirements: str = "") -> None:
    subprocess.run([*COMPILE, f"--output-file={file}", *arguments], cwd=ROOT, input=requirements, text=True, check=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
