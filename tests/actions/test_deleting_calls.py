"""Calls that delete or unprotect: the tables, held against every operation of botocore's models."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import pytest

from actions.aws import deleting_calls
from actions.aws.deleting_calls import (
    SWITCHES,
    deletes_of,
    is_deleting,
    made_by,
    names_what_it_makes,
)
from actions.aws.generic_calls import operation_of
from actions.aws.model_files import data_folder, find_file, read_file
from actions.aws.service_models import ApiOperation, ServiceModel
from actions.aws.sessions import is_read

KNOWN_WORDS = """
Abort Accept Acknowledge Acquire Activate Add Admin Advertise Agentic Allocate Allow Amend Analyze Apply Approve
Archive Assign Associate Assume Attach Authorize Autocomplete Backtrack Batch Begin Build Bulk Bundle Calculate Cancel
Carrier Change Channel Chat Check Checkout Checkpoint Claim Classify Clear Clone Close Commit Compare Complete Compose
Configure Confirm Connect Contains Continue Converse Convert Copy Count Create Deactivate Deauthorize Decapsulate
Decline Decode Decrease Decrypt Define Delete Deliver Deny Deploy Deprecate Deprovision Deregister Derive Describe
Detach Detect Disable Disallow Disassociate Discard Disconnect Discover Dismiss Dispose Dissociate Distribute Domain
Download Drain Enable Encapsulate Encrypt End Enter Estimate Evaluate Evict Exchange Execute Exit Expire Export Extend
Failover Filter Finalize Flush Forecast Forget Forgot Generate Geocode Get Global Grant Group Head Import Increase
Index Infer Ingest Initialize Initiate Insert Insight Install Introspect Invalidate Invite Invoke Is Issue Join Label
Launch Leave List Lock Logout Lookup Manage Mark Merge Meter Migrate Modify Monitor Move Notify Open Opt Optimize
Override Pause Peer Phone Poll Populate Post Predict Prepare Preview Probe Process Promote Provide Provision Publish
Purchase Purge Push Put Query Re Rebalance Reboot Rebuild Recall Receive Recognize Record Redact Redeem Redrive
Refresh Regenerate Register Reimport Reject Release Reload Remove Rename Render Renew Reorder Replace Replicate Report
Request Rerank Rescore Resend Reserve Reset Resize Resolve Respond Restart Restore Resume Resync Retire Retrieve Retry
Return Reverse Revoke Rollback Rotate Run Sample Save Scan Schedule Search Select Send Set Setup Share Shrink Shutdown
Sign Signal Simulate Skip Snap Split Start Stop Submit Subscribe Suggest Suspend Swap Switchover Sync Synchronize
Synthesize Tag Take Terminate Test Transact Transcribe Transfer Translate Unarchive Unassign Undeploy Undeprecate
Ungroup Unlabel Unlink Unlock Unmonitor Unpeer Unregister Unshare Unsubscribe Untag Update Upgrade Upload Validate
Verify View Vote Withdraw Write
""".split()
"""The first words of all operations. A new one is reviewed: does it delete? Then deleting_calls must know it."""

OTHER_PROTECTIONS = """
amplify.UpdateBranch enableSkewProtection
cleanrooms.UpdateProtectedJob protectedJobIdentifier
cleanrooms.UpdateProtectedQuery protectedQueryIdentifier
gamelift.UpdateContainerFleet NewGameSessionProtectionPolicy
gamelift.UpdateFleetAttributes NewGameSessionProtectionPolicy
guardduty.UpdateMalwareProtectionPlan MalwareProtectionPlanId
guardduty.UpdateMalwareProtectionPlan ProtectedResource
network-firewall.UpdateAvailabilityZoneChangeProtection AvailabilityZoneChangeProtection
network-firewall.UpdateFirewallPolicyChangeProtection FirewallPolicyChangeProtection
network-firewall.UpdateSubnetChangeProtection SubnetChangeProtection
pinpoint-sms-voice-v2.SetAccountDefaultProtectConfiguration ProtectConfigurationId
pinpoint-sms-voice-v2.UpdateProtectConfigurationCountryRuleSet ProtectConfigurationId
route53globalresolver.UpdateFirewallRule dnsAdvancedProtection
route53resolver.UpdateFirewallRule DnsThreatProtection
route53resolver.UpdateFirewallRule FirewallThreatProtectionId
route53resolver.UpdateFirewallRuleGroupAssociation MutationProtection
shield.UpdateProtectionGroup ProtectionGroupId
wafv2.UpdateWebACL DataProtectionConfig
wafv2.UpdateWebACL OnSourceDDoSProtectionConfig
workspaces-web.UpdateDataProtectionSettings dataProtectionSettingsArn
""".strip().splitlines()
"""Members that are about a protection, and do not switch one against deletion off."""


@cache
def operations() -> Mapping[str, ApiOperation]:
    """Every operation of the newest version of every service, by its full name."""
    folder = data_folder()
    assert folder is not None
    found: dict[str, ApiOperation] = {}
    for service in sorted(one for one in folder.iterdir() if one.is_dir()):
        versions = sorted(one for one in service.iterdir() if one.is_dir())
        file = find_file(versions[-1], "service-2") if versions else None
        if file is not None:
            spec = read_file(file)
            model = ServiceModel(name=service.name, spec=spec, paginators={})
            for wire, one in spec["operations"].items():
                found[f"{service.name}.{wire}"] = ApiOperation(wire=wire, name=wire, service=model, spec=one)
    return found


def first_word(wire: str) -> str:
    word = re.match(r"[A-Z][a-z0-9]*", wire)
    return word.group() if word is not None else wire


def test_every_name_in_the_tables_is_an_operation() -> None:
    tables = ("ALSO_DELETE", "DELETE_DATA", "DELETE_NOTHING", "SWITCHES", "RETURN_WHAT_EXISTS")
    for table in tables:
        assert not set(getattr(deleting_calls, table)) - set(operations()), table


def test_every_operation_begins_with_a_word_that_was_reviewed() -> None:
    assert not {first_word(one.wire) for one in operations().values()} - set(KNOWN_WORDS)


def test_what_says_so_deletes_and_nothing_is_in_two_tables() -> None:
    for name, one in operations().items():
        says_so = re.search(r"Delet(e|ion)|Terminate|Remove|Purge", one.wire)
        tags = re.search(r"Tags(?![a-z])", one.wire)
        exceptions = [name in deleting_calls.DELETE_DATA, name in deleting_calls.DELETE_NOTHING, name in SWITCHES]
        assert sum(exceptions) + (name in deleting_calls.ALSO_DELETE) <= 1, name
        if says_so and not tags and not is_read(one.wire) and not any(exceptions):
            assert is_deleting(name), name


def test_what_deletes_says_what() -> None:
    """A call without a parameter that is text deletes what there is once in an account."""
    for name, one in operations().items():
        deletes = deletes_of(one)
        if deletes is None:
            continue
        assert set(deletes.names) | set(deletes.within) <= set(one.inputs), name
        texts = [key for key, member in one.inputs.items() if one.service.shapes[member["shape"]]["type"] == "string"]
        assert deletes.names or not [key for key in one.required if key in texts and "Token" not in key], name


def test_every_member_about_a_protection_was_reviewed() -> None:
    harmless = re.compile(
        r"(Create|Delete|Register|Restore|Request|Transfer|Run|Copy|Associate|Disassociate|Send|Put)[A-Z]"
    )
    found = [
        f"{name} {member}"
        for name, one in operations().items()
        for member in one.inputs
        if "rotect" in member and not is_read(one.wire) and not harmless.match(one.wire) and name not in SWITCHES
    ]
    assert not set(found) - set(OTHER_PROTECTIONS)


def test_the_members_of_the_switches_exist() -> None:
    for name, paths in SWITCHES.items():
        for path in paths:
            known = set(operations()[name].inputs)
            assert path[0] in known or name == "ec2.ModifyInstanceAttribute", name
            if len(path) == 2 and path[0] != "Attributes":
                shapes = operations()[name].service.shapes
                assert path[1] in shapes[operations()[name].inputs[path[0]]["shape"]]["members"], name


@pytest.mark.parametrize(
    ("name", "names", "within"),
    [
        ("rds.delete_db_instance", ("DBInstanceIdentifier",), ()),  # not the name of its final snapshot
        ("rds.delete_db_cluster", ("DBClusterIdentifier",), ()),
        ("rds.modify_db_cluster", ("DBClusterIdentifier",), ()),
        ("rds.remove_from_global_cluster", ("DbClusterIdentifier",), ("GlobalClusterIdentifier",)),
        ("ec2.terminate_instances", ("InstanceIds",), ()),
        ("ec2.delete_security_group", ("GroupId", "GroupName"), ()),
        ("ec2.modify_instance_attribute", ("InstanceId",), ()),
        ("ecs.delete_service", ("service",), ("cluster",)),
        ("eks.delete_nodegroup", ("nodegroupName",), ("clusterName",)),
        ("iam.delete_role_policy", ("PolicyName",), ("RoleName",)),
        ("logs.delete_subscription_filter", ("filterName",), ("logGroupName",)),
        ("route53.delete_hosted_zone", ("Id",), ()),
        ("kms.schedule_key_deletion", ("KeyId",), ()),
        ("elbv2.modify_load_balancer_attributes", ("LoadBalancerArn",), ()),
        ("glue.delete_table", ("Name",), ("CatalogId", "DatabaseName")),
        ("sqs.purge_queue", ("QueueUrl",), ()),
        ("iam.delete_account_password_policy", (), ()),
    ],
)
def test_what_names_what_goes(name: str, names: tuple[str, ...], within: tuple[str, ...]) -> None:
    operation = operation_of(f"aws.{name}")
    assert operation is not None
    deletes = deletes_of(operation)
    assert deletes is not None
    assert (deletes.names, deletes.within) == (names, within)


@pytest.mark.parametrize(
    "name", ["dynamodb.delete_item", "s3.delete_objects", "sqs.delete_message", "rds.remove_tags_from_resource",
             "kms.cancel_key_deletion", "rds.describe_db_clusters", "rds.reboot_db_instance"],
)  # fmt: skip
def test_deletes_of_data_do_not_count(name: str) -> None:
    operation = operation_of(f"aws.{name}")
    assert operation is not None
    assert deletes_of(operation) is None


@pytest.mark.parametrize(
    ("name", "thing"),
    [
        ("ec2.run_instances", "ec2.instance"), ("ec2.create_volume", "ec2.volume"),
        ("rds.create_db_instance_read_replica", "rds.dbinstance"),
        ("rds.copy_db_cluster_snapshot", "rds.dbclustersnapshot"),  # not the cluster that its output names too
        ("rds.restore_db_cluster_from_snapshot", "rds.dbcluster"),
        ("dynamodb.restore_table_to_point_in_time", "dynamodb.table"),
        ("sns.create_topic", ""),  # it returns the topic of somebody else, if there is one
        ("rds.modify_db_cluster", ""), ("rds.describe_db_clusters", ""),
    ],
)  # fmt: skip
def test_what_a_call_makes(name: str, thing: str) -> None:
    operation = operation_of(f"aws.{name}")
    assert operation is not None
    assert made_by(operation) == thing


@pytest.mark.parametrize(
    ("name", "is_named"),
    [
        ("ec2.run_instances", True), ("rds.create_db_instance", True), ("dynamodb.create_table", True),
        ("logs.create_log_group", False), ("rds.modify_db_instance", False),
    ],
)  # fmt: skip
def test_whether_an_output_names_what_is_made(name: str, is_named: bool) -> None:
    operation = operation_of(f"aws.{name}")
    assert operation is not None
    assert names_what_it_makes(operation) == is_named
