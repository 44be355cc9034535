"""Sandbox worlds, small runbooks and command lines that these tests share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.cli.commands import RESTORE
from tests.servers.postgres import PASSWORD, SUPERUSER, Postgres

ID = "op"
ADMIN = {"username": SUPERUSER, "password": PASSWORD}
TAKES = {
    "copy": 45, "restore": 75, "instance": 45, "delete_snapshot": 20, "delete_instance": 40, "delete_cluster": 45
}  # fmt: skip
"""Seconds in the sandbox's time: one to three polls each."""

WORLD: Mapping[str, Any] = {
    "takes": TAKES,
    "rds.cluster_snapshot/nightly@us-east-1": {"cluster": "orders", "encrypted": True, "admin": ADMIN},
    "rds.cluster/orders@us-west-2": {
        "instances": 2, "encrypted": True, "subnet_group": "private", "security_groups": ["sg-1"], "admin": ADMIN,
    },
    "rds.cluster/invoices@us-west-2": {"instances": 1, "admin": ADMIN},  # not part of the restore
    "rds.cluster_snapshot/nightly-copy-of-march@us-west-2": {"cluster": "orders"},
    "subnet_group/private@us-west-2": {"vpc": "vpc-1", "subnets": ["us-west-2a", "us-west-2b"]},
    "security_group/sg-1@us-west-2": {"vpc": "vpc-1", "ingress": [{"port": 5432, "from": "10.0.0.0/16"}]},
    "ssm:/aurora-restore/us-west-2/subnet-group": "private",
    "ssm:/aurora-restore/us-west-2/security-group-ids": ["sg-1"],
    "ssm:/aurora-restore/us-west-2/kms-key": "alias/aws/rds",
    "ssm:/aurora-restore/notification-topic-arn": "arn:aws:sns:us-west-2:123456789012:aurora-restore",
    "secret:aurora-restore/master-credentials": ADMIN,
    "secret:aurora-restore/app-credentials": {"app_password": "not-a-real-one", "readonly_password": "nor-this"},
}  # fmt: skip

RUN = ("run", RESTORE, "-i", "snapshot=nightly", "-i", "cluster=orders", "--operation-id", ID, "--yes")
RESUME = ("resume", ID)

PAIR = """\
runbook: pair
region: us-west-2
lock: us-west-2/orders
steps:
  - {id: first, ensure: rds.cluster_snapshot, with: {name: one, copy_of: ours}, undo: delete}
  - {id: pause, wait: 2m}
  - {id: second, ensure: rds.cluster_snapshot, with: {name: two, copy_of: ours}, undo: delete}
"""
"""Two copies of a snapshot, and a wait between them."""

SMALL: Mapping[str, Any] = {"takes": TAKES, "rds.cluster_snapshot/ours@us-west-2": {"cluster": "orders"}}
"""A world for `PAIR`."""


def world(postgres: Postgres) -> dict[str, Any]:
    """The world for the restore, with this PostgreSQL server as the endpoint of every cluster."""
    return {**WORLD, "endpoint": f"{postgres.host}:{postgres.port}"}


def without_users(postgres: Postgres) -> None:
    """Drop the roles that a restore creates."""
    for role in users(postgres):
        postgres.ask(f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def users(postgres: Postgres) -> list[str]:
    """The roles that the restore has created."""
    return [
        row[0] for row in postgres.ask("SELECT rolname FROM pg_roles WHERE rolname IN ('app', 'reader') ORDER BY 1")
    ]
