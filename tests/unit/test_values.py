"""`@value`: what a dataclass does, at less of its price."""

from __future__ import annotations

import copy
import pickle
from dataclasses import asdict, field, fields, replace

import pytest

from engine.values import value


@value()
class Point:
    x: int
    y: int = 0
    seen: float = field(default=0.0, compare=False)
    hidden: str = field(default="", repr=False)


@value()
class Place(Point):
    name: str = ""


@value()
class Nothing: ...


@value()
class Quiet:
    password: str

    def __repr__(self) -> str:
        return "Quiet(***)"


@value(kw_only=False, slots=False)
class Open:
    x: int


def test_equal_fields_of_one_class_are_equal() -> None:
    assert Point(x=1) == Point(x=1)
    assert Point(x=1) != Point(x=1, y=1)
    assert Point(x=1) != Place(x=1)
    assert Point(x=1) != (1, 0, "")
    assert Nothing() == Nothing()
    assert hash(Point(x=1, y=2)) == hash(Point(x=1, y=2))
    assert len({Point(x=1), Point(x=1), Place(x=1), Nothing(), Nothing()}) == 3


def test_what_is_not_compared_counts_for_nothing() -> None:
    assert Point(x=1, seen=2.0) == Point(x=1, seen=3.0)
    assert hash(Point(x=1, seen=2.0)) == hash(Point(x=1, seen=3.0))


def test_it_shows_itself() -> None:
    assert repr(Point(x=1, hidden="h")) == "Point(x=1, y=0, seen=0.0)"
    assert repr(Place(x=1, name="p")) == "Place(x=1, y=0, seen=0.0, name='p')"
    assert repr(Nothing()) == "Nothing()"
    assert repr(Quiet(password="p")) == "Quiet(***)"  # noqa: S106 - nobody's


def test_it_is_a_dataclass() -> None:
    assert [one.name for one in fields(Place)] == ["x", "y", "seen", "hidden", "name"]
    assert asdict(Point(x=1)) == {"x": 1, "y": 0, "seen": 0.0, "hidden": ""}
    assert replace(Place(x=1, name="p"), x=2) == Place(x=2, name="p")
    assert copy.copy(Place(x=1, name="p")) == pickle.loads(pickle.dumps(Place(x=1, name="p"))) == Place(x=1, name="p")  # noqa: S301 - our own
    with pytest.raises(TypeError):
        Point(1)  # type: ignore[misc]
    assert Open(1).x == 1


def test_a_field_that_there_is_not_cannot_be_set() -> None:
    with pytest.raises(AttributeError):
        Point(x=1).z = 2  # type: ignore[attr-defined]
    assert Open(1).__dict__ == {"x": 1}
