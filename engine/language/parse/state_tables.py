"""Readers of state tables, classes and rescues; and the rows that are added to each table by default."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.language.model import CLASSES, Rescue, RetryIf, Row
from engine.language.parse.draft import Draft, Reader
from engine.language.parse.shapes import RESCUE, RETRY_IF, ROW, THEN, VERBS
from engine.language.yaml.nodes import ListNode, MapNode, Node, Scalar, to_python

DEFAULT_VERBS: Final[Mapping[str, Mapping[str, str]]] = {
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
"""What to do about a class that has no row, as in docs/language.md, "State tables". No default destroys anything.

For `available` of a `remove` a row is required (RB401); the `hold` here is only for runbooks that lack it."""

_ALL_VERBS: Final = tuple(dict.fromkeys(verb for verbs in VERBS.values() for verb in verbs))


def states(draft: Draft, node: Node, path: str) -> tuple[Row, ...]:
    """The rows as they are written, without defaults."""
    entries = draft.as_map(node, "a map of states", "write a row as `broken: replace`")
    if entries is None:
        return ()
    rows: list[Row] = []
    first_keys: dict[str, Scalar] = {}
    for number, (key, value) in enumerate(entries.entries):
        row_path = f"{path}/{number}"
        draft.nodes[row_path] = value
        names = _row_names(draft, key, first_keys)
        rows.append(_row(draft, value, row_path, names))
    return tuple(rows)


def _row_names(draft: Draft, key: Scalar, first_keys: dict[str, Scalar]) -> tuple[str, ...]:
    """The classes and statuses in a key such as `pending, =copying`. RB215 if one is empty or has a row already."""
    found = []
    offset = 0
    for part in key.text.split(","):
        name = part.strip()
        start = offset + len(part) - len(part.lstrip())
        offset += len(part) + 1
        if not name or name == "=":
            help = "write a class or `=status`; separate several with commas"
            draft.report("RB215", key.at(start, len(name)), "a class or status is missing here", help)
            continue
        if name in first_keys:
            message = f"duplicate row for `{name}`: the first one is in line {first_keys[name].span.line}"
            draft.report("RB215", key.at(start, len(name)), message, "remove one of them")
        first_keys.setdefault(name, key)
        found.append(name)
    return tuple(found)


def _row(draft: Draft, node: Node, path: str, names: tuple[str, ...]) -> Row:
    if isinstance(node, MapNode):
        return _row_from_map(draft, node, path, names)
    verb = "hold"
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        draft.report_wrong_type(node, "a verb, or a map with `do`, `hold` or `fail`")
    elif node.value not in _ALL_VERBS:
        draft.report_unknown_word("RB204", node, node.value, "is not a verb", _ALL_VERBS)
    else:
        verb = node.value
    return Row(path=path, names=names, verb=verb)


def _row_from_map(draft: Draft, node: MapNode, path: str, names: tuple[str, ...]) -> Row:
    found = draft.read_fields(node, ROW, path, "a row")
    kinds = [key for key in ("do", "hold", "fail") if key in node]
    if len(kinds) != 1:
        which = "none" if not kinds else " and ".join(f"`{key}`" for key in kinds)
        draft.report("RB203", node.head, f"a row needs exactly one of `do`, `hold` and `fail`; this one has {which}")
    kind = kinds[0] if kinds else "hold"
    if kind == "do":
        if "then" not in node:
            draft.report_missing_key(node, "then", "a row with `do`", "add `then: monitor`, `done`, `hold` or `fail`")
        if "error" in node:
            message = "`error` is only for a row with `hold` or `fail`"
            draft.report("RB203", node.key("error") or node, message, "remove it")
        steps = tuple(found.get("do") or ())
        return Row(path=path, names=names, verb=found.get("then") or "hold", do=steps)
    if "then" in node and kinds:
        message = f"`then` is only for a row with `do`; this one has `{kind}`"
        draft.report("RB203", node.key("then") or node, message, "remove it")
    return Row(path=path, names=names, verb=kind, reason=found.get(kind) or "", error=found.get("error") or "")


def with_default_rows(kind: str, path: str, written: tuple[Row, ...]) -> tuple[Row, ...]:
    """The whole table in the order in which it is searched: exact statuses, written classes, default rows."""
    with_row = {name for row in written for name in row.names}
    exact = [row for row in written if any(name.startswith("=") for name in row.names)]
    classes = [row for row in written if not any(name.startswith("=") for name in row.names)]
    defaults = [
        Row(path=f"{path}/states/{cls}", names=(cls,), verb=DEFAULT_VERBS[kind][cls], is_default=True)
        for cls in CLASSES
        if cls not in with_row
    ]
    return (*exact, *classes, *defaults)


def classes(draft: Draft, node: Node, path: str) -> dict[str, tuple[str, ...]]:
    """The statuses of each class, `{pending: [CREATING], …}`. RB215 if a status is in two classes."""
    found: dict[str, tuple[str, ...]] = {}
    if not isinstance(node, MapNode):
        draft.report_wrong_type(node, "a map of classes", "`{pending: [CREATING], available: [ACTIVE]}`")
        return found
    class_of: dict[str, str] = {}
    for name, (key, value) in node.items():
        if name not in CLASSES:
            draft.report_unknown_word("RB204", key, name, "is not a class", CLASSES)
        if not isinstance(value, ListNode):
            draft.report_wrong_type(value, "a list of statuses")
            continue
        for item in value.items:
            status = str(to_python(item)) if isinstance(item, Scalar) else ""
            if class_of.setdefault(status, name) != name:
                draft.report(
                    "RB215", item, f"`{status}` is already in the class `{class_of[status]}`", "remove one of them"
                )
        found[name] = tuple(str(to_python(item)) for item in value.items)
    return found


# -- rescues -------------------------------------------------------------------------------------------------


def rescues(draft: Draft, node: Node, path: str) -> tuple[Rescue, ...]:
    """The branches of a `rescue`, in their order."""
    if not isinstance(node, ListNode):
        draft.report_wrong_type(node, "a list of branches", "write each as `- {error: NAME, then: VERB}`")
        return ()
    found = [_rescue(draft, item, f"{path}/{number}") for number, item in enumerate(node.items)]
    return tuple(one for one in found if one is not None)


def _rescue(draft: Draft, node: Node, path: str) -> Rescue | None:
    draft.nodes[path] = node
    if not isinstance(node, MapNode):
        draft.report_wrong_type(node, "a map with `error` and `then`")
        return None
    found = draft.read_fields(node, RESCUE, path, "a branch of `rescue`")
    return Rescue(
        path=path, errors=found.get("error") or (), do=tuple(found.get("do") or ()),
        refresh=found.get("refresh") == "settings", then=found.get("then") or "fail",
    )  # fmt: skip


def then(draft: Draft, node: Node, path: str) -> Any:
    """What follows a branch: retry, hold, fail, done, or `{retry_if: …, else: …}`."""
    if isinstance(node, MapNode):
        found = draft.read_fields(node, RETRY_IF, path, "`then`")
        return RetryIf(condition=found.get("retry_if") or "false", otherwise=found.get("else") or "fail")
    if isinstance(node, Scalar) and node.value in THEN:
        return node.value
    if isinstance(node, Scalar) and node.value is not None:
        help = draft.suggestions.did_you_mean(node.text, lambda: THEN) + ", or `{retry_if: EXPRESSION, else: VERB}`"
        draft.report("RB204", node, f"`{node.text}` is not allowed here", help)
    else:
        draft.report_wrong_type(node, "a verb (retry, hold, fail, done) or `{retry_if: …}`")
    return None


READERS: Final[Mapping[str, Reader]] = {"states": states, "classes": classes, "rescues": rescues, "then": then}
