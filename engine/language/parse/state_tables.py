"""Readers of state tables and of rescues, and the filling of rows that are not written (docs/language.md, "State tables")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.language.model import CLASSES, Rescue, RetryIf, Row
from engine.language.parse.draft import Draft, Reader
from engine.language.parse.shapes import RESCUE, RETRY_IF, ROW, THEN, VERBS
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar

FILLED: Final[Mapping[str, Mapping[str, str]]] = {
    "ensure": {
        "missing": "create", "pending": "monitor", "unknown": "monitor", "leaving": "monitor", "available": "done",
        "broken": "hold", "blocked": "hold",
    },
    "remove": {
        "missing": "done", "pending": "monitor", "unknown": "monitor", "leaving": "monitor", "available": "hold",
        "broken": "hold", "blocked": "hold",
    },
    "check": {
        "missing": "hold", "pending": "monitor", "unknown": "monitor", "leaving": "monitor", "available": "done",
        "broken": "hold", "blocked": "hold",
    },
}  # fmt: skip
"""What a class means where no row is written. `available` of a `remove` must be written; until it is, it holds."""

_ALL_VERBS: Final = tuple(dict.fromkeys(verb for verbs in VERBS.values() for verb in verbs))


def states(d: Draft, node: Node, path: str) -> tuple[Row, ...]:
    """The rows that are written, in their order."""
    if not isinstance(node, MapNode):
        d.wrong(node, "a map of states", "write a row as `broken: replace`")
        return ()
    rows: list[Row] = []
    seen: dict[str, Scalar] = {}
    for number, (key, value) in enumerate(node.entries):
        row = f"{path}/{number}"
        d.places[row] = value
        names = _names(d, key, seen)
        rows.append(_row(d, value, row, names))
    return tuple(rows)


def _names(d: Draft, key: Scalar, seen: dict[str, Scalar]) -> tuple[str, ...]:
    """`pending, =copying`: classes and exact statuses."""
    found = []
    offset = 0
    for part in key.text.split(","):
        name = part.strip()
        start = offset + len(part) - len(part.lstrip())
        offset += len(part) + 1
        if not name or name == "=":
            help = "write a class or `=status`; separate several with commas"
            d.tell("RB215", key.at(start, len(name)), "a class or status is missing here", help)
            continue
        if name in seen:
            message = f"duplicate row for `{name}`: the first one is in line {seen[name].span.line}"
            d.tell("RB215", key.at(start, len(name)), message, "remove one of them")
        seen.setdefault(name, key)
        found.append(name)
    return tuple(found)


def _row(d: Draft, node: Node, path: str, names: tuple[str, ...]) -> Row:
    if isinstance(node, MapNode):
        return _row_with_more(d, node, path, names)
    verb = "hold"
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        d.wrong(node, "a verb, or a map with `do`, `hold` or `fail`")
    elif node.value not in _ALL_VERBS:
        d.not_one_of("RB204", node, node.value, "is not a verb", _ALL_VERBS)
    else:
        verb = node.value
    return Row(path=path, names=names, verb=verb)


def _row_with_more(d: Draft, node: MapNode, path: str, names: tuple[str, ...]) -> Row:
    found = d.fields(node, ROW, path, "a row")
    kinds = [key for key in ("do", "hold", "fail") if key in node]
    if len(kinds) != 1:
        said = "none" if not kinds else " and ".join(f"`{key}`" for key in kinds)
        d.tell("RB203", node.head, f"a row needs exactly one of `do`, `hold` and `fail`; this one has {said}")
    kind = kinds[0] if kinds else "hold"
    if kind == "do":
        if "then" not in node:
            d.missing(node, "then", "a row with `do`", "add `then: monitor`, `done`, `hold` or `fail`")
        if "error" in node:
            d.tell("RB203", node.key("error") or node, "`error` is only for a row with `hold` or `fail`", "remove it")
        steps = tuple(found.get("do") or ())
        return Row(path=path, names=names, verb=found.get("then") or "hold", do=steps)
    if "then" in node and kinds:
        d.tell(
            "RB203", node.key("then") or node, f"`then` is only for a row with `do`; this one has `{kind}`", "remove it"
        )
    return Row(path=path, names=names, verb=kind, reason=found.get(kind) or "", error=found.get("error") or "")


def filled(kind: str, path: str, written: tuple[Row, ...]) -> tuple[Row, ...]:
    """The whole table: exact statuses first, then what is written, then what is not."""
    taken = {name for row in written for name in row.names}
    exact = [row for row in written if any(name.startswith("=") for name in row.names)]
    classes = [row for row in written if not any(name.startswith("=") for name in row.names)]
    rest = [
        Row(path=f"{path}/states/{cls}", names=(cls,), verb=FILLED[kind][cls], filled=True)
        for cls in CLASSES
        if cls not in taken
    ]
    return (*exact, *classes, *rest)


# -- rescues -------------------------------------------------------------------------------------------------


def rescues(d: Draft, node: Node, path: str) -> tuple[Rescue, ...]:
    """The branches for errors; the first that matches is taken."""
    if not isinstance(node, ListNode):
        d.wrong(node, "a list of branches", "write each as `- {error: NAME, then: VERB}`")
        return ()
    found: list[Rescue] = []
    for number, item in enumerate(node.items):
        rescue = _rescue(d, item, f"{path}/{number}")
        if rescue is not None:
            found.append(rescue)
    return tuple(found)


def _rescue(d: Draft, node: Node, path: str) -> Rescue | None:
    d.places[path] = node
    if not isinstance(node, MapNode):
        d.wrong(node, "a map with `error` and `then`")
        return None
    found = d.fields(node, RESCUE, path, "a branch of `rescue`")
    return Rescue(
        path=path, errors=found.get("error") or (), do=tuple(found.get("do") or ()),
        refresh=found.get("refresh") == "settings", then=found.get("then") or "fail",
    )  # fmt: skip


def then(d: Draft, node: Node, path: str) -> Any:
    """retry, hold, fail, done, or `{retry_if, else}`."""
    if isinstance(node, MapNode):
        found = d.fields(node, RETRY_IF, path, "`then`")
        return RetryIf(condition=found.get("retry_if") or "false", otherwise=found.get("else") or "fail")
    if isinstance(node, Scalar) and node.value in THEN:
        return node.value
    if isinstance(node, Scalar) and node.value is not None:
        help = d.guesses.did_you_mean(node.text, lambda: THEN) + ", or `{retry_if: EXPRESSION, else: VERB}`"
        d.tell("RB204", node, f"`{node.text}` is not allowed here", help)
    else:
        d.wrong(node, "a verb (retry, hold, fail, done) or `{retry_if: …}`")
    return None


READERS: Final[Mapping[str, Reader]] = {"states": states, "rescues": rescues, "then": then}
