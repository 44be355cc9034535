"""Every place where a removal may be, as runbooks: of something whose name is known before the start, or later."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import indent

WORLD = """\
world:
  rds.cluster_snapshot/nightly@us-west-2: available
  rds.cluster_snapshot/old@us-west-2: available
  rds.cluster_snapshot/older@us-west-2: available
  rds.cluster_snapshot/failed@us-west-2: failed
  rds.cluster/orders@us-west-2: {status: available, instances: 1, protected: true}
script: {made: [KMSKeyNotAccessibleFault]}
"""
FOREIGN = ("old", "older", "failed", "orders", "orders-1")
HEAD = """\
runbook: places
region: us-west-2
steps:
  - {id: src, check: rds.cluster_snapshot, with: {name: nightly}}
  - {id: first, check: rds.cluster_snapshot, with: {name: old}}
  - {id: second, check: rds.cluster_snapshot, with: {name: older}}
  - {id: broken, check: rds.cluster_snapshot, with: {name: failed}, states: {broken: done}}
  - {id: whole, check: rds.cluster, with: {name: orders}}
"""
REMOVE = "remove: rds.cluster_snapshot, owner: any, requires: [src], states: {available: delete}"
COPY = "copy_of: nightly}, undo: keep, retry: [1m]"
LATER = {
    "OLD": "${first.name}",
    "OLDER": "${second.name}",
    "FAILED": "${broken.name}",
    "ORDERS": "${whole.name}",
    "IN_A_LIST": "${whole.name | default('none')}-1",
}
BEFORE = {"OLD": "old", "OLDER": "older", "FAILED": "failed", "ORDERS": "orders", "IN_A_LIST": "orders-1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovalPlace:
    """`steps`: what follows the checks; `end`: the `on_*` lists. `removed`: what a yes deletes or unprotects.

    `holds`: whether a removal there can hold; in a list it is left out. `needs_cancel`: the list is that of a cancel.
    """

    name: str
    steps: str = ""
    end: str = ""
    removed: tuple[str, ...] = ("old",)
    holds: bool = True
    needs_cancel: bool = False

    def __str__(self) -> str:
        return self.name

    def text(self, *, later: bool) -> str:
        """The runbook."""
        text = HEAD + indent(self.steps, "  ") + self.end
        for word in ("IN_A_LIST", "OLDER", "OLD", "FAILED", "ORDERS"):
            text = text.replace(word, (LATER if later else BEFORE)[word])
        return text


def _list(name: str, steps: str = "", *, needs_cancel: bool = False) -> RemovalPlace:
    end = (
        f'{name}: [{{remove: rds.instance, owner: any, states: {{available: delete}}, with: {{name: "IN_A_LIST"}}}}]\n'
    )
    return RemovalPlace(name=name, steps=steps, end=end, removed=("orders-1",), holds=False, needs_cancel=needs_cancel)


PLACES = (
    RemovalPlace(name="main step", steps=f'- {{id: take, {REMOVE}, with: {{name: "OLD"}}}}\n'),
    RemovalPlace(
        name="target of a check",
        steps='- {id: seen-it, check: rds.cluster_snapshot, with: {name: "OLD"}}\n'
        f'- {{id: take, {REMOVE}, with: {{name: "OLD"}}, target: seen-it}}\n',
    ),
    RemovalPlace(
        name="target of a check, without owner",
        steps='- {id: seen-it, check: rds.cluster_snapshot, with: {name: "OLD"}}\n'
        '- {id: take, remove: rds.cluster_snapshot, with: {name: "OLD"}, target: seen-it, requires: [src], '
        "states: {available: delete}}\n",
    ),
    RemovalPlace(
        name="row",
        steps="- id: row\n  check: rds.cluster\n  with: {name: orders}\n"
        f'  states: {{available: {{do: [{{{REMOVE}, with: {{name: "OLD"}}}}], then: done}}}}\n',
    ),
    RemovalPlace(
        name="rescue",
        steps=f"- id: made\n  ensure: rds.cluster_snapshot\n  with: {{name: made, {COPY.replace(', undo: keep, retry: [1m]', '')}\n"
        "  undo: delete\n  retry: [1m]\n"
        f'  rescue: [{{error: any, do: [{{{REMOVE}, with: {{name: "OLD"}}}}], then: retry}}]\n',
    ),
    RemovalPlace(
        name="replace",
        steps=f'- {{id: made-again, ensure: rds.cluster_snapshot, with: {{name: "FAILED", {COPY}, owner: any, '
        "states: {broken: replace}}\n",
        removed=("failed",),
    ),
    RemovalPlace(
        name="for_each",
        steps=f'- {{id: take, for_each: ["OLD", "OLDER"], {REMOVE}, with: {{name: "${{each}}"}}}}\n',
        removed=("old", "older"),
    ),
    RemovalPlace(
        name="row of a for_each",
        steps='- id: row\n  for_each: ["OLD", "OLDER"]\n  check: rds.cluster\n  with: {name: orders}\n'
        f'  states: {{available: {{do: [{{{REMOVE}, with: {{name: "${{each}}"}}}}], then: done}}}}\n',
        removed=("old", "older"),
    ),
    RemovalPlace(
        name="call",
        steps="- {id: take, call: aws.rds.delete_db_cluster_snapshot, repeatable: true, "
        'with: {DBClusterSnapshotIdentifier: "OLD"}}\n',
    ),
    RemovalPlace(
        name="call for each",
        steps='- {id: take, for_each: ["OLD", "OLDER"], call: aws.rds.delete_db_cluster_snapshot, repeatable: true, '
        'with: {DBClusterSnapshotIdentifier: "${each}"}}\n',
        removed=("old", "older"),
    ),
    RemovalPlace(
        name="call that unprotects",
        steps="- {id: take, call: aws.rds.modify_db_cluster, repeatable: true, "
        'with: {DBClusterIdentifier: "ORDERS", DeletionProtection: false}}\n',
        removed=("orders",),
    ),
    _list("on_success"),
    _list("on_failure", "- {id: end, fail: it was not to be}\n"),
    _list("on_hold", "- {id: stop, hold: look at it}\n"),
    _list("on_cancel", "- {id: stop, hold: look at it}\n", needs_cancel=True),
    RemovalPlace(
        name="call in on_success",
        end="on_success: [{call: aws.rds.delete_db_cluster_snapshot, repeatable: true, "
        'with: {DBClusterSnapshotIdentifier: "OLD"}}]\n',
        holds=False,
    ),
)  # fmt: skip
