"""What `wait` is given: a length of time, or a moment under `until`."""

from __future__ import annotations

from engine.checks.dataflow.checker import Flow
from engine.checks.dataflow.types import Type, describe_type, reads_as
from engine.language.moments import parse_moment
from engine.language.yaml.nodes import MapNode, Node, Scalar


def check_wait(flow: Flow, node: Node | None) -> None:
    """Report an expression that yields something else, as far as its type is known. The parser checks literals."""
    moment = node.get("until") if isinstance(node, MapNode) else None
    written = node if moment is None else moment
    type = flow.types.get(id(written))
    if type is None or not type.known or not isinstance(written, Scalar) or "secret" in type.names:
        return
    if moment is None:
        _check_length(flow, written, type)
    else:
        _check_moment(flow, written, type)


def _check_length(flow: Flow, node: Scalar, type: Type) -> None:
    if reads_as(type, "timestamp"):
        flow.report("RB307", node.span, "`wait` takes a duration, found a timestamp", "write `wait: {until: …}`")
    elif not type.may_be("string", "integer", "number") or (type.literals and not _may_be_length(type)):
        found = f"`{type.literals[0]}`" if type.literals else describe_type(type)
        flow.report("RB307", node.span, f"`wait` takes a duration such as 30s, 5m, 3h or 2d, found {found}")


def _may_be_length(type: Type) -> bool:
    return not type.is_only("string") or reads_as(type, "duration")


def _check_moment(flow: Flow, node: Scalar, type: Type) -> None:
    if reads_as(type, "timestamp"):
        return
    if type.is_only("string") and type.literals:
        try:
            parse_moment(str(type.literals[0]))
        except ValueError as error:
            flow.report("RB219", node.span, str(error))
        return
    found = "other text" if type.is_only("string") and not type.format else describe_type(type)
    help = "give the input or setting `type: timestamp`" if type.may_be("string") else ""
    flow.report("RB307", node.span, f"`until` takes a timestamp with a time zone, found {found}", help)
