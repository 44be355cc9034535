"""Changes to clusters of the pretend RDS that are there: ModifyDBCluster, and the tags of whatever has any."""

from __future__ import annotations

from typing import Any, Final

from actions.sandbox.calls import Asked, Refusal, given_tags, tag_list
from actions.sandbox.services.clusters import KIND, LISTING, require_status, wire
from actions.sandbox.services.keys import default_key_arn
from actions.sandbox.services.networks import require_security_groups
from actions.sandbox.services.rds_names import ARN_WORDS, by_arn, needed, new_name
from actions.sandbox.world import Resource, World

PARAMETER_GROUP: Final = "parameter_group"
_QUIETLY: Final = (
    "DeletionProtection", "CopyTagsToSnapshot", "BackupRetentionPeriod", "ServerlessV2ScalingConfiguration",
)  # fmt: skip
_WITH_CHANGE: Final = {
    "VpcSecurityGroupIds": "VpcSecurityGroupIds",
    "Port": "Port",
    "DBClusterParameterGroupName": "DBClusterParameterGroup",
}
_IN_THE_WINDOW: Final = {
    "EngineVersion": "EngineVersion",
    "EnableIAMDatabaseAuthentication": "IAMDatabaseAuthenticationEnabled",
    "NewDBClusterIdentifier": "DBClusterIdentifier",
}
"""Parameters that wait for the maintenance window, which never comes here, unless `ApplyImmediately` is given."""
_PASSWORDS: Final = ("MasterUserPassword", "ManageMasterUserPassword", "RotateMasterUserPassword")
_MANAGED: Final = "managed by AWS"


def modify_cluster(world: World, asked: Asked) -> dict[str, Any]:
    """ModifyDBCluster of an available one; protection and the like need no change of status."""
    cluster = needed(world, asked, LISTING, asked.params["DBClusterIdentifier"])
    heavy = any(asked.get(key) is not None for key in (*_WITH_CHANGE, *_IN_THE_WINDOW, *_PASSWORDS))
    if heavy or cluster.status(world.now) == "deleting":
        require_status(world, cluster)
    _refuse_unfit(world, asked, cluster)
    for key in _QUIETLY:
        if asked.get(key) is not None:
            cluster.data[key] = asked.params[key]
    begun = _change_password(world, asked, cluster)
    for parameter, key in _WITH_CHANGE.items():
        if asked.get(parameter) is not None:
            cluster.data[key] = asked.params[parameter]
            begun = begun or "modifying"
    begun = _wait_or_apply(world, asked, cluster) or begun
    if begun:
        cluster.begin(world.now, (begun, world.takes["modify"]), last="available")
    asked.resource = str(cluster)
    return {"DBCluster": wire(world, cluster, cluster.status(world.now))}


def _refuse_unfit(world: World, asked: Asked, cluster: Resource) -> None:
    new = asked.get("NewDBClusterIdentifier")
    if new:
        name = new_name("NewDBClusterIdentifier", new)
        if world.find(KIND, asked.account, asked.region, name) is not None:
            raise Refusal("DBClusterAlreadyExistsFault", "DB Cluster already exists")
    require_security_groups(world, asked, asked.get("VpcSecurityGroupIds") or [], cluster.data.get("VpcId", ""))
    if asked.get("DBClusterParameterGroupName"):
        require_parameter_group(world, asked, asked.params["DBClusterParameterGroupName"])
    password = asked.get("MasterUserPassword")
    if password is not None:
        _refuse_password(password)
        if cluster.data.get("MasterUserSecret") and asked.get("ManageMasterUserPassword") is not False:
            message = "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled."
            raise Refusal("InvalidParameterCombination", message)


def _refuse_password(password: str) -> None:
    """8 to 41 printable characters of ASCII but `/`, `"`, `@` (ModifyDBCluster, MasterUserPassword)."""
    why = ""
    if not 8 <= len(password) <= 41:
        why = "it is not between 8 and 41 characters long"
    elif not password.isascii() or not password.isprintable() or set(password) & set('/"@'):
        why = 'only printable ASCII characters besides "/", "@", """ may be used'
    if why:
        raise Refusal("InvalidParameterValue", f"The parameter MasterUserPassword is not a valid password: {why}.")


def require_parameter_group(world: World, asked: Asked, name: str, kind: str = "DBClusterParameterGroup") -> None:
    """Refuses a parameter group that is not there; where the world declares none, all are."""
    declared = {
        other.name: other.status(world.now) for other in world.all(PARAMETER_GROUP, asked.account, asked.region)
    }
    if name.startswith("default") or (name not in declared and not declared):
        return
    if declared.get(name, "missing") == "missing":
        raise Refusal(f"{kind}NotFound", f"{kind} not found: {name}")


def describe_parameter_groups(world: World, asked: Asked) -> dict[str, Any]:
    """DescribeDBClusterParameterGroups of one; its code for a missing one is not the cluster's (aws.md)."""
    name = asked.get("DBClusterParameterGroupName") or "default"
    try:
        require_parameter_group(world, asked, name)
    except Refusal as refusal:
        raise Refusal("DBParameterGroupNotFound", refusal.message) from None
    arn = f"arn:aws:rds:{asked.region}:{asked.account}:{ARN_WORDS[PARAMETER_GROUP]}:{name}"
    group = {"DBClusterParameterGroupName": name, "DBClusterParameterGroupArn": arn, "Description": ""}
    return {"DBClusterParameterGroups": [group]}


def new_admin(data: dict[str, Any], password: str | None) -> dict[str, Any]:
    """The admin of a cluster's database, as the pretend database knows it."""
    return {"user": data.get("MasterUsername") or "admin", "password": password}


def _change_password(world: World, asked: Asked, cluster: Resource) -> str:
    """A password is changed at once, whenever the rest is; returns the status that this gives, if it is."""
    arn = f"arn:aws:secretsmanager:{cluster.region}:{cluster.account}:secret:rds!{cluster.id}"
    word = ""
    if asked.get("ManageMasterUserPassword") and not cluster.data.get("MasterUserSecret"):
        key = asked.get("MasterUserSecretKmsKeyId") or default_key_arn(cluster.account, cluster.region)
        cluster.data["MasterUserSecret"] = {"SecretArn": arn, "KmsKeyId": key}
        word = "creating"
    elif asked.get("RotateMasterUserPassword") and cluster.data.get("MasterUserSecret"):
        word = "rotating"
    until = world.now + world.takes["modify"] + world.takes["pending"]
    password = _MANAGED if word else asked.get("MasterUserPassword")
    if word:
        cluster.data["SecretBusy"] = {"word": word, "until": until}
    if asked.get("ManageMasterUserPassword") is False:
        cluster.data.pop("MasterUserSecret", None)
    if not password:
        return ""
    world.databases.setdefault(cluster.id, {})["admin"] = new_admin(cluster.data, password)
    _pend(world, cluster, {"MasterUserPassword": "****"})
    return "resetting-master-credentials"


def _wait_or_apply(world: World, asked: Asked, cluster: Resource) -> str:
    """What is for the window joins what waits for it; with `ApplyImmediately` all that waits is done now."""
    given = {key: asked.get(parameter) for parameter, key in _IN_THE_WINDOW.items() if asked.get(parameter) is not None}
    waiting = cluster.data.pop("Waiting", {}) | given
    if waiting and not asked.get("ApplyImmediately"):
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
    """A change that is under way: among the pending values for a little longer than the status says so."""
    before = cluster.data.get("Pending", {"values": {}, "until": 0.0})
    values = (before["values"] if world.now < before["until"] else {}) | values
    cluster.data["Pending"] = {"values": values, "until": world.now + world.takes["modify"] + world.takes["pending"]}


def add_tags(world: World, asked: Asked) -> dict[str, Any]:
    """AddTagsToResource."""
    resource = _tagged(world, asked)
    resource.tags |= given_tags(asked)
    asked.resource = str(resource)
    return {}


def remove_tags(world: World, asked: Asked) -> dict[str, Any]:
    """RemoveTagsFromResource."""
    resource = _tagged(world, asked)
    for key in asked.params["TagKeys"]:
        resource.tags.pop(key, None)
    asked.resource = str(resource)
    return {}


def list_tags(world: World, asked: Asked) -> dict[str, Any]:
    """ListTagsForResource."""
    return {"TagList": tag_list(_tagged(world, asked).tags)}


_MISSING: Final = {
    KIND: "DBClusterNotFoundFault",
    "rds.instance": "DBInstanceNotFound",
    "rds.cluster_snapshot": "DBClusterSnapshotNotFoundFault",
}


def _tagged(world: World, asked: Asked) -> Resource:
    arn = asked.params["ResourceName"]
    found = by_arn(world, arn)
    if found is not None and found.account == asked.account and found.region in (asked.region, "global"):
        return found
    kind = next(kind for kind, word in ARN_WORDS.items() if word == arn.split(":")[5])
    raise Refusal(_MISSING.get(kind, "InvalidParameterValue"), f"{arn} not found.")
