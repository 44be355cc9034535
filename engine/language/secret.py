"""A secret: a reference and a version, never the value."""

from __future__ import annotations

from engine.values import Value


class Secret(Value):
    """`secret:NAME#field`. Only actions and kinds get the value, from `Context.secret`. As text it is `***`."""

    name: str
    field: str | None = None
    version: str = ""
    region: str | None = None
    account: str | None = None

    def __str__(self) -> str:
        return "***"

    def __repr__(self) -> str:
        return "Secret(***)"

    def __format__(self, spec: str) -> str:
        return "***"
