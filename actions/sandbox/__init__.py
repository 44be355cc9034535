"""A pretend AWS behind botocore, in virtual time: for `runbook run --sandbox`, tests and the crash suite.

    sandbox = Sandbox(default_world(), script={"copy-snapshot": ["copying x3", "failed"]})
    sandbox.clients("rds", "us-west-2").describe_db_clusters()

Nothing here imports boto3 before the first client is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from actions.sandbox.calls import Call
from actions.sandbox.faults import Fault
from actions.sandbox.sandbox import Sandbox
from engine.errors import RunbookInvalid, UsageError

DEMO: Final = Path(__file__).with_name("demo.yaml")
"""The world of `--sandbox` without WORLD: in it the first copy fails and the first connection times out."""


KEYS: Final = ("world", "script", "runbook", "inputs", "tests")
"""Of a world's file; a test's file is one too."""


def read_file(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """`world` and `script` of a YAML file; UsageError with what is wrong with it."""
    from engine.language.yaml.nodes import plain
    from engine.language.yaml.reader import read

    try:
        document = plain(read(path.read_bytes(), path.name))
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise UsageError(message) from error
    except RunbookInvalid as error:
        first = error.findings[0]
        message = f"{path}:{first.line}:{first.column}: {first.message}{first.help and f'; {first.help}'}"
        raise UsageError(message) from error
    if not isinstance(document, dict) or not isinstance(document.get("world"), dict):
        message = f"{path}: a world's file has the keys `world` and, if need be, `script`"
        raise UsageError(message)
    unknown = [key for key in document if key not in KEYS]
    if unknown:
        message = f"{path}: `{unknown[0]}` is not known in a world's file; it has {', '.join(KEYS)}"
        raise UsageError(message)
    return document["world"], document.get("script") or {}


def default_world() -> dict[str, Any]:
    """A world in which the shipped restore runs, with snapshot=daily-backup-2024-03-20 and cluster=orders."""
    return read_file(DEMO)[0]


def demo_script() -> Mapping[str, Any]:
    """What happens in the demo."""
    return read_file(DEMO)[1]


__all__ = ["DEMO", "Call", "Fault", "Sandbox", "default_world", "demo_script", "read_file"]
