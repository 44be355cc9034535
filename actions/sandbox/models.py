"""What botocore's model says of an operation: the errors that it can raise, their HTTP statuses, what is a secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.values import Value

MASK: Final = "***"


class Facts(Value):
    """Of one operation."""

    own: frozenset[str]  # the codes that it can raise
    statuses: Mapping[str, int]  # HTTP status of every code of the service
    sensitive: frozenset[str]  # parameters

    def can_raise(self, code: str) -> bool:
        """Its own codes, and those that the model has for no operation (throttling, access, …)."""
        return code in self.own or code not in self.statuses

    def masked(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        """The parameters without what is a secret."""
        hidden = self.sensitive.intersection(params)
        return {**params, **dict.fromkeys(hidden, MASK)} if hidden else params

    def status(self, code: str) -> int:
        """The HTTP status that a code comes with."""
        return self.statuses.get(code, 400)


_known: dict[tuple[str, str], Facts] = {}


def facts_of(model: Any) -> Facts:
    """Of an operation's model."""
    key = (model.service_model.service_name, model.name)
    if key not in _known:
        members = {} if model.input_shape is None else model.input_shape.members
        _known[key] = Facts(
            own=frozenset(_code(shape) for shape in model.error_shapes),
            statuses={_code(shape): _status(shape) for shape in model.service_model.error_shapes},
            sensitive=frozenset(
                name for name, shape in members.items() if shape.metadata.get("sensitive") or name.endswith("Password")
            ),
        )
    return _known[key]


def _code(shape: Any) -> str:
    return str(shape.metadata.get("error", {}).get("code") or shape.name)


def _status(shape: Any) -> int:
    return int(shape.metadata.get("error", {}).get("httpStatusCode") or 400)
