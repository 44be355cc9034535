"""Examples for the tests of the language: parts of runbooks, a small vocabulary, and functions that parse them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.errors import Finding
from engine.language.model import ActionFacts, KindFacts, Monitor
from engine.language.parse.document import Parsed, parse

ALL = ("ensure", "remove", "check")
NO_DEFAULT = Monitor()


@dataclass(frozen=True)
class FixedVocabulary:
    """A vocabulary of fixed kinds and actions."""

    kinds: Mapping[str, KindFacts] = field(default_factory=dict)
    actions: Mapping[str, ActionFacts] = field(default_factory=dict)

    def kind_facts(self, name: str) -> KindFacts | None:
        return self.kinds.get(name)

    def action_facts(self, name: str) -> ActionFacts | None:
        return self.actions.get(name)

    def kind_names(self) -> list[str]:
        return sorted(self.kinds)

    def action_names(self) -> list[str]:
        return sorted(self.actions)

    def similar_action(self, name: str) -> str | None:
        return None


VOCABULARY = FixedVocabulary(
    kinds={
        kind.name: kind
        for kind in (
            KindFacts(name="rds.cluster", identity=("name",), data="live"),
            KindFacts(name="rds.cluster_snapshot", identity=("name",), data="copy", source="copy_of"),
            KindFacts(name="rds.instance", identity=("name",), part_of="cluster"),
            KindFacts(name="ec2.network", identity=("subnet_group", "security_groups"), verbs=("check",)),
            KindFacts(name="ec2.port_open", identity=("security_groups", "port"), verbs=("check",)),
            KindFacts(name="net.endpoint", identity=("host", "port"), verbs=("check",)),
            KindFacts(name="aws.dynamodb.describe_table", identity=(), verbs=("check",), monitor=NO_DEFAULT),
        )
    },
    actions={
        action.name: action
        for action in (
            ActionFacts(name="sns.publish", repeatable=True),
            ActionFacts(name="postgres.setup_users", repeatable=True),
            ActionFacts(name="aws.rds.modify_db_cluster"),
            ActionFacts(name="aws.rds.stop_db_cluster"),
        )
    },
)

HEAD = "runbook: example\nregion: us-west-2\n"
PAUSE = "steps:\n  - {id: pause, wait: 5m}\n"
CHECK = "- id: old\n  check: rds.cluster\n  with: {name: orders}\n"
ENSURE = "- id: copy\n  ensure: rds.cluster_snapshot\n  with: {name: a, copy_of: b}\n  undo: delete\n"
REMOVE = "- id: old\n  remove: rds.cluster\n  with: {name: orders}\n"
TABLE = "- id: t\n  check: aws.dynamodb.describe_table\n  status: a\n  monitor: {every: 1s, for: 1m}\n"
CALL = "- id: swap\n  call: aws.rds.modify_db_cluster\n  with: {DBClusterIdentifier: green}\n"
UNTIL = "  until:\n    check: rds.cluster\n    with: {name: green}\n    is: seen.id == 'x'\n"


def document(example: str) -> str:
    """An example as a whole runbook. Steps alone are put into one, from line 4 on, indented by 2."""
    if not example.startswith("- "):
        return example
    return HEAD + "steps:\n" + "".join(f"  {line}\n" for line in example.rstrip("\n").split("\n"))


def parsed(example: str | bytes) -> Parsed:
    return parse(document(example) if isinstance(example, str) else example, VOCABULARY, "example.yaml")


def rules_at(example: str | bytes) -> list[tuple[str, int, int]]:
    """The rule, line and column of every finding."""
    return [(one.rule, one.line, one.column) for one in parsed(example).findings]


def only_finding(example: str | bytes) -> Finding:
    """The only finding of an example."""
    (found,) = parsed(example).findings
    return found


def text_at_finding(example: str) -> str:
    """The text at the place of the only finding."""
    found = only_finding(example)
    lines = document(example).split("\n")
    if found.line == found.end_line:
        return lines[found.line - 1][found.column - 1 : found.end_column - 1]
    return "\n".join([lines[found.line - 1][found.column - 1 :], lines[found.end_line - 1][: found.end_column - 1]])
