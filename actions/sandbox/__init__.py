"""A pretend AWS behind botocore, in virtual time: for `runbook run --sandbox` and the crash tests.

    sandbox = Sandbox(default_world(), script={"copy-snapshot": ["copying x3", "failed"]})
    sandbox.clients("rds", "us-west-2").describe_db_clusters()

Nothing here imports boto3 before the first client is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from actions.sandbox.calls import ApiCall
from actions.sandbox.faults import Fault
from actions.sandbox.sandbox import Sandbox
from engine.errors import RunbookInvalid, UsageError
from engine.regular_file import read_regular_file

DEMO: Final = Path(__file__).with_name("demo.yaml")
"""The world of `--sandbox` without a file: its first copy fails, and its first connection times out."""

MAX_BYTES: Final = 16 * 1024 * 1024

KEYS: Final = ("world", "script", "runbook", "inputs", "tests")
"""Keys of a world's file. All but `world` and `script` are for test files, which hold a world too."""


def read_file(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """`world` and `script` of a YAML file; UsageError says what is wrong with it, and where."""
    from engine.language.yaml.nodes import to_python
    from engine.language.yaml.reader import load_yaml

    try:
        document = to_python(load_yaml(read_regular_file(path, MAX_BYTES), path.name))
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise UsageError(message) from error
    except RunbookInvalid as error:
        first = error.findings[0]
        message = f"{path}:{first.line}:{first.column}: {first.message}{first.help and f'; {first.help}'}"
        raise UsageError(message) from error
    if isinstance(document, dict) and "steps" in document:
        message = (
            f"{path} is a runbook, and `--sandbox` takes the file of a world: write `runbook run {path} --sandbox`, or "
            f"`--sandbox=WORLD`"
        )
        raise UsageError(message)
    if not isinstance(document, dict) or not isinstance(document.get("world"), dict):
        message = f"{path}: a world's file needs the key `world`, a map, and may have `script`"
        raise UsageError(message)
    unknown = [key for key in document if key not in KEYS]
    if unknown:
        message = f"{path}: unknown key `{unknown[0]}`; a world's file may have {', '.join(KEYS)}"
        raise UsageError(message)
    return document["world"], document.get("script") or {}


def default_world() -> dict[str, Any]:
    """The demo's world, in which runbooks/restore.yaml runs with snapshot=daily-backup-2024-03-20, cluster=orders."""
    return read_file(DEMO)[0]


def demo_script() -> Mapping[str, Any]:
    """The demo's script."""
    return read_file(DEMO)[1]


__all__ = ["DEMO", "ApiCall", "Fault", "Sandbox", "default_world", "demo_script", "read_file"]
