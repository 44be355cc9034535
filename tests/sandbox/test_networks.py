"""Subnet groups, security groups, subnets and VPCs, and which endpoints answer."""

from __future__ import annotations

import socket

import pytest

WORLD = {
    "subnet_group/private@us-west-2": {
        "vpc": "vpc-1",
        "subnets": ["us-west-2a", {"id": "subnet-x", "zone": "us-west-2b", "free": 3}],
    },
    "subnet_group/gone@us-west-2": "missing",
    "security_group/sg-open@us-west-2": {
        "vpc": "vpc-1",
        "name": "database",
        "ingress": [
            {"port": 5432, "from": "10.0.0.0/16"},
            {"port": "5000-6000", "from": "sg-app"},
            {"port": 22, "from": "::/0"},
        ],
    },
    "security_group/sg-shut@us-west-2": {"vpc": "vpc-1", "ingress": []},
    "security_group/sg-gone@us-west-2": "missing",
}


@pytest.fixture
def netted(make):
    return make(WORLD)


@pytest.fixture
def ec2(netted):
    return netted.sandbox.clients("ec2", "us-west-2")


def test_subnet_groups(netted):
    (group,) = netted.rds.describe_db_subnet_groups(DBSubnetGroupName="Private")["DBSubnetGroups"]
    assert (group["DBSubnetGroupName"], group["VpcId"], group["SubnetGroupStatus"]) == ("private", "vpc-1", "Complete")
    refusal = [(one["SubnetIdentifier"], one["SubnetAvailabilityZone"]["Name"]) for one in group["Subnets"]]
    assert refusal == [("subnet-private-a", "us-west-2a"), ("subnet-x", "us-west-2b")]
    assert len(netted.rds.describe_db_subnet_groups()["DBSubnetGroups"]) == 1
    for name in ("gone", "other"):
        refusal = netted.refusal(netted.rds.describe_db_subnet_groups, DBSubnetGroupName=name)
        assert refusal == ("DBSubnetGroupNotFoundFault", 404, f"DB subnet group '{name}' does not exist.")


def test_security_groups(ec2):
    (group,) = ec2.describe_security_groups(GroupIds=["sg-open"])["SecurityGroups"]
    assert (group["GroupId"], group["GroupName"], group["VpcId"]) == ("sg-open", "database", "vpc-1")
    ranged, by_group, six = group["IpPermissions"]
    assert (ranged["FromPort"], ranged["ToPort"], ranged["IpRanges"]) == (5432, 5432, [{"CidrIp": "10.0.0.0/16"}])
    assert (by_group["FromPort"], by_group["ToPort"]) == (5000, 6000)
    assert by_group["UserIdGroupPairs"] == [{"GroupId": "sg-app", "UserId": "123456789012"}]
    assert six["Ipv6Ranges"] == [{"CidrIpv6": "::/0"}]
    listed = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": ["vpc-1"]}])["SecurityGroups"]
    assert [one["GroupId"] for one in listed] == ["sg-open", "sg-shut"]


def test_security_group_rules(ec2):
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": ["sg-open", "sg-no"]}])
    message = [(one["FromPort"], one.get("CidrIpv4") or one.get("CidrIpv6") or one["ReferencedGroupInfo"]["GroupId"])
            for one in rules["SecurityGroupRules"]]  # fmt: skip
    assert message == [(5432, "10.0.0.0/16"), (5000, "sg-app"), (22, "::/0")]


def test_rules_for_all_protocols_and_for_all_ports(make):
    ingress = [{"protocol": -1, "from": "10.0.0.0/8"}, {"from": "sg-app"}]
    here = make({"security_group/sg-1@us-west-2": {"ingress": ingress}})
    ec2 = here.sandbox.clients("ec2", "us-west-2")
    every, ports = ec2.describe_security_groups(GroupIds=["sg-1"])["SecurityGroups"][0]["IpPermissions"]
    assert (every["IpProtocol"], every.get("FromPort")) == ("-1", None)
    assert (ports["IpProtocol"], ports["FromPort"], ports["ToPort"]) == ("tcp", 0, 65535)
    every, ports = ec2.describe_security_group_rules()["SecurityGroupRules"]
    assert (every["FromPort"], ports["ToPort"]) == (-1, 65535)


def test_subnets(ec2):
    found = ec2.describe_subnets(SubnetIds=["subnet-x"])["Subnets"]
    assert [(one["AvailabilityZone"], one["VpcId"], one["AvailableIpAddressCount"]) for one in found] == [
        ("us-west-2b", "vpc-1", 3)
    ]


@pytest.mark.parametrize(
    ("call", "params", "code"),
    [
        ("describe_security_groups", {"GroupIds": ["sg-no"]}, "InvalidGroup.NotFound"),
        ("describe_security_groups", {"GroupIds": ["sg-gone"]}, "InvalidGroup.NotFound"),
        ("describe_subnets", {"SubnetIds": ["subnet-no"]}, "InvalidSubnetID.NotFound"),
        ("describe_vpcs", {"VpcIds": ["vpc-no"]}, "InvalidVpcID.NotFound"),
        ("describe_security_groups", {"Filters": [{"Name": "colour", "Values": ["x"]}]}, "InvalidParameterValue"),
        ("describe_security_groups", {"NextToken": "nonsense"}, "InvalidParameterValue"),
    ],
)
def test_missing_networks(netted, ec2, call, params, code):
    assert netted.refusal(getattr(ec2, call), **params)[:2] == (code, 400)


def test_pages_of_ec2(make):
    here = make({f"security_group/sg-{number}@us-west-2": {} for number in range(12)})
    ec2 = here.sandbox.clients("ec2", "us-west-2")
    pages = list(ec2.get_paginator("describe_security_groups").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(page["SecurityGroups"]) for page in pages] == [5, 5, 2]


def test_every_network_exists_if_none_is_declared(make):
    here = make({})
    ec2 = here.sandbox.clients("ec2", "us-west-2")
    (group,) = here.rds.describe_db_subnet_groups(DBSubnetGroupName="any")["DBSubnetGroups"]
    (sg,) = ec2.describe_security_groups(GroupIds=["sg-any"])["SecurityGroups"]
    assert group["VpcId"] == sg["VpcId"]
    subnets = [one["SubnetIdentifier"] for one in group["Subnets"]]
    assert [one["SubnetId"] for one in ec2.describe_subnets(SubnetIds=subnets)["Subnets"]] == subnets
    assert ec2.describe_vpcs(VpcIds=[sg["VpcId"]])["Vpcs"]


# -- endpoints -----------------------------------------------------------------------------------------------


def reach(here, name="orders", port=5432, role="Endpoint"):
    return here.sandbox.network.reach(here.cluster(name)[role], port, 5.0)


def test_an_endpoint_answers_while_an_instance_is_up(here):
    address, milliseconds = reach(here)
    assert address.startswith("10.0.")
    assert milliseconds > 0
    assert reach(here, role="ReaderEndpoint")
    there = here.instance("orders-1")["Endpoint"]
    assert here.sandbox.network.reach(there["Address"], there["Port"], 5.0)


def test_an_endpoint_without_instances_does_not_resolve(here):
    with pytest.raises(socket.gaierror):
        reach(here, "alone")
    with pytest.raises(socket.gaierror):
        here.sandbox.network.reach("nowhere.example.com", 5432, 5.0)
    here.add_instance("alone-1")
    with pytest.raises(TimeoutError):
        reach(here, "alone")  # it is still being created
    here.sleep(480)
    assert reach(here, "alone")


def test_a_wrong_port_is_refused_and_a_closed_group_times_out(make):
    world = WORLD | {
        "rds.cluster/open@us-west-2": {"instances": 1, "security_groups": ["sg-open"]},
        "rds.cluster/shut@us-west-2": {"instances": 1, "security_groups": ["sg-shut"]},
    }
    here = make(world)
    assert reach(here, "open")
    with pytest.raises(ConnectionRefusedError):
        reach(here, "open", 5433)
    with pytest.raises(TimeoutError):
        reach(here, "open", 80)
    with pytest.raises(TimeoutError):
        reach(here, "shut")
    here.sandbox.put("security_group/sg-shut@us-west-2", {"vpc": "vpc-1"})
    assert reach(here, "shut")


def test_clusters_can_have_a_real_endpoint(make):
    here = make({"endpoint": "127.0.0.1:54321", "rds.cluster/orders@us-west-2": {"instances": 1}})
    seen = here.cluster()
    assert (seen["Endpoint"], seen["ReaderEndpoint"], seen["Port"]) == ("127.0.0.1", "127.0.0.1", 54321)
