"""What is in the pretend AWS: every resource, with its status over virtual time.

A resource's life is a list of statuses, each with the time from which it holds. Nothing ticks: the status is computed
when it is looked at. Must not know botocore, wire formats or faults.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from actions.sandbox.calls import Request

GONE: Final = "gone"
ANYWHERE: Final = "*"
ACCOUNT: Final = "123456789012"

TAKES: Final[Mapping[str, float]] = {
    "copy": 420.0,
    "snapshot": 300.0,
    "restore": 720.0,
    "cluster": 300.0,
    "instance": 480.0,
    "modify": 120.0,
    "pending": 30.0,
    "start": 300.0,
    "stop": 300.0,
    "promote": 120.0,
    "delete_snapshot": 30.0,
    "delete_instance": 300.0,
    "delete_cluster": 120.0,
}
"""How long things take, in seconds; `takes:` in a world overrides it. `pending` is how long a change stays in a cluster's
`PendingModifiedValues` after its status is `available` again."""

LASTING: Final = frozenset(
    (
        "available", "stopped", "failed", "cloning-failed", "migration-failed", "restore-failed",
        "restore-error", "insufficient-capacity", "incompatible-create", "incompatible-credentials",
        "incompatible-network", "incompatible-option-group", "incompatible-parameters", "incompatible-restore",
        "inaccessible-encryption-credentials", "inaccessible-encryption-credentials-recoverable",
        "storage-full", "upgrade_failed", "upgrade-failed", "modify-failed",
    )
)  # fmt: skip
"""Statuses that stay until a call changes them. All others are followed by another."""

Looks = list[tuple[str, int]]
"""Statuses set by a script, each with the number of looks that see it; -1 for all."""


def key_of(kind: str, account: str, region: str, name: str) -> str:
    """The key of a resource in the world."""
    return f"{kind}/{name}@{region}/{account}"


@dataclass(slots=True, kw_only=True)
class Resource:
    """One thing in the world. `data` is JSON with wire names, and times in seconds since the epoch.

    `id` never changes and is never used twice; AWS shows it for clusters and instances, not for snapshots.
    """

    kind: str
    name: str
    account: str
    region: str
    id: str = ""
    created: float = 0.0
    life: list[tuple[str, float]] = field(default_factory=list)
    looks: Looks = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    listed_from: float = 0.0  # before that, lists do not show it
    stale_until: float = 0.0  # before that, lists show `stale_status`
    stale_status: str = ""
    rename: tuple[str, float] | None = None

    @property
    def key(self) -> str:
        return key_of(self.kind, self.account, self.region, self.name)

    def status(self, now: float) -> str:
        """Its actual status now, whatever lists show."""
        if self.looks:
            return self.looks[0][0]
        current = self.life[0][0]
        for status, since in self.life:
            if since <= now:
                current = status
        return current

    def gone(self, now: float) -> bool:
        """Whether it no longer exists. It does as long as the script has looks left for it."""
        status, since = self.life[-1]
        return status == GONE and since <= now and not self.looks

    def listed_status(self, now: float) -> str | None:
        """The status that lists show; None if they do not show it."""
        if now < self.listed_from:
            return None
        if now < self.stale_until:
            return self.stale_status
        status = self.status(now)
        return None if status == GONE else status

    def use_look(self) -> bool:
        """Use up one look of the script because a list showed it; whether there was one."""
        if not self.looks or self.looks[0][1] < 0:
            return False
        status, left = self.looks[0]
        self.looks[:1] = [(status, left - 1)] if left > 1 else []
        return True

    def begin(self, now: float, *steps: tuple[str, float], last: str) -> None:
        """Start a new life now: each status for so many seconds, then `last`."""
        self.looks.clear()
        self.life.clear()
        at = now
        for status, seconds in steps:
            self.life.append((status, at))
            at += seconds
        self.life.append((last, at))

    def script(self, looks: Looks, last: str | None) -> None:
        """Put a script's looks before the life that has just begun; `last`, if given, replaces that life."""
        self.looks = list(looks)
        if last is not None:
            self.life = [(last, self.life[0][1])]

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}@{self.region}#{self.id}"


@dataclass(slots=True, kw_only=True)
class World:
    """All resources, and the time of the current call. A file keeps it as it is.

    `touched` is set when the world changes during a call that only reads: because time passed, or a look was used up.
    """

    now: float = 0.0
    resources: dict[str, Resource] = field(default_factory=dict)  # oldest first: that instance is the writer
    accounts: dict[str, str] = field(default_factory=dict)  # names as runbooks use them → ids
    takes: dict[str, float] = field(default_factory=lambda: dict(TAKES))
    messages: list[dict[str, Any]] = field(default_factory=list)
    databases: dict[str, dict[str, Any]] = field(default_factory=dict)  # by DbClusterResourceId
    endpoint: str = ""  # HOST:PORT of a real database that every cluster has, if any
    answers: dict[str, Any] = field(default_factory=dict)  # of databases: statement → row, rows, or a number of rows
    serial: int = 0
    touched: bool = False

    def account(self, name: str | None) -> str:
        """The id of an account by its name in the runbook, or by id. An unknown name gets an id made from it."""
        if name is None:
            return self.accounts.get("", ACCOUNT)
        if name in self.accounts or name.isdigit():
            return self.accounts.get(name, name)
        return str(int(hashlib.sha256(name.encode()).hexdigest(), 16))[:12]

    def find(self, kind: str, account: str, region: str, name: str) -> Resource | None:
        """The resource if it exists, whatever lists show; it may be declared for all regions and accounts."""
        found = self.resources.get(key_of(kind, account, region, name))
        if found is None and not kind.startswith("rds."):  # calls change those of RDS, so each is in one region
            everywhere = self.resources.get(key_of(kind, ANYWHERE, ANYWHERE, name))
            found = everywhere and replace(everywhere, account=account, region=region)
        return None if found is None or found.status(self.now) == GONE else found

    def all(self, kind: str, account: str, region: str) -> Iterator[Resource]:
        """All existing resources of a kind in a region, oldest first."""
        for resource in self.resources.values():
            if resource.kind != kind or resource.status(self.now) == GONE:
                continue
            if (resource.account, resource.region) == (account, region):
                yield resource
            elif resource.region == ANYWHERE:
                yield replace(resource, account=account, region=region)

    def declared(self, kind: str, account: str, region: str) -> list[Resource]:
        """All resources of a kind that the document declares, without those that it declares missing."""
        return [resource for resource in self.all(kind, account, region) if resource.status(self.now) != "missing"]

    def find_or_imply(
        self, kind: str, account: str, region: str, name: str, always: Container[str] = ()
    ) -> Resource | None:
        """A resource that the document declares. If it declares none of the kind, any that is named exists.

        Those that are `always` there need not be declared beside others.
        """
        found = self.find(kind, account, region, name)
        if found is None and (name in always or not self.declared(kind, account, region)):
            return Resource(kind=kind, name=name, account=account, region=region, life=[("available", 0.0)])
        return None if found is None or found.status(self.now) == "missing" else found

    def listed(self, kind: str, account: str, region: str) -> Iterator[tuple[Resource, str]]:
        """The resources of a kind in a region that lists show, each with the status that they show."""
        for resource in list(self.resources.values()):
            if (resource.kind, resource.account, resource.region) == (kind, account, region):
                status = resource.listed_status(self.now)
                if status is not None:
                    yield resource, status

    def add(self, resource: Resource) -> Resource:
        """Put it into the world, as the newest of its kind. It replaces a resource of its name."""
        self.resources.pop(resource.key, None)
        self.resources[resource.key] = resource
        return resource

    def create(self, request: Request, resource: Resource, *steps: tuple[str, float]) -> Resource:
        """Add a resource that a call creates. Its life, scripted or as usual, begins now."""
        resource.created = self.now
        resource.begin(self.now, *steps, last="available")
        scripted = request.life()
        if scripted is not None:
            resource.script(*scripted)
        resource.listed_from = self.now + request.invisible
        request.resource = str(resource)
        return self.add(resource)

    def delete(self, request: Request, resource: Resource, seconds: float) -> None:
        """Begin the deletion of a resource by a call; it takes so many seconds unless a script says otherwise."""
        if request.stale:
            resource.stale_status = resource.status(self.now)
            resource.stale_until = self.now + request.stale
        resource.begin(self.now, ("deleting", seconds), last=GONE)
        scripted = request.life()
        if scripted is not None:
            resource.script(*scripted)
        request.resource = str(resource)

    def new_id(self, prefix: str) -> str:
        """An immutable id in AWS's format. The same calls always get the same ids."""
        self.serial += 1
        digest = hashlib.sha256(f"{prefix}{self.serial}".encode()).digest()
        return prefix + base64.b32encode(digest).decode().rstrip("=")[:26]
