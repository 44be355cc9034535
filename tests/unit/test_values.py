"""`Value`, immutable data, and `Resources`, which may also hold functions and connections."""

from __future__ import annotations

import copy
import gc
import importlib
import pickle
import pkgutil
import re
import subprocess
import sys
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import pytest
from immutables import Map
from msgspec.structs import fields

import actions
import engine
from engine.language.yaml.nodes import ListNode, MapNode, Scalar
from engine.values import Resources, Value, changed, field

DATA = {
    str, int, float, bool, bytes, type(None), Any, Path, tuple, list, dict, frozenset, Mapping, Sequence, AbstractSet, Map,
    Scalar, ListNode, MapNode,  # a tree knows its branches, and no branch its tree
}  # fmt: skip
"""What a value may hold besides values."""


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
    assert one == copy.copy(one) == pickle.loads(pickle.dumps(one)) == Place(x=1, name="p")
    with pytest.raises(TypeError):
        changed(one, z=2)


# -- the garbage collector ---------------------------------------------------------------------------------


class Handed(Resources):
    told: list[Any] = field(default_factory=list)


def test_resources_in_a_cycle_are_collected() -> None:
    class Living: ...

    living, handed = Living(), Handed()
    handed.told.extend([handed, living])
    left = weakref.ref(living)
    del living, handed
    gc.collect()
    assert left() is None


def held(annotation: Any) -> Iterator[Any]:
    """The types that a field of that type may hold."""
    origin = get_origin(annotation)
    if origin is Literal:
        return
    if origin not in (None, Union, UnionType):
        yield origin
    for one in get_args(annotation) if origin is not Callable else ():
        yield from held(one)
    if origin is None and annotation is not ...:
        yield annotation


def values(cls: type[Value] = Value) -> Iterator[type[Value]]:
    for one in cls.__subclasses__():
        yield one
        yield from values(one)


def test_values_hold_nothing_but_data() -> None:
    """The garbage collector does not track values: a cycle through one would never be collected."""
    for package in (engine, actions):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    ours = [one for one in set(values()) if one.__module__.startswith(("engine.", "actions."))]
    plain = {one for one in ours if not one.__struct_config__.gc}
    assert len(plain) > 150
    more = [
        f"{one.__module__}.{one.__name__}.{each.name}: {what}"
        for one in plain
        for each in fields(one)
        for what in held(each.type)
        if what not in DATA and what not in plain
    ]
    assert not more


@pytest.mark.integration
def test_mypy_reports_a_misspelt_keyword() -> None:
    """Of `changed`, which is `dataclasses.replace` to mypy: each line with a comment, with that error, and no other."""
    file = Path(__file__).with_name("misspelt.py")
    lines = enumerate(file.read_text(encoding="utf-8").splitlines(), start=1)
    wrong = {(number, code) for number, line in lines if (code := line.partition("  # ")[2])}
    root = file.parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(file)],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = re.findall(r"misspelt\.py:(\d+): error: .* \[([a-z-]+)\]$", done.stdout, re.MULTILINE)
    assert {(int(number), code) for number, code in found} == wrong, done.stdout + done.stderr
    assert len(wrong) == 3
