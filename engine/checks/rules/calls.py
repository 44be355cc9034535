"""RB604: calls that change something, and do not say what becomes of them when a reply is lost."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.checks.rule import rule
from engine.checks.subject import Found, Subject
from engine.language.model import Call
from engine.language.tree import MapNode, Scalar


@rule(
    id="RB604",
    title="A `call` that says neither `until` nor `repeatable`",
    why="When a reply is lost, nobody knows whether the call was done. `until` lets it be seen; `repeatable: true` lets it "
    "be done again; `repeatable: false` makes the operation hold and ask. The action does not say it itself, so the "
    "step must.",
    wrong="""
- {id: swap, call: aws.rds.modify_db_cluster, with: {DBClusterIdentifier: green}}
""",
    right="""
- {id: swap, call: aws.rds.modify_db_cluster, with: {DBClusterIdentifier: green}, repeatable: false}
""",
)
def neither_seen_nor_repeatable(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        if isinstance(place.step.body, Call):
            yield from _silent(subject, place.node)
            undo = place.node.get("undo")
            if isinstance(undo, MapNode):
                yield from _silent(subject, undo)


def _silent(subject: Subject, node: MapNode) -> Iterator[Found]:
    name, key = node.get("call"), node.key("call")
    action = subject.catalogue.action(name.text) if isinstance(name, Scalar) else None
    if action is None or key is None or action.facts.repeatable is not None or "repeatable" in node or "until" in node:
        return
    message = f"`{action.name}` changes something: say how it is seen that it has been done, or if it may be repeated"
    yield Found(span=key.span, message=message, help="`until: {check: …}`, or `repeatable: true` or `false`")


RULES: Final = (neither_seen_nor_repeatable,)
