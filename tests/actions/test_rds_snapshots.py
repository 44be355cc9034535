"""`rds.cluster_snapshot` and `rds.cluster_snapshots` in the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from engine.registry import MISSING
from tests.actions.rds_world import ACCOUNT, EAST, OTHER, REGISTRY, TAGS, WEST, Rds, arn, new_rds, only_declared

KIND = "rds.cluster_snapshot"
LIST = "rds.cluster_snapshots"
NIGHTLY = arn("nightly", EAST)

WORLD: dict[str, Any] = {
    "accounts": {"source": OTHER},
    "rds.cluster_snapshot/nightly@us-east-1": {"cluster": "orders", "tags": {"team": "shop", "aws:by": "aws"}},
    "rds.cluster_snapshot/secret@us-east-1": {"cluster": "orders", "encrypted": True},
    "rds.cluster_snapshot/young@us-east-1": "creating",
    "rds.cluster_snapshot/here@us-west-2": {"cluster": "orders"},
    "rds.cluster_snapshot/rds:orders-2024-03-19@us-west-2": {"cluster": "orders"},
}


@pytest.fixture
def rds() -> Rds:
    return new_rds(WORLD)


# -- looking ----------------------------------------------------------------------------------------------


def test_a_look_returns_the_attributes(rds: Rds) -> None:
    rds.region = EAST
    seen = rds.look(KIND, name="nightly")
    assert (seen.status, seen.cls) == ("available", "available")
    assert seen.id == f"{NIGHTLY}@2024-03-19T00:06:00Z"
    wanted = {"name": "nightly", "arn": NIGHTLY, "cluster": "orders", "encrypted": False, "type": "manual"}
    assert wanted.items() <= seen.attributes.items()
    assert seen.attributes["tags"] == seen.tags == {"team": "shop", "aws:by": "aws"}


@pytest.mark.parametrize("identity", [{"name": "Nightly"}, {"name": NIGHTLY}])
def test_a_snapshot_is_found_by_name_in_any_case_and_by_arn_from_any_region(rds: Rds, identity: Any) -> None:
    rds.region = WEST if identity["name"].startswith("arn:") else EAST
    assert rds.look(KIND, identity).attributes["arn"] == NIGHTLY


def test_an_automated_snapshot_is_requested_by_type(rds: Rds) -> None:
    seen = rds.look(KIND, name="rds:orders-2024-03-19")
    assert seen.attributes["type"] == "automated"
    assert rds.sent("rds.DescribeDBClusterSnapshots")["SnapshotType"] == "automated"


def test_a_shared_snapshot_is_found_by_arn(rds: Rds) -> None:
    rds.sandbox.put("rds.cluster_snapshot/theirs@us-west-2/source", {"shared_with": [ACCOUNT]})
    rds.sandbox.put("rds.cluster_snapshot/hidden@us-west-2/source", {})
    assert rds.look(KIND, name=arn("theirs", account=OTHER)).cls == "available"
    assert rds.look(KIND, name=arn("hidden", account=OTHER)) == MISSING
    assert rds.look(KIND, name="theirs") == MISSING


@pytest.mark.parametrize(
    ("status", "cls"),
    [("creating", "pending"), ("failed", "broken"), ("deleting", "leaving"), ("upside-down", "unknown")],
)
def test_a_status_has_its_class(rds: Rds, status: str, cls: str) -> None:
    rds.sandbox.change("rds.cluster_snapshot/here@us-west-2", status)
    seen = rds.look(KIND, name="here")
    assert (seen.status, seen.cls) == (status, cls)


def test_an_id_finds_no_other_resource_of_the_same_name(rds: Rds) -> None:
    id = rds.look(KIND, name="here").id
    assert rds.look(KIND, id=id).id == id
    rds.sleep(5)
    rds.sandbox.put("rds.cluster_snapshot/here@us-west-2", {"created": rds.sandbox.clock.now()})
    assert rds.look(KIND, id=id) == MISSING
    assert rds.look(KIND, name="here").cls == "available"


# -- the newest ----------------------------------------------------------------------------------------------


def test_the_newest_snapshot_is_found_over_all_pages() -> None:
    many: dict[str, Any] = {
        f"rds.cluster_snapshot/s{number:03}@us-west-2": {"cluster": "orders", "created": 1_700_000_000 + number}
        for number in range(230)
    }
    many["rds.cluster_snapshot/s007@us-west-2"]["created"] = 1_705_000_000
    many["rds.cluster_snapshot/another@us-west-2"] = {"cluster": "users", "created": 1_709_000_000}
    rds = new_rds(many)
    assert rds.look(KIND, latest_of="Orders").attributes["name"] == "s007"
    assert rds.called().count("rds.DescribeDBClusterSnapshots") == 3
    rds.sandbox.put("rds.cluster_snapshot/rds:orders-1@us-west-2", {"cluster": "orders", "created": 1_706_000_000})
    assert rds.look(KIND, latest_of="orders").attributes["name"] == "rds:orders-1"


def test_the_newest_snapshot_is_an_available_one(rds: Rds) -> None:
    rds.sandbox.put("rds.cluster_snapshot/newer@us-west-2", {"cluster": "orders", "status": "creating"})
    assert rds.look(KIND, latest_of="orders").attributes["name"] in ("here", "rds:orders-2024-03-19")
    assert rds.look(KIND, latest_of="nobody") == MISSING


def test_the_newest_snapshot_of_another_accounts_cluster_is_a_shared_one(rds: Rds) -> None:
    rds.sandbox.put("rds.cluster_snapshot/old@us-west-2/source", {"cluster": "orders", "shared_with": [ACCOUNT]})
    rds.sandbox.put("rds.cluster_snapshot/hidden@us-west-2/source", {"cluster": "orders"})
    theirs = arn("orders", account=OTHER, word="cluster")
    assert rds.look(KIND, latest_of=theirs).attributes["arn"] == arn("old", account=OTHER)
    ours = arn("orders", word="cluster")
    assert rds.look(KIND, latest_of=ours).attributes["arn"].split(":")[4] == ACCOUNT


def test_a_look_needs_a_name_or_a_cluster(rds: Rds) -> None:
    assert "latest_of" in rds.refused(rds.look, KIND).message


# -- copying -------------------------------------------------------------------------------------------------


def test_a_copy_is_made_and_deleted(rds: Rds) -> None:
    id = rds.create(KIND, name="copy", copy_of=NIGHTLY)
    assert id == f"{arn('copy')}#op-001/copy-snapshot/1.1"
    seen = rds.look(KIND, name="copy")
    assert (seen.cls, seen.status, seen.id) == ("pending", "copying", id)
    assert seen.tags == TAGS
    rds.sleep(600)
    done = rds.look(KIND, name="copy")
    assert (done.cls, done.id) == ("available", id)  # its time has moved, its id has not
    assert done.attributes["created"] != seen.attributes["created"]
    assert done.attributes["source_arn"] == NIGHTLY
    rds.delete(KIND, name="copy")
    assert rds.look(KIND, name="copy").cls == "leaving"
    rds.sleep(60)
    assert rds.look(KIND, id=id) == MISSING
    assert only_declared(rds, KIND)


def test_tags_are_sent_with_the_call_and_without_brackets(rds: Rds) -> None:
    tags = TAGS | {"runbook:step": "copies[2]", "team": "shop: a=b"}
    id = rds.create(KIND, tags, name="copy", copy_of=NIGHTLY)
    sent = rds.sent("rds.CopyDBClusterSnapshot")["Tags"]
    assert {"Key": "runbook:step", "Value": "copies/2"} in sent
    seen = rds.look(KIND, name="copy")
    assert (seen.tags, seen.id) == (tags, id)


def test_copy_tags_copies_the_tags_that_are_not_reserved(rds: Rds) -> None:
    rds.sandbox.change(
        "rds.cluster_snapshot/nightly@us-east-1",
        tags={"team": "shop", "aws:x": "1", "runbook:note": "old", "owner": "them"},
    )
    rds.create(KIND, TAGS | {"owner": "us"}, name="copy", copy_of=NIGHTLY, copy_tags=True)
    assert "CopyTags" not in rds.sent("rds.CopyDBClusterSnapshot")
    assert rds.look(KIND, name="copy").tags == TAGS | {"team": "shop", "owner": "us"}
    rds.create(KIND, name="bare", copy_of=NIGHTLY)
    assert rds.look(KIND, name="bare").tags == TAGS


def test_a_copy_from_another_region_names_the_region_to_botocore(rds: Rds) -> None:
    rds.create(KIND, name="copy", copy_of=NIGHTLY)
    assert rds.sent("rds.CopyDBClusterSnapshot")["SourceRegion"] == EAST
    rds.create(KIND, name="near", copy_of="Here")
    request = rds.sent("rds.CopyDBClusterSnapshot")
    assert "SourceRegion" not in request
    assert request["SourceDBClusterSnapshotIdentifier"] == "here"


@pytest.mark.parametrize(
    ("params", "name", "category", "text"),
    [
        ({"name": "Copy", "copy_of": NIGHTLY}, "InvalidParameterValue", "config", "write 'copy'"),
        ({"name": "a--b", "copy_of": NIGHTLY}, "InvalidParameterValue", "config", "single hyphens"),
        ({"name": "rds:copy", "copy_of": NIGHTLY}, "InvalidParameterValue", "config", "letters, digits"),
        ({"name": "x" * 64, "copy_of": NIGHTLY}, "InvalidParameterValue", "config", "at most 63"),
        ({"name": "copy"}, "InvalidParameterValue", "config", "`copy_of`"),
        ({"name": "copy", "copy_of": arn("gone", EAST)}, "DBClusterSnapshotNotFoundFault", "not_found", "gone"),
        ({"name": "copy", "copy_of": arn("young", EAST)}, "InvalidDBClusterSnapshotStateFault", "conflict", "creating"),
        ({"name": "copy", "copy_of": arn("secret", EAST)}, "InvalidParameterValue", "config", "`kms_key`"),
        (
            {"name": "copy", "copy_of": NIGHTLY, "kms_key": "alias/k"},
            "InvalidParameterCombination",
            "config",
            "remove `kms_key`",
        ),
    ],
)
def test_wrong_parameters_are_refused_before_the_call(
    rds: Rds, params: Any, name: str, category: str, text: str
) -> None:
    problem = rds.refused(rds.create, KIND, **params)
    assert (problem.name, problem.category) == (name, category)
    assert text in problem.message
    assert "rds.CopyDBClusterSnapshot" not in rds.called()


@pytest.mark.parametrize(
    "tags", [{"aws:x": "1"}, {"RDS:x": "1"}, {"team": "a[0]"}, {"te,am": "a"}, {"team": "one\ntwo"}]
)
def test_invalid_tags_are_refused_before_the_call(rds: Rds, tags: Any) -> None:
    assert "tag" in rds.refused(rds.create, KIND, TAGS | tags, name="copy", copy_of=NIGHTLY).message
    assert "rds.CopyDBClusterSnapshot" not in rds.called()


def test_an_encrypted_snapshot_is_copied_with_a_key(rds: Rds) -> None:
    rds.create(KIND, name="copy", copy_of=arn("secret", EAST), kms_key="alias/mine")
    assert rds.look(KIND, name="copy").attributes["encrypted"]


def test_a_source_without_permission_to_look_is_left_to_aws(rds: Rds) -> None:
    rds.fault("error", "rds.DescribeDBClusterSnapshots", code="AccessDenied")
    assert rds.create(KIND, name="copy", copy_of=NIGHTLY) is not None


def test_a_missing_source_has_the_wider_name_and_names_the_setting(rds: Rds) -> None:
    problem = rds.refused(
        rds.create, KIND, sources={"copy_of": "ssm:/restore/source"}, name="copy", copy_of=arn("gone", EAST)
    )
    assert problem.answers_to("InvalidSnapshot.NotFound")
    assert "(copy_of, from ssm:/restore/source)" in problem.message


def test_five_copies_at_once_are_capacity_and_a_hundred_snapshots_quota() -> None:
    many: dict[str, Any] = {f"rds.cluster_snapshot/s{n}@us-east-1": {} for n in range(7)}
    rds = new_rds(many)
    for number in range(5):
        rds.create(KIND, name=f"copy-{number}", copy_of=arn(f"s{number}", EAST))
    problem = rds.refused(rds.create, KIND, name="copy-5", copy_of=arn("s5", EAST))
    assert (problem.name, problem.category) == ("CopyQuotaExceeded", "capacity")
    assert problem.answers_to("SnapshotQuotaExceeded")
    rds.sleep(900)
    for number in range(95):
        rds.sandbox.put(f"rds.cluster_snapshot/more-{number}@us-west-2", {})
    problem = rds.refused(rds.create, KIND, name="copy-5", copy_of=arn("s5", EAST))
    assert (problem.name, problem.category) == ("SnapshotQuotaExceeded", "quota")


# -- what becomes of calls -----------------------------------------------------------------------------------


def test_a_lost_reply_is_unknown_and_the_copy_exists(rds: Rds) -> None:
    rds.fault("lost", "rds.CopyDBClusterSnapshot")
    rds.unknown(rds.create, KIND, name="copy", copy_of=NIGHTLY)
    assert rds.look(KIND, name="copy").id == f"{arn('copy')}#op-001/copy-snapshot/1.1"


@pytest.mark.parametrize(
    ("fault", "category"), [("throttle", "throttled"), ("unsent", "network"), ("credentials", "credentials")]
)
@pytest.mark.parametrize("call", ["rds.DescribeDBClusterSnapshots", "rds.CopyDBClusterSnapshot"])
def test_a_request_that_was_not_sent_changes_nothing(rds: Rds, fault: str, category: str, call: str) -> None:
    rds.fault(fault, call)
    assert rds.unsent(rds.create, KIND, name="copy", copy_of=NIGHTLY).category == category
    assert rds.look(KIND, name="copy") == MISSING


def test_a_5xx_is_unknown_for_a_change_and_internal_for_a_look(rds: Rds) -> None:
    rds.fault("server_error", "rds.CopyDBClusterSnapshot")
    rds.unknown(rds.create, KIND, name="copy", copy_of=NIGHTLY)
    rds.fault("server_error", "rds.DescribeDBClusterSnapshots")
    assert rds.refused(rds.look, KIND, name="here").category == "internal"


def test_an_existing_snapshot_is_in_the_category_exists(rds: Rds) -> None:
    rds.create(KIND, name="copy", copy_of=NIGHTLY)
    problem = rds.refused(rds.create, KIND, name="copy", copy_of=NIGHTLY)
    assert (problem.name, problem.category) == ("DBClusterSnapshotAlreadyExistsFault", "exists")


# -- deleting ------------------------------------------------------------------------------------------------


def test_deleting_again_is_being_deleted_or_not_found(rds: Rds) -> None:
    rds.delete(KIND, name="here")
    assert rds.refused(rds.delete, KIND, name="here").answers_to("BeingDeleted")
    rds.sleep(60)
    assert rds.refused(rds.delete, KIND, name="here").category == "not_found"


def test_being_deleted_is_seen_in_the_status(rds: Rds) -> None:
    rds.sandbox.change("rds.cluster_snapshot/here@us-west-2", "deleting")
    rds.fault("error", "rds.DeleteDBClusterSnapshot", code="InvalidDBClusterSnapshotStateFault", message="No.")
    assert rds.refused(rds.delete, KIND, name="here").answers_to("BeingDeleted")


def test_a_failed_copy_that_aws_does_not_delete_says_what_to_do(rds: Rds) -> None:
    rds.sandbox.change("rds.cluster_snapshot/here@us-west-2", "failed")
    rds.fault("error", "rds.DeleteDBClusterSnapshot", code="InvalidDBClusterSnapshotStateFault", message="No.")
    problem = rds.refused(rds.delete, KIND, name="here")
    assert problem.answers_to("CannotBeDeleted")
    assert problem.category == "conflict"
    assert "by hand" in problem.message


def test_only_a_manual_snapshot_can_be_deleted(rds: Rds) -> None:
    assert rds.in_the_way(KIND, "here") is None
    assert "deletes it with its cluster" in str(rds.in_the_way(KIND, "rds:orders-2024-03-19"))


# -- the list ------------------------------------------------------------------------------------------------


def test_the_list_is_newest_first_and_never_missing(rds: Rds) -> None:
    rds.sandbox.put("rds.cluster_snapshot/later@us-west-2", {"cluster": "orders", "created": 1_710_890_000})
    seen = rds.look(LIST, cluster="orders")
    assert (seen.status, seen.cls) == ("ok", "available")
    assert seen.attributes["items"][0]["name"] == "later"
    assert len(seen.attributes["items"]) == 3
    empty = rds.look(LIST, cluster="nobody")
    assert (empty.cls, empty.attributes) == ("available", {"items": []})
    assert only_declared(rds, LIST)


def test_the_list_is_filtered_by_owner_and_status(rds: Rds) -> None:
    kin = TAGS | {"runbook:operation": "op-000"}
    foreign = kin | {"runbook:runbook": "another"}
    for name, tags in (("mine", TAGS), ("kin", kin), ("theirs", foreign)):
        rds.create(KIND, tags, name=name, copy_of=NIGHTLY)

    def names(**identity: Any) -> set[str]:
        seen = REGISTRY.kinds[LIST].look(identity, rds.context(runbook="restore"))
        return {item["name"] for item in seen.attributes["items"]}

    assert names(owner="own") == {"mine"}
    assert names(owner="kin") == {"mine", "kin"}
    assert names(status="copying") == {"mine", "kin", "theirs"}
    assert len(names(owner="any")) == 5
