"""Commands whose parameters are taken as they were typed: all of ours are text or flags.

Typer's own conversion imports pydantic, which is a third of a cold start; it is asked for what is missing alone.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from typer.core import TyperCommand, TyperGroup


def as_given(convert: Callable[[Any, Any], Any], parameter: Any, context: Any, value: Any) -> Any:
    """The value; typer's own message where a required one is missing."""
    if value is None or value == ():
        return convert(context, value) if parameter.required else None
    if parameter.callback is not None:
        return parameter.callback(context, parameter, value)
    return value


def lightened(parameters: list[Any]) -> list[Any]:
    """The same parameters, each once."""
    for one in parameters:
        if not isinstance(one.process_value, partial):
            one.process_value = partial(as_given, one.process_value, one)
    return parameters


class Command(TyperCommand):
    """A command of ours."""

    def get_params(self, ctx: Any) -> list[Any]:
        return lightened(super().get_params(ctx))


class Group(TyperGroup):
    """A group of ours."""

    def get_params(self, ctx: Any) -> list[Any]:
        return lightened(super().get_params(ctx))
