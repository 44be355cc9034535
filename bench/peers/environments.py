"""A virtual environment for each peer, created from its pinned requirements when it is first needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENTS = HERE.parents[1] / ".venv" / "peers"
"""Inside `.venv`, so that `make clean` removes them."""


def command(peer: str) -> str:
    """The path of the peer's command; installs the peer if needed."""
    folder, pins = ENVIRONMENTS / peer, HERE / f"{peer}.txt"
    done = folder / "installed"
    if not done.exists() or done.read_bytes() != pins.read_bytes():
        base = getattr(sys, "_base_executable", sys.executable)
        subprocess.run([base, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", str(pins)], check=True)
        done.write_bytes(pins.read_bytes())
    return str(folder / "bin" / peer)
