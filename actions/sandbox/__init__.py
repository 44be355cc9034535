"""A pretend AWS behind botocore, in virtual time: for `runbook run --sandbox`, `runbook test` and the crash suite.

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
from engine.errors import UsageError

DEMO: Final = Path(__file__).with_name("demo.yaml")
"""The world of `--sandbox` without WORLD: in it the first copy fails and the first connection times out."""


def read_file(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """`world` and `script` of a YAML file; UsageError with what is wrong with it."""
    import yaml  # noqa: PLC0415 - not needed where a world is given as a value

    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except OSError as error:
        message = f"{path}: cannot be read: {error.strerror}"
        raise UsageError(message) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        message = f"{path}: is no YAML: {error}"
        raise UsageError(message) from error
    if not isinstance(document, dict) or not isinstance(document.get("world"), dict):
        message = f"{path}: a world's file has the keys `world` and, if need be, `script`"
        raise UsageError(message)
    return document["world"], document.get("script") or {}


def default_world() -> dict[str, Any]:
    """A world in which the shipped restore runs, with snapshot=daily-backup-2024-03-20 and cluster=orders."""
    return read_file(DEMO)[0]


def demo_script() -> Mapping[str, Any]:
    """What happens in the demo."""
    return read_file(DEMO)[1]


__all__ = ["DEMO", "Call", "Fault", "Sandbox", "default_world", "demo_script", "read_file"]
