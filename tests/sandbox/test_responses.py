"""Every reply has the shape in botocore's model."""

from __future__ import annotations

import datetime as dt

import pytest

from actions.sandbox import Sandbox
from actions.sandbox.services import HANDLERS
from tests.sandbox.api_calls import CALLS, MORE, call
from tests.sandbox.conftest import WORLD


def differences(shape, value, path):
    """Where a reply differs from botocore's model: unknown members and wrong types."""
    match shape.type_name:
        case "structure":
            if not isinstance(value, dict):
                yield f"{path}: {value!r} is no structure"
                return
            for name, member in value.items():
                if name == "ResponseMetadata":
                    continue
                if name not in shape.members:
                    yield f"{path}.{name} is not in {shape.name}"
                else:
                    yield from differences(shape.members[name], member, f"{path}.{name}")
        case "list":
            for number, item in enumerate(value):
                yield from differences(shape.member, item, f"{path}[{number}]")
        case "map":
            for name, item in value.items():
                yield from differences(shape.value, item, f"{path}[{name}]")
        case kind:
            fits = {"string": str, "integer": int, "long": int, "boolean": bool, "timestamp": dt.datetime,
                    "double": float, "float": float, "blob": bytes}[kind]  # fmt: skip
            if not isinstance(value, fits) or (fits is int and isinstance(value, bool)):
                yield f"{path}: {value!r} is no {kind}"


@pytest.fixture(scope="module")
def called():
    """Every operation called once, in an order in which each succeeds: name → reply."""
    sandbox = Sandbox(WORLD | MORE)
    replies = {}
    for name, params in CALLS.items():
        service, _, operation = name.partition(".")
        client = sandbox.clients(service, "us-west-2")
        replies[name] = (client.meta.service_model.operation_model(operation), call(client, operation, params))
    return replies


def test_every_handler_is_tried():
    assert set(CALLS) == set(HANDLERS)


def test_the_sandbox_has_every_call_that_kinds_and_actions_make():
    from actions import build_registry

    registry = build_registry(entry_points=False)
    made = {name for one in (*registry.kinds.values(), *registry.actions.values()) for name in one.calls}
    assert len(made) >= 20
    assert made <= set(HANDLERS)


@pytest.mark.parametrize("name", CALLS)
def test_replies_have_the_shapes_of_the_model(called, name):
    model, reply = called[name]
    assert reply["ResponseMetadata"]["HTTPStatusCode"] == 200
    if model.output_shape is not None:
        assert list(differences(model.output_shape, reply, name)) == []
