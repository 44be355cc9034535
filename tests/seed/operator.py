"""An operator's desk: the commands that are typed, what they answer, and what can be seen afterwards.

What a scenario of the guide asserts is what an operator sees: exit codes, `status -o json`, `history`, messages,
what is left in the world and, where the store is a table of DynamoDB, the attributes that can be read in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from actions.sandbox import Fault, Sandbox
from engine.cli.context import world_file
from engine.clock import SystemClock
from engine.stores.dynamodb_client import TableClient
from engine.stores.dynamodb_table import create_table
from tests.servers.moto import Moto

ROOT = Path(__file__).resolve().parents[2]
RESTORE = ROOT / "runbooks" / "restore.yaml"
CLUSTER = "new-cluster-id"
SNAPSHOT = "daily-backup-2024-03-20"
COPY = f"{SNAPSHOT}-copy"
COPY_ARN = f"arn:aws:rds:us-west-2:123456789012:cluster-snapshot:{COPY}"
TOPIC = "arn:aws:sns:us-west-2:123456789012:aurora-restore"
ADMIN = {"username": "admin", "password": "not-a-real-one"}

WORLD: Mapping[str, Any] = {
    "takes": dict.fromkeys(("copy", "restore", "instance", "delete_instance", "delete_cluster"), "1m"),
    f"rds.cluster_snapshot/{SNAPSHOT}@us-east-1": {"cluster": "orders", "encrypted": True, "admin": ADMIN},
    f"rds.cluster/{CLUSTER}@us-west-2": {
        "instances": 2, "encrypted": True, "subnet_group": "aurora-private", "security_groups": ["sg-12345678"],
        "admin": ADMIN,
    },
    "subnet_group/aurora-private@us-west-2": {"vpc": "vpc-12345678", "subnets": ["us-west-2a", "us-west-2b"]},
    "security_group/sg-12345678@us-west-2": {
        "vpc": "vpc-12345678", "ingress": [{"port": 5432, "from": "10.0.0.0/16"}]
    },
    "security_group/sg-elsewhere@us-west-2": {"vpc": "vpc-87654321"},
    "kms.key/0a1b2c3d-0000-4000-8000-000000000001@us-west-2": {"alias": "alias/aurora-restore"},
    "ssm:/aurora-restore/us-west-2/subnet-group": "aurora-private",
    "ssm:/aurora-restore/us-west-2/security-group-ids": ["sg-12345678"],
    "ssm:/aurora-restore/us-west-2/kms-key": "alias/aurora-restore",
    "ssm:/aurora-restore/notification-topic-arn": TOPIC,
    "secret:aurora-restore/master-credentials": ADMIN,
    "secret:aurora-restore/app-credentials": {"app_password": "also-not-real", "readonly_password": "nor-this"},
}  # fmt: skip
THE_GUIDE_S_TIMES = {"copy": "6m", "delete_instance": "5m", "restore": "13m", "instance": "8m"}
"""How long things take where the time of day counts: 00:06 the copy, 00:17 the restore, 00:46 the users."""
THERE = {CLUSTER: "available", f"{CLUSTER}-1": "available", f"{CLUSTER}-2": "available"}
"""What is in the target region when all is well, and nothing is left over."""
SECURITY_GROUPS = "ssm:/aurora-restore/us-west-2/security-group-ids"

READABLE = (
    "step", "status", "timestamp", "details", "retry_count", "max_retries", "error", "error_message",
    "cleanup_status", "orphaned_resources",
)  # fmt: skip
"""What can be read of a record in the table (docs/architecture.md, "The log")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


@dataclass(slots=True, kw_only=True)
class Desk:
    """One store, one world, and the commands over them."""

    ask: Callable[..., Answer]
    folder: Path
    place: str
    options: tuple[str, ...]
    moto: Moto | None = None
    edits: list[tuple[str, str]] = field(default_factory=list)
    world: dict[str, Any] = field(default_factory=lambda: dict(WORLD))
    script: dict[str, Sequence[str]] = field(default_factory=dict)

    def at_the_guide_s_times(self, **takes: str) -> None:
        """Things take as long as they do in the guide."""
        self.world["takes"] = self.world["takes"] | THE_GUIDE_S_TIMES | takes

    # -- what is typed --------------------------------------------------------------------------------------------

    def run(self, id: str, *, snapshot: str = SNAPSHOT, cluster: str = CLUSTER) -> Answer:
        """`runbook run restore.yaml -i … --operation-id ID`, edited as `edits` say."""
        return self.ask(*self.words_of_run(id, snapshot=snapshot, cluster=cluster))

    def words_of_run(self, id: str, *, snapshot: str = SNAPSHOT, cluster: str = CLUSTER) -> tuple[str, ...]:
        inputs = ("-i", f"snapshot={snapshot}", "-i", f"cluster={cluster}")
        return ("run", str(self.runbook()), *inputs, "--operation-id", id, "--yes", self.pretend(), *self.options)

    def type(self, command: str, id: str, *words: str) -> Answer:
        """Another command that drives: resume, restart, cancel, cleanup."""
        return self.ask(command, id, *words, self.pretend(), *self.options)

    def orphans(self, *words: str) -> Answer:
        """`runbook orphans -o json`."""
        return self.ask("orphans", *words, self.pretend(), *self.options, "-o", "json")

    def stopped(self, id: str, step: str, *, looks_by: str) -> None:
        """Run it until the credentials expire while the step's thing is being made: exit code 4, all is recorded.

        First they do so at the call that makes it, which is not sent; then at a later look at what it has made.
        """
        self.script |= {step: ["credentials", *self.script.get(step, ())]}
        assert self.run(id).code == 4
        self.hand(id).fault(Fault(kind="credentials", call=looks_by, step=step, nth=4))
        told = self.type("resume", id)
        assert told.code == 4
        assert f"runbook resume {id}" in told.err

    def runbook(self) -> Path:
        """The shipped runbook with `edits`, each of which must fit."""
        text = RESTORE.read_text(encoding="utf-8")
        for was, becomes in self.edits:
            assert text.count(was) == 1, was
            text = text.replace(was, becomes)
        file = self.folder / "restore.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    def pretend(self) -> str:
        file = self.folder / "world.yaml"
        file.write_text(json.dumps({"world": self.world, "script": self.script}), encoding="utf-8")  # JSON is YAML
        return f"--sandbox={file}"

    # -- what is seen ---------------------------------------------------------------------------------------------

    def status(self, id: str) -> dict[str, Any]:
        """`runbook status ID -o json`; in a table, what can be read there says the same."""
        told = self.ask("status", id, *self.options, "-o", "json")
        assert told.code == 0, told.err
        document: dict[str, Any] = told.document
        if self.moto is not None:
            assert self.items(id)[-1] == readable_of(document)
        return document

    def step(self, id: str, step: str) -> dict[str, Any]:
        """One of `steps[]`."""
        (found,) = [one for one in self.status(id)["steps"] if one["id"] == step]
        return dict(found)

    def history(self, id: str) -> list[dict[str, Any]]:
        """`runbook history ID -o json`, and the chain of records holds."""
        told = self.ask("history", id, "--verify", *self.options, "-o", "json")
        assert told.code == 0, told.err
        return [json.loads(line) for line in told.out.splitlines()]

    def happened(self, id: str, step: str) -> list[str]:
        """The lines that tell of one step, in order."""
        return [one["text"] for one in self.history(id) if one["step"] == step]

    def waited(self, id: str, step: str) -> list[float]:
        """The minutes waited before each retry of a step: from its record to the step's next one."""
        told = [one for one in self.history(id) if one["step"] == step]
        return [
            minutes(before["at"], after["at"])
            for before, after in pairwise(told)
            if before["event"] in ("delayed", "vanished")
        ]

    def items(self, id: str) -> list[dict[str, str]]:
        """The readable attributes of the operation's records in the table, oldest first."""
        assert self.moto is not None
        found = self.moto.clients("dynamodb").query(
            TableName=self.place.partition(":")[2], ConsistentRead=True,
            KeyConditionExpression="operation_id = :id AND seq > :head",
            ExpressionAttributeValues={":id": {"S": id}, ":head": {"N": "0"}},
        )["Items"]  # fmt: skip
        return [{name: item[name]["S"] for name in READABLE if name in item} for item in found]

    # -- the world --------------------------------------------------------------------------------------------------

    def hand(self, id: str) -> Sandbox:
        """The operation's world, to look at it and to change it behind the runner's back."""
        file = world_file(self.place, id)
        assert file is not None
        assert file.exists()
        return Sandbox(file=file)

    def there(self, id: str) -> dict[str, str]:
        """What is in the target region: name → status."""
        here = self.hand(id)
        return {row["name"]: row["status"] for row in here.resources() if row["region"] == "us-west-2"}

    def told(self, id: str) -> list[str]:
        """The subjects of the messages that were published."""
        return [one["subject"] for one in self.hand(id).messages]

    def messages(self, id: str) -> list[str]:
        """Their texts."""
        return [one["text"] for one in self.hand(id).messages]

    def asked(self, id: str, *names: str) -> list[str]:
        """The calls of these names that arrived at the pretend AWS, each with its outcome."""
        return [f"{call.operation} {call.outcome}" for call in self.hand(id).journal if call.operation in names]

    def done(self, id: str, *names: str) -> list[str]:
        """Those of them that it did."""
        return [call.operation for call in self.hand(id).journal if call.operation in names and call.outcome == "ok"]


def minutes(since: str, until: str) -> float:
    """Between two times of records."""
    return (datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds() / 60


def readable_of(document: Mapping[str, Any]) -> dict[str, str]:
    """What the table's newest record must say, by the status document."""
    told = {name: document[name] for name in READABLE}
    told["details"] = ", ".join(f"{key}={value}" for key, value in document["details"].items())
    told["orphaned_resources"] = ", ".join(document["orphaned_resources"])
    return {name: str(value) for name, value in told.items() if value not in (None, "")}


def made_table(moto: Moto, name: str) -> None:
    """What `runbook store init` makes."""
    create_table(TableClient(name, moto.clients, SystemClock()), SystemClock())
