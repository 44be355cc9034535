"""Disks, rights and processes as a test wants them: full, read-only, another user's, killed."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOBODY = 65534


@contextmanager
def as_nobody() -> Iterator[Path]:
    """A folder of a user whom file modes bind; root is bound by none."""
    folder = Path(tempfile.mkdtemp(prefix="runbook-"))
    root = os.geteuid() == 0
    if root:
        os.chown(folder, NOBODY, NOBODY)
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o700)
        shutil.rmtree(folder)


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """A quota, for this process; what is there already may be larger."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[bool]:
    """A file system of that size on the folder; False where we may not mount one."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", folder], capture_output=True
    )
    try:
        yield mounted.returncode == 0
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", "-l", folder], check=True)


def python(script: str, *arguments: str, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """A process of ours with that script, which finds the engine and the tests."""
    return subprocess.Popen(
        [*before, sys.executable, "-u", "-c", script, *arguments], cwd=ROOT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
