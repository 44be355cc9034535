"""An operator: the commands that one runs, their results, and what can be seen afterwards.

The scenarios of the guide assert what an operator sees: exit codes, `status -o json`, `history`, messages, the resources
that are left and, in a DynamoDB table, the readable attributes of the records.
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
from tests.cli.commands import Result
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
GUIDE_TIMES = {"copy": "6m", "delete_instance": "5m", "restore": "13m", "instance": "8m"}
"""Durations with which steps begin when they do in the guide: the copy at 00:06, the restore at 00:17, the users at 00:46."""
RESTORED = {CLUSTER: "available", f"{CLUSTER}-1": "available", f"{CLUSTER}-2": "available"}
"""The resources in the target region after a restore that leaves nothing behind."""
SECURITY_GROUPS = "ssm:/aurora-restore/us-west-2/security-group-ids"

READABLE = (
    "step", "status", "timestamp", "details", "retry_count", "max_retries", "error", "error_message",
    "cleanup_status", "orphaned_resources",
)  # fmt: skip
"""The readable attributes of a record in the table (docs/architecture.md, "The log")."""


@dataclass(slots=True, kw_only=True)
class Operator:
    """One store, one sandbox world, and the commands on them."""

    cli: Callable[..., Result]
    folder: Path
    store_url: str
    options: tuple[str, ...]
    moto: Moto | None = None
    edits: list[tuple[str, str]] = field(default_factory=list)
    world: dict[str, Any] = field(default_factory=lambda: dict(WORLD))
    script: dict[str, Sequence[str]] = field(default_factory=dict)

    def use_guide_times(self, **takes: str) -> None:
        """Let everything take as long as it does in the guide."""
        self.world["takes"] = self.world["takes"] | GUIDE_TIMES | takes

    # -- commands --------------------------------------------------------------------------------------------

    def run(self, id: str, *, snapshot: str = SNAPSHOT, cluster: str = CLUSTER) -> Result:
        """`runbook run restore.yaml -i … --operation-id ID`, with the `edits` applied to the runbook."""
        return self.cli(*self.run_args(id, snapshot=snapshot, cluster=cluster))

    def run_args(self, id: str, *, snapshot: str = SNAPSHOT, cluster: str = CLUSTER) -> tuple[str, ...]:
        inputs = ("-i", f"snapshot={snapshot}", "-i", f"cluster={cluster}")
        return (
            "run",
            str(self.runbook()),
            *inputs,
            "--operation-id",
            id,
            "--yes",
            self.sandbox_option(),
            *self.options,
        )

    def run_command(self, command: str, id: str, *words: str) -> Result:
        """Run another command on the operation: resume, restart, cancel or cleanup."""
        return self.cli(command, id, *words, self.sandbox_option(), *self.options)

    def orphans(self, *words: str) -> Result:
        """`runbook orphans -o json`."""
        return self.cli("orphans", *words, self.sandbox_option(), *self.options, "-o", "json")

    def run_until_credentials_expire(self, id: str, step: str, *, read_call: str) -> None:
        """Run until the credentials expire while the resource of a step is being created: exit code 4.

        They expire first at the call that creates it, which is not sent, and after a resume at a later `read_call`.
        """
        self.script |= {step: ["credentials", *self.script.get(step, ())]}
        assert self.run(id).code == 4
        self.sandbox(id).fault(Fault(kind="credentials", call=read_call, step=step, nth=4))
        result = self.run_command("resume", id)
        assert result.code == 4
        assert f"runbook resume {id}" in result.err

    def runbook(self) -> Path:
        """Write the shipped runbook with the `edits`, each of which must match once."""
        text = RESTORE.read_text(encoding="utf-8")
        for was, becomes in self.edits:
            assert text.count(was) == 1, was
            text = text.replace(was, becomes)
        file = self.folder / "restore.yaml"
        file.write_text(text, encoding="utf-8")
        return file

    def sandbox_option(self) -> str:
        file = self.folder / "world.yaml"
        file.write_text(json.dumps({"world": self.world, "script": self.script}), encoding="utf-8")  # JSON is YAML
        return f"--sandbox={file}"

    # -- what an operator sees ---------------------------------------------------------------------------------------------

    def status(self, id: str) -> dict[str, Any]:
        """`runbook status ID -o json`; in a table, the readable attributes must agree."""
        result = self.cli("status", id, *self.options, "-o", "json")
        assert result.code == 0, result.err
        document: dict[str, Any] = result.document
        if self.moto is not None:
            assert self.table_items(id)[-1] == readable_attributes(document)
        return document

    def step(self, id: str, step: str) -> dict[str, Any]:
        """One of the `steps` of the status."""
        (found,) = [one for one in self.status(id)["steps"] if one["id"] == step]
        return dict(found)

    def history(self, id: str) -> list[dict[str, Any]]:
        """`runbook history ID -o json`, after a check of the chain of records."""
        result = self.cli("history", id, "--verify", *self.options, "-o", "json")
        assert result.code == 0, result.err
        return [json.loads(line) for line in result.out.splitlines()]

    def event_texts(self, id: str, step: str) -> list[str]:
        """The texts of the events of one step, in order."""
        return [one["text"] for one in self.history(id) if one["step"] == step]

    def retry_delays(self, id: str, step: str) -> list[float]:
        """The minutes before each retry of a step: from the record of the delay to the next of the step."""
        result = [one for one in self.history(id) if one["step"] == step]
        return [
            minutes_between(before["at"], after["at"])
            for before, after in pairwise(result)
            if before["event"] in ("delayed", "vanished")
        ]

    def table_items(self, id: str) -> list[dict[str, str]]:
        """The readable attributes of the operation's records in the table, oldest first."""
        assert self.moto is not None
        found = self.moto.clients("dynamodb").query(
            TableName=self.store_url.partition(":")[2], ConsistentRead=True,
            KeyConditionExpression="operation_id = :id AND seq > :head",
            ExpressionAttributeValues={":id": {"S": id}, ":head": {"N": "0"}},
        )["Items"]  # fmt: skip
        return [{name: item[name]["S"] for name in READABLE if name in item} for item in found]

    # -- the sandbox --------------------------------------------------------------------------------------------------

    def sandbox(self, id: str) -> Sandbox:
        """The sandbox of the operation, to read it and to change it between two commands."""
        file = world_file(self.store_url, id)
        assert file is not None
        assert file.exists()
        return Sandbox(file=file)

    def resources(self, id: str) -> dict[str, str]:
        """The resources in the target region: name → status."""
        here = self.sandbox(id)
        return {row["name"]: row["status"] for row in here.resources() if row["region"] == "us-west-2"}

    def subjects(self, id: str) -> list[str]:
        """The subjects of the messages that were published."""
        return [one["subject"] for one in self.sandbox(id).messages]

    def messages(self, id: str) -> list[str]:
        """The texts of the messages that were published."""
        return [one["text"] for one in self.sandbox(id).messages]

    def calls(self, id: str, *names: str) -> list[str]:
        """The calls with these names that reached the sandbox, each with its outcome."""
        return [f"{call.operation} {call.outcome}" for call in self.sandbox(id).journal if call.operation in names]

    def performed(self, id: str, *names: str) -> list[str]:
        """The calls with these names that succeeded."""
        return [call.operation for call in self.sandbox(id).journal if call.operation in names and call.outcome == "ok"]


def minutes_between(since: str, until: str) -> float:
    """Minutes between two times of records."""
    return (datetime.fromisoformat(until) - datetime.fromisoformat(since)).total_seconds() / 60


def readable_attributes(document: Mapping[str, Any]) -> dict[str, str]:
    """The readable attributes that the newest record must have, by the status document."""
    result = {name: document[name] for name in READABLE}
    result["details"] = ", ".join(f"{key}={value}" for key, value in document["details"].items())
    result["orphaned_resources"] = ", ".join(document["orphaned_resources"])
    return {name: str(value) for name, value in result.items() if value not in (None, "")}


def create_operations_table(moto: Moto, name: str) -> None:
    """Create the table as `runbook store init` does."""
    create_table(TableClient(name, moto.clients, SystemClock()), SystemClock())
