"""Which resource a step is about, as its parameters say when it is entered."""

from __future__ import annotations

from typing import Any

from engine.kernel.decide.view import View
from engine.kernel.operation import Target
from engine.kernel.rendering import rendered
from engine.language.model import Call, Check, Ensure, Remove


def identity_of(view: View) -> dict[str, Any]:
    """What a look takes: of a resource, its identity; of a check, all that is written."""
    body = view.step.body
    if isinstance(body, Call):
        if body.until is None:
            return {}
        body = body.until.body
    if isinstance(body, Check):
        return dict(rendered(body.params, view.names()))
    if not isinstance(body, (Ensure, Remove)) or view.kind is None:
        return {}
    written = {key: body.params[key] for key in view.kind.identity if key in body.params}
    return dict(rendered(written, view.names()))


def target_of_check(view: View) -> Target | None:
    """`target: STEP`: that step's id is what is meant; recorded once."""
    body = view.step.body
    if type(body) is not Remove or body.target is None:
        return None
    if view.key in view.operation.targets:
        return view.operation.targets[view.key]
    result = view.operation.results.get(body.target.replace("-", "_"))
    found = result if isinstance(result, dict) else {}
    return Target(id=found.get("id"), name=str(found.get("name", "")), region=view.frame.address.region)
