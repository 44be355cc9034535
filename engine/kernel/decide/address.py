"""Which resource a step is about, as its parameters say when it is entered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.kernel.decide.view import View
from engine.kernel.frame import Address
from engine.kernel.operation import Target
from engine.kernel.queries import looked_at
from engine.kernel.rendering import place, rendered
from engine.language.model import Call, Check, Ensure, Remove


def address_of(view: View) -> tuple[Address, Target | None]:
    """What a look takes, and where; and with `target: STEP`, what that step's result says is meant.

    Of a resource a look takes the identity, of a check all that is written.
    """
    region, account = place(view.runbook, view.operation, view.step, view.names)
    body, target = looked_at(view.step), None
    if isinstance(body, Call):  # one without `until`: nothing is looked at
        return Address(identity={}, region=region, account=account), None
    if isinstance(body, Remove) and body.target is not None:
        target = view.operation.targets.get(view.key)  # it was recorded, and stays what it is
        if target is None:
            result = view.operation.results.get(body.target.replace("-", "_"))
            found = result if isinstance(result, dict) else {}
            target = Target(id=found.get("id"), name=str(found.get("name", "")), region=view.frame.address.region)
    identity: Mapping[str, Any]
    if target is not None and target.id is not None:
        identity = {"id": target.id}
    elif isinstance(body, Check):
        identity = dict(rendered(body.params, view.names()))
    elif isinstance(body, (Ensure, Remove)) and view.kind is not None:
        written = {key: body.params[key] for key in view.kind.identity if key in body.params}
        identity = dict(rendered(written, view.names()))
    else:
        identity = {}
    return Address(identity=identity, region=region, account=account), target
