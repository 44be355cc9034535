"""ec2.network and ec2.port_open in the sandbox, where networks can be wrong in every way, and against moto."""

from __future__ import annotations

from typing import Any

import pytest

from actions.kinds.ec2 import KINDS, allows, id_list
from actions.sandbox import Fault, Sandbox
from engine.errors import EffectFailed, EffectNotSent
from engine.registry import Observation
from tests.actions.contexts import context
from tests.servers.moto import Moto

NETWORK, PORT_OPEN = KINDS
FROM = {
    "subnet_group": "ssm:/aurora/subnet-group",
    "security_groups": "ssm:/aurora/security-group-ids",
    "from": "ssm:/aurora/clients",
}
WORLD: dict[str, Any] = {
    "subnet_group/private@us-west-2": {"vpc": "vpc-1", "subnets": ["us-west-2a", "us-west-2b", "us-west-2b"]},
    "subnet_group/one-zone@us-west-2": {"vpc": "vpc-1", "subnets": ["us-west-2a"]},
    "subnet_group/empty@us-west-2": {"vpc": "vpc-1", "subnets": []},
    "subnet_group/full@us-west-2": {
        "vpc": "vpc-1",
        "subnets": [
            {"id": "subnet-1", "zone": "us-west-2a", "free": 9},
            {"id": "subnet-2", "zone": "us-west-2b", "free": 0},
        ],
    },
    "security_group/sg-1@us-west-2": {"vpc": "vpc-1", "ingress": [{"port": 5432, "from": "10.0.0.0/16"}]},
    "security_group/sg-2@us-west-2": {"vpc": "vpc-1", "ingress": [{"port": "5000-6000", "from": "sg-clients"}]},
    "security_group/sg-shut@us-west-2": {"vpc": "vpc-1", "ingress": []},
    "security_group/sg-elsewhere@us-west-2": {"vpc": "vpc-2", "ingress": [{"port": 5432, "from": "0.0.0.0/0"}]},
}


def look(kind: Any, **identity: Any) -> Observation:
    seen: Observation = kind.look(identity, context(clients=Sandbox(WORLD).clients, sources=FROM))
    return seen


def network(subnet_group: str = "private", security_groups: Any = ("sg-1",)) -> Observation:
    groups = list(security_groups) if isinstance(security_groups, tuple) else security_groups
    return look(NETWORK, subnet_group=subnet_group, security_groups=groups)


# --- ec2.network ---


def test_a_suitable_network_is_available() -> None:
    seen = network(security_groups=("sg-1", "sg-2"))
    assert (seen.status, seen.cls) == ("ok", "available")
    assert seen.attributes["vpc"] == "vpc-1"
    assert seen.attributes["zones"] == ["us-west-2a", "us-west-2b"]
    assert {subnet["zone"] for subnet in seen.attributes["subnets"]} == {"us-west-2a", "us-west-2b"}
    assert all(subnet["free"] > 0 for subnet in seen.attributes["subnets"])
    assert seen.attributes["problem"] is None


@pytest.mark.parametrize(
    ("subnet_group", "groups", "text"),
    [
        (
            "one-zone",
            ("sg-1",),
            "in 1 zone (us-west-2a), and a cluster needs 2 zones (subnet_group, from ssm:/aurora/subnet-group)",
        ),
        ("empty", ("sg-1",), "in 0 zones (none), and a cluster needs 2"),
        (
            "full",
            ("sg-1",),
            "in 1 zone (us-west-2a), and a cluster needs 2 zones; subnets without a free address: subnet-2",
        ),
        (
            "private",
            ("sg-1", "sg-gone"),
            "there is no security group sg-gone in us-west-2 (security_groups, from ssm:/aurora/security-group-ids)",
        ),
        (
            "private",
            ("sg-elsewhere",),
            "sg-elsewhere is in vpc-2, but the subnet group private is in vpc-1 (security_groups, from ssm:/aurora/security-group-ids; subnet_group, from ssm:/aurora/subnet-group)",
        ),
    ],
)
def test_a_wrong_network_is_broken(subnet_group: str, groups: tuple[str, ...], text: str) -> None:
    seen = network(subnet_group, groups)
    assert (seen.status, seen.cls) == ("wrong", "broken")
    assert text in seen.attributes["problem"]


def test_all_problems_are_reported() -> None:
    seen = network("one-zone", ("sg-gone", "sg-elsewhere", "sg-lost"))
    for part in (
        "the subnet group one-zone has free addresses in 1 zone",
        "there is no security group sg-gone",
        "there is no security group sg-lost",
        "the security group sg-elsewhere is in vpc-2",
    ):
        assert part in seen.attributes["problem"]


def test_a_missing_subnet_group_is_wrong_if_a_security_group_exists() -> None:
    seen = network("gone")
    assert (seen.status, seen.cls, seen.id) == ("wrong", "broken", None)
    assert seen.attributes == {
        "vpc": None,
        "subnets": [],
        "zones": [],
        "problem": "there is no subnet group gone in us-west-2 (subnet_group, from ssm:/aurora/subnet-group)",
    }


def test_a_network_of_which_nothing_exists_is_missing() -> None:
    seen = network("gone", ("sg-gone", "sg-lost"))
    assert (seen.status, seen.cls, seen.id) == ("missing", "missing", None)
    for name in ("subnet group gone", "security group sg-gone", "security group sg-lost"):
        assert f"there is no {name} in us-west-2" in seen.attributes["problem"]


def test_without_a_setting_only_the_parameter_is_named() -> None:
    seen = NETWORK.look({"subnet_group": "gone", "security_groups": ["sg-1"]}, context(clients=Sandbox(WORLD).clients))
    assert seen.attributes["problem"] == "there is no subnet group gone in us-west-2 (subnet_group)"


@pytest.mark.parametrize(
    ("value", "ids"),
    [("sg-1", ["sg-1"]), ("sg-1, sg-2,", ["sg-1", "sg-2"]), (["sg-1", "sg-1"], ["sg-1"]), ([" sg-1 "], ["sg-1"])],
)
def test_ids_are_a_list_or_text(value: Any, ids: list[str]) -> None:
    assert id_list(value) == ids


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (Fault(kind="error", call="ec2.*", code="UnauthorizedOperation"), EffectFailed),
        (Fault(kind="throttle", call="rds.*"), EffectNotSent),
        (Fault(kind="credentials", call="ec2.*"), EffectNotSent),
        (Fault(kind="lost", call="ec2.DescribeSubnets"), EffectFailed),
    ],
)
def test_any_other_answer_of_aws_is_an_error(fault: Fault, raised: type[Exception]) -> None:
    sandbox = Sandbox(WORLD)
    sandbox.fault(fault)
    with pytest.raises(raised):
        NETWORK.look({"subnet_group": "private", "security_groups": ["sg-1"]}, context(clients=sandbox.clients))


def test_only_declared_calls_are_made() -> None:
    sandbox = Sandbox(WORLD)
    given = context(clients=sandbox.clients)
    NETWORK.look({"subnet_group": "private", "security_groups": ["sg-1"]}, given)
    assert {call.name for call in sandbox.journal} == set(NETWORK.calls)
    sandbox.journal.clear()
    PORT_OPEN.look({"security_groups": ["sg-1"], "port": 5432}, given)
    assert {call.name for call in sandbox.journal} == set(PORT_OPEN.calls)


# --- ec2.port_open ---


@pytest.mark.parametrize(
    ("groups", "port", "origin", "status"),
    [
        (["sg-1"], 5432, None, "ok"),
        (["sg-1"], 5433, None, "closed"),
        (["sg-shut"], 5432, None, "closed"),
        (["sg-shut", "sg-1"], 5432, None, "ok"),
        (["sg-2"], 5999, None, "ok"),
        (["sg-1"], 5432, "10.0.3.0/24", "ok"),
        (["sg-1"], 5432, "10.0.3.7", "ok"),
        (["sg-1"], 5432, "10.1.0.0/16", "closed"),
        (["sg-1"], 5432, "10.0.0.0/8", "closed"),
        (["sg-1"], 5432, "sg-clients", "closed"),
        (["sg-2"], 5432, "sg-clients", "ok"),
        (["sg-2"], 5432, "sg-others", "closed"),
        (["sg-elsewhere"], 5432, "sg-clients", "ok"),
        (["sg-elsewhere"], 5432, "2001:db8::/32", "closed"),
    ],
)
def test_origins_that_the_rules_allow(groups: list[str], port: int, origin: str | None, status: str) -> None:
    seen = look(PORT_OPEN, security_groups=groups, port=port, **({"from": origin} if origin else {}))
    assert (seen.status, seen.cls) == (status, "available" if status == "ok" else "broken")
    assert (seen.attributes["problem"] is None) == (status == "ok")


def test_a_closed_port_names_the_allowed_origins_and_the_setting() -> None:
    seen = look(PORT_OPEN, security_groups=["sg-1", "sg-shut"], port=5432, **{"from": "192.168.0.0/24"})
    assert seen.attributes["problem"] == (
        "sg-1, sg-shut: port 5432 is allowed from 10.0.0.0/16, but not from 192.168.0.0/24 (from, from ssm:/aurora/clients) "
        "(security_groups, from ssm:/aurora/security-group-ids)"
    )
    assert seen.attributes["rules"] == [
        {"group": "sg-1", "protocol": "tcp", "ports": "5432-5432", "from": "10.0.0.0/16"}
    ]
    shut = look(PORT_OPEN, security_groups=["sg-shut"], port=5432)
    assert "no rule allows port 5432" in shut.attributes["problem"]


def test_a_missing_security_group_is_missing() -> None:
    seen = look(PORT_OPEN, security_groups=["sg-1", "sg-gone"], port=5432)
    assert (seen.status, seen.cls) == ("missing", "missing")
    assert "there is no security group sg-gone in us-west-2" in seen.attributes["problem"]


@pytest.mark.parametrize(
    ("origins", "origin", "let"),
    [
        (["10.0.0.0/25", "10.0.0.128/25"], "10.0.0.0/24", True),
        (["10.0.0.0/25"], "10.0.0.0/24", False),
        (["2001:db8::/32"], "2001:db8:1::/48", True),
        (["0.0.0.0/0"], "2001:db8::1", False),
        (["pl-12345"], "10.0.0.0/24", False),
        (["pl-12345"], "pl-12345", True),
        (["10.0.0.0/8"], "no address", False),
    ],
)
def test_adjacent_ranges_are_combined(origins: list[str], origin: str, let: bool) -> None:
    assert allows([{"from": one} for one in origins], origin) is let


# --- against moto, over HTTP ---


@pytest.fixture(scope="module")
def there(moto: Moto) -> dict[str, str]:
    """A suitable network and other resources; their names and ids."""
    ec2, rds = moto.clients("ec2"), moto.clients("rds")
    vpc, other = (ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"] for _ in range(2))
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.9.{number}.0/24", AvailabilityZone=f"us-west-2{zone}")["Subnet"][
            "SubnetId"
        ]
        for number, zone in enumerate("ab")
    ]
    for name, ids in (("wide", subnets), ("narrow", subnets[:1])):
        rds.create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription=name, SubnetIds=ids)
    near, far = (
        ec2.create_security_group(GroupName=name, Description=name, VpcId=where)["GroupId"]
        for name, where in (("near", vpc), ("far", other))
    )
    ranges = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    everything = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": far}]}
    ec2.authorize_security_group_ingress(GroupId=near, IpPermissions=[ranges, everything])
    return {"vpc": vpc, "near": near, "far": far}


def test_networks_of_moto_are_checked(moto: Moto, there: dict[str, str]) -> None:
    given = context(clients=moto.clients)

    def seen(group: str, *ids: str) -> Observation:
        found: Observation = NETWORK.look({"subnet_group": group, "security_groups": list(ids)}, given)
        return found

    good = seen("wide", there["near"])
    assert (good.status, good.attributes["vpc"], good.attributes["zones"]) == (
        "ok",
        there["vpc"],
        ["us-west-2a", "us-west-2b"],
    )
    assert [subnet["free"] for subnet in good.attributes["subnets"]] == [251, 251]
    assert seen("narrow", there["near"]).status == "wrong"
    assert seen("gone", there["near"]).status == "wrong"
    assert seen("gone", "sg-0123456789abcdef0").status == "missing"
    wrong = seen("wide", "sg-0123456789abcdef0", there["far"], "sg-0123456789abcdef1", there["near"])
    assert "no security group sg-0123456789abcdef0" in wrong.attributes["problem"]
    assert "no security group sg-0123456789abcdef1" in wrong.attributes["problem"]
    assert f"the security group {there['far']} is in" in wrong.attributes["problem"]


@pytest.mark.parametrize(
    ("port", "origin", "status"),
    [
        (5432, "10.9.0.0/16", "ok"),
        (5432, None, "ok"),
        (22, None, "ok"),
        (22, "10.9.0.0/16", "closed"),
        (22, "far", "ok"),
    ],
)
def test_rules_of_moto_are_checked(
    moto: Moto, there: dict[str, str], port: int, origin: str | None, status: str
) -> None:
    identity = {"security_groups": there["near"], "port": port} | (
        {"from": there.get(origin, origin)} if origin else {}
    )
    assert PORT_OPEN.look(identity, context(clients=moto.clients)).status == status
