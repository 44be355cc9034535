"""Values of stored fields are checked for the types that the fields are declared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import pytest
from immutables import Map
from msgspec.structs import fields

from engine.errors import Problem
from engine.kernel.field_types import fits_type
from engine.kernel.wire import BY_TAG

PROBLEM = Problem(name="x", category="config", message="")

CASES = [
    # type, values that fit, values that do not
    (str, ["", "x"], [None, 1, True, []]),
    (bool, [True], [1, 0, "true", None]),
    (int, [0, -1, 2**70], [True, 1.0, "1"]),
    (float, [0, 1.5, -1], [True, float("inf"), float("nan"), 1e308, "1"]),
    (float | None, [None, 1.5], ["", []]),
    (Literal["a", "b"], ["a"], ["c", None, ["a"], {}]),
    (Problem | None, [None, PROBLEM], ["x", {}]),
    (tuple[str, ...], [(), ("a",), ["a"]], ["a", ("a", 1), None, {}]),
    (Mapping[str, Any], [{}, {"a": None}, Map(a=1)], [[], None, "x"]),
    (Map[str, float], [Map(), {"a": 1}], [{"a": "x"}, []]),
    (Map[str, tuple[float, ...]], [Map(a=(1.0,))], [{"a": 1.0}, {"a": ("x",)}]),
]


@pytest.mark.parametrize(("annotation", "good", "bad"), CASES, ids=lambda value: str(value)[:40])
def test_what_fits(annotation: Any, good: list[Any], bad: list[Any]) -> None:
    fits = fits_type(annotation)
    assert fits is not None
    assert [value for value in good if not fits(value)] == []
    assert [value for value in bad if fits(value)] == []


def test_every_field_that_is_stored_is_checked() -> None:
    """All but those that may have any value."""
    unchecked = {
        str(one.type)
        for form in BY_TAG.values()
        for one in fields(form.cls)
        if fits_type(one.type) is None and "Any" not in str(one.type)
    }
    assert unchecked == set()
