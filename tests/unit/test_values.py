"""`Value`: what is made once and never changed."""

from __future__ import annotations

import copy
import pickle

import pytest

from engine.values import Value, changed, field


class Point(Value):
    x: int
    y: int = 0
    marks: list[int] = field(default_factory=list)


class Place(Point):
    name: str = ""


class Nothing(Value): ...


class Open(Value, kw_only=False):
    x: int


def test_equal_fields_of_one_class_are_equal() -> None:
    assert Point(x=1) == Point(x=1)
    assert Point(x=1) != Point(x=1, y=1)
    assert Point(x=1) != Place(x=1)
    assert Point(x=1) != (1, 0, [])
    assert Nothing() == Nothing()
    assert hash(Open(1)) == hash(Open(1))
    assert len({Open(1), Open(1), Open(2), Nothing(), Nothing()}) == 3


def test_it_shows_itself() -> None:
    assert repr(Place(x=1, name="p")) == "Place(x=1, y=0, marks=[], name='p')"
    assert repr(Nothing()) == "Nothing()"


def test_it_has_its_fields_and_no_others() -> None:
    with pytest.raises(TypeError):
        Point(x=1, z=2)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Point()  # type: ignore[call-arg]
    assert Open(1).x == 1


def test_each_has_its_own_default() -> None:
    assert Point(x=1).marks is not Point(x=1).marks


def test_nobody_changes_it() -> None:
    with pytest.raises(AttributeError):
        Point(x=1).x = 2  # type: ignore[misc]
    with pytest.raises(AttributeError):
        Point(x=1).z = 2  # type: ignore[attr-defined]


def test_another_one_with_some_fields_changed() -> None:
    one = Place(x=1, name="p")
    assert changed(one, x=2) == Place(x=2, name="p")
    assert one == copy.copy(one) == pickle.loads(pickle.dumps(one)) == Place(x=1, name="p")  # noqa: S301 - our own
    with pytest.raises(TypeError):
        changed(one, z=2)
