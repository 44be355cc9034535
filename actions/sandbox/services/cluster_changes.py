"""Changes to existing clusters: ModifyDBCluster, and the parameter groups that clusters and instances may have."""

from __future__ import annotations

from typing import Any, Final

from actions.sandbox.calls import Refusal, Request
from actions.sandbox.services.clusters import KIND, RDS_KIND, require_status, wire
from actions.sandbox.services.keys import default_key_arn
from actions.sandbox.services.lists import require
from actions.sandbox.services.networks import require_security_groups
from actions.sandbox.services.rds_names import ARN_WORDS, checked_name
from actions.sandbox.world import Resource, World
from actions.sandbox.world_kinds import WorldKind

PARAMETER_GROUP: Final = "parameter_group"
_WITHOUT_STATUS: Final = (
    "DeletionProtection", "CopyTagsToSnapshot", "BackupRetentionPeriod", "ServerlessV2ScalingConfiguration",
)  # fmt: skip
"""Parameters that change no status, and need none."""

_MODIFYING: Final = {
    "VpcSecurityGroupIds": "VpcSecurityGroupIds",
    "Port": "Port",
    "DBClusterParameterGroupName": "DBClusterParameterGroup",
}
"""Parameters that take effect at once, with the status `modifying`."""

_IN_THE_WINDOW: Final = {
    "EngineVersion": "EngineVersion",
    "EnableIAMDatabaseAuthentication": "IAMDatabaseAuthenticationEnabled",
    "NewDBClusterIdentifier": "DBClusterIdentifier",
}
"""Parameters that wait for the maintenance window unless `ApplyImmediately` is given. It never comes in the sandbox."""

_PASSWORDS: Final = ("MasterUserPassword", "ManageMasterUserPassword", "RotateMasterUserPassword")
_MANAGED: Final = "managed by AWS"


def modify_cluster(world: World, request: Request) -> dict[str, Any]:
    """ModifyDBCluster. Only some changes need an available cluster, and change its status."""
    cluster = require(world, request, RDS_KIND)
    changes_status = any(request.get(key) is not None for key in (*_MODIFYING, *_IN_THE_WINDOW, *_PASSWORDS))
    if changes_status or cluster.status(world.now) == "deleting":
        require_status(world, cluster)
    _validate(world, request, cluster)
    for key in _WITHOUT_STATUS:
        if request.get(key) is not None:
            cluster.data[key] = request.params[key]
    begun = _change_password(world, request, cluster)
    for parameter, key in _MODIFYING.items():
        if request.get(parameter) is not None:
            cluster.data[key] = request.params[parameter]
            begun = begun or "modifying"
    begun = _wait_or_apply(world, request, cluster) or begun
    if begun:
        cluster.begin(world.now, (begun, world.takes["modify"]), last="available")
    request.resource = str(cluster)
    return {"DBCluster": wire(world, cluster, cluster.status(world.now))}


def _validate(world: World, request: Request, cluster: Resource) -> None:
    new = request.get("NewDBClusterIdentifier")
    if new:
        name = checked_name("NewDBClusterIdentifier", new)
        if world.find(KIND, request.account, request.region, name) is not None:
            raise Refusal("DBClusterAlreadyExistsFault", "DB Cluster already exists")
    require_security_groups(world, request, request.get("VpcSecurityGroupIds") or [], cluster.data.get("VpcId", ""))
    if request.get("DBClusterParameterGroupName"):
        require_parameter_group(world, request, request.params["DBClusterParameterGroupName"])
    password = request.get("MasterUserPassword")
    if password is not None:
        _refuse_password(password)
        if cluster.data.get("MasterUserSecret") and request.get("ManageMasterUserPassword") is not False:
            message = "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled."
            raise Refusal("InvalidParameterCombination", message)


def _refuse_password(password: str) -> None:
    """8 to 41 printable ASCII characters without `/`, `"` and `@` (RDS API Reference, ModifyDBCluster)."""
    why = ""
    if not 8 <= len(password) <= 41:
        why = "it is not between 8 and 41 characters long"
    elif not password.isascii() or not password.isprintable() or set(password) & set('/"@'):
        why = 'only printable ASCII characters besides "/", "@", """ may be used'
    if why:
        raise Refusal("InvalidParameterValue", f"The parameter MasterUserPassword is not a valid password: {why}.")


def require_parameter_group(world: World, request: Request, name: str, kind: str = "DBClusterParameterGroup") -> None:
    """Refuse a parameter group that does not exist; if the world declares none, all do."""
    if name.startswith("default"):
        return
    if world.find_or_imply(PARAMETER_GROUP, request.account, request.region, name) is None:
        raise Refusal(f"{kind}NotFound", f"{kind} not found: {name}")


def describe_parameter_groups(world: World, request: Request) -> dict[str, Any]:
    """DescribeDBClusterParameterGroups of one.

    A missing one has another error code than in ModifyDBCluster (docs/aws.md, "Error codes").
    """
    name = request.get("DBClusterParameterGroupName") or "default"
    try:
        require_parameter_group(world, request, name)
    except Refusal as refusal:
        raise Refusal("DBParameterGroupNotFound", refusal.message) from None
    arn = f"arn:aws:rds:{request.region}:{request.account}:{ARN_WORDS[PARAMETER_GROUP]}:{name}"
    group = {"DBClusterParameterGroupName": name, "DBClusterParameterGroupArn": arn, "Description": ""}
    return {"DBClusterParameterGroups": [group]}


def new_admin(data: dict[str, Any], password: str | None) -> dict[str, Any]:
    """The admin of a cluster's pretend database."""
    return {"user": data.get("MasterUsername") or "admin", "password": password}


def _change_password(world: World, request: Request, cluster: Resource) -> str:
    """Change the password, which never waits for the window; returns the status that follows, if any."""
    arn = f"arn:aws:secretsmanager:{cluster.region}:{cluster.account}:secret:rds!{cluster.id}"
    word = ""
    if request.get("ManageMasterUserPassword") and not cluster.data.get("MasterUserSecret"):
        key = request.get("MasterUserSecretKmsKeyId") or default_key_arn(cluster.account, cluster.region)
        cluster.data["MasterUserSecret"] = {"SecretArn": arn, "KmsKeyId": key}
        word = "creating"
    elif request.get("RotateMasterUserPassword") and cluster.data.get("MasterUserSecret"):
        word = "rotating"
    until = world.now + world.takes["modify"] + world.takes["pending"]
    password = _MANAGED if word else request.get("MasterUserPassword")
    if word:
        cluster.data["SecretBusy"] = {"word": word, "until": until}
    if request.get("ManageMasterUserPassword") is False:
        cluster.data.pop("MasterUserSecret", None)
    if not password:
        return ""
    world.databases.setdefault(cluster.id, {})["admin"] = new_admin(cluster.data, password)
    _pend(world, cluster, {"MasterUserPassword": "****"})
    return "resetting-master-credentials"


def _wait_or_apply(world: World, request: Request, cluster: Resource) -> str:
    """Store what is for the window, or apply all of it with `ApplyImmediately`; returns the status that follows, if any."""
    given = {
        key: request.get(parameter) for parameter, key in _IN_THE_WINDOW.items() if request.get(parameter) is not None
    }
    waiting = cluster.data.pop("Waiting", {}) | given
    if waiting and not request.get("ApplyImmediately"):
        cluster.data["Waiting"] = waiting
        return ""
    if not waiting:
        return ""
    seconds = world.takes["modify"]
    _pend(world, cluster, dict(waiting))
    new = waiting.pop("DBClusterIdentifier", None)
    cluster.data |= waiting
    if new:
        cluster.rename = (str(new).lower(), world.now + seconds)
    return "renaming" if new else "modifying"


def _pend(world: World, cluster: Resource, values: dict[str, Any]) -> None:
    """Add a change to the pending values, where it stays a little longer than its status lasts."""
    before = cluster.data.get("Pending", {"values": {}, "until": 0.0})
    values = (before["values"] if world.now < before["until"] else {}) | values
    cluster.data["Pending"] = {"values": values, "until": world.now + world.takes["modify"] + world.takes["pending"]}


HANDLERS: Final = {
    "rds.ModifyDBCluster": modify_cluster,
    "rds.DescribeDBClusterParameterGroups": describe_parameter_groups,
}


WORLD_KINDS: Final = (WorldKind(name=PARAMETER_GROUP, fields=frozenset(("status",)), everywhere=True),)
