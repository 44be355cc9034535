"""kms.key and sts.identity."""

from __future__ import annotations

import pytest

from actions.kinds.kms import KINDS as KMS_KINDS
from actions.kinds.sts import KINDS as STS_KINDS
from actions.sandbox import Fault, Sandbox
from engine.errors import EffectFailed
from engine.registry import Observation
from tests.actions.contexts import context
from tests.servers.moto import Moto

[KEY] = KMS_KINDS
[IDENTITY] = STS_KINDS

WORLD = {
    "kms.key/11111111-0000-4000-8000-000000000001@us-west-2": {"alias": "alias/aurora"},
    "kms.key/11111111-0000-4000-8000-000000000002@us-west-2": {"status": "Disabled"},
    "kms.key/11111111-0000-4000-8000-000000000003@us-west-2": {"status": "PendingDeletion"},
    "kms.key/11111111-0000-4000-8000-000000000004@us-west-2": {"multi_region": True},
    "kms.key/11111111-0000-4000-8000-000000000005@us-west-2": {"status": "Rotting"},
}


def look(key: str, *faults: Fault) -> Observation:
    sandbox = Sandbox(WORLD)
    for fault in faults:
        sandbox.fault(fault)
    return KEY.look({"key": key}, context(clients=sandbox.clients, sources={"key": "ssm:/aurora/kms-key"}))


def test_a_usable_key_is_available() -> None:
    seen = look("alias/aurora")
    assert (seen.status, seen.cls) == ("ok", "available")
    assert seen.attributes == {
        "arn": "arn:aws:kms:us-west-2:123456789012:key/11111111-0000-4000-8000-000000000001",
        "state": "Enabled",
        "manager": "CUSTOMER",
        "multi_region": False,
        "problem": None,
    }
    assert look(seen.attributes["arn"]) == seen
    assert look("11111111-0000-4000-8000-000000000004").attributes["multi_region"] is True


@pytest.mark.parametrize(
    ("number", "text"), [(2, "is disabled: enable it"), (3, "is pending deletion: cancel that"), (5, "is Rotting")]
)
def test_an_unusable_key_is_broken(number: int, text: str) -> None:
    seen = look(f"11111111-0000-4000-8000-00000000000{number}")
    assert (seen.status, seen.cls) == ("wrong", "broken")
    assert text in seen.attributes["problem"]
    assert "(key, from ssm:/aurora/kms-key)" in seen.attributes["problem"]


def test_an_aws_managed_key_can_be_used_but_not_shared() -> None:
    seen = look("alias/aws/rds")
    assert (seen.status, seen.cls, seen.attributes["manager"]) == ("unshareable", "available", "AWS")
    assert "cannot be shared with another account" in seen.attributes["problem"]


def test_an_unknown_key_is_missing() -> None:
    seen = look("alias/gone")
    assert (seen.status, seen.cls) == ("missing", "missing")
    assert "there is no key alias/gone in us-west-2 (key, from ssm:/aurora/kms-key)" in seen.attributes["problem"]


def test_a_key_without_permission_is_broken() -> None:
    seen = look("alias/aurora", Fault(kind="error", call="kms.DescribeKey", code="AccessDeniedException"))
    assert (seen.status, seen.cls) == ("wrong", "broken")
    assert "kms:DescribeKey" in seen.attributes["problem"]


def test_any_other_answer_of_kms_is_an_error() -> None:
    with pytest.raises(EffectFailed) as failed:
        look("alias/aurora", Fault(kind="server_error", call="kms.DescribeKey"))
    assert failed.value.problem.category == "internal"


@pytest.mark.parametrize("kind", [KEY, IDENTITY])
def test_every_status_and_attribute_is_declared(kind: object) -> None:
    seen = [look("alias/aurora"), look("alias/aws/rds"), look("11111111-0000-4000-8000-000000000002")]
    if kind is IDENTITY:
        seen = [IDENTITY.look({}, context(clients=Sandbox().clients))]
    for one in seen:
        assert kind.statuses[one.status].cls == one.cls  # type: ignore[attr-defined]
        assert set(one.attributes) == set(kind.attributes)  # type: ignore[attr-defined]


def test_keys_of_moto_are_read(moto: Moto) -> None:
    kms = moto.clients("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/moto", TargetKeyId=key)
    given = context(clients=moto.clients)
    assert KEY.look({"key": "alias/moto"}, given).status == "ok"
    kms.disable_key(KeyId=key)
    assert KEY.look({"key": key}, given).attributes["state"] == "Disabled"
    assert KEY.look({"key": "alias/nowhere"}, given).status == "missing"


def test_the_identity_is_that_of_the_credentials(moto: Moto) -> None:
    seen = IDENTITY.look({}, context(clients=moto.clients, account="111122223333"))
    assert (seen.status, seen.cls) == ("ok", "available")
    assert seen.attributes["account"] == "111122223333"
    assert seen.attributes["arn"].startswith("arn:aws:sts::111122223333:")
