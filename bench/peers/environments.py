"""An environment of its own for each peer, made of its pinned requirements when it is first asked for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ENVIRONMENTS = HERE.parents[1] / ".venv" / "peers"
"""Beside the product's own, and as easily thrown away."""


def command(peer: str) -> str:
    """The path of the peer's command, installed with its byte code."""
    folder, pins = ENVIRONMENTS / peer, HERE / f"{peer}.txt"
    done = folder / "installed"
    if not done.exists() or done.read_bytes() != pins.read_bytes():
        base = getattr(sys, "_base_executable", sys.executable)
        subprocess.run([base, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", str(pins)], check=True)
        done.write_bytes(pins.read_bytes())
    return str(folder / "bin" / peer)
