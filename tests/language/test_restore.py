"""The shipped restore: the exact values that the kernel runs."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from engine.language.model import (
    CLASSES,
    Call,
    Check,
    Delays,
    Ensure,
    Input,
    KindFacts,
    Monitor,
    Notify,
    Remove,
    Rescue,
    Retry,
    RetryIf,
    Row,
    Runbook,
    Setting,
    Step,
    TakeBack,
)
from engine.language.parse.document import load, parse
from tests.language.parsed_examples import VOCABULARY

SLOW = Retry(schedule=Delays(delays=(300.0, 600.0, 900.0)))
FAST = Retry(schedule=Delays(delays=(60.0, 120.0, 180.0)))


@pytest.fixture(scope="module")
def raw(root: Path) -> bytes:
    return (root / "runbooks" / "restore.yaml").read_bytes()


@pytest.fixture(scope="module")
def restore(raw: bytes) -> Runbook:
    return load(raw, VOCABULARY, "restore.yaml")


def ensured(restore: Runbook, id: str) -> tuple[Step, Ensure]:
    step = restore.by_name[id.replace("-", "_")]
    assert isinstance(step.body, Ensure)
    return step, step.body


def test_text_and_digest(restore: Runbook, raw: bytes) -> None:
    assert restore.text.encode() == raw
    assert restore.digest == hashlib.sha256(raw).hexdigest()
    assert load(restore.text, VOCABULARY) == restore


def test_the_top_level(restore: Runbook) -> None:
    assert restore.name == "aurora-restore"
    assert restore.region == "${target_region}"
    assert restore.lock == "${target_region}/${cluster}"
    assert restore.time_limit == 36 * 3600.0
    assert restore.notify == "${settings.topic}"
    assert restore.outputs == {"endpoint": "${restore_snapshot.endpoint}"}
    assert restore.vars == {
        "copy": "${snapshot | replace('rds:', '')}-copy",
        "one_instance": [{"name": "${cluster}-1", "class": "db.r6g.large"}],
    }
    assert (restore.account, restore.accounts, restore.tags, restore.throttled, restore.network) == (
        None, {}, {}, None, None,
    )  # fmt: skip


def test_inputs_and_settings(restore: Runbook) -> None:
    assert list(restore.inputs) == ["snapshot", "cluster", "source_region", "target_region"]
    assert restore.inputs["cluster"] == Input(
        name="cluster", type="string", required=True, pattern="[a-z][a-z0-9-]{0,50}", description="cluster to replace"
    )
    assert restore.inputs["source_region"] == Input(
        name="source_region", type="region", required=False, default="us-east-1"
    )
    assert list(restore.settings) == [
        "subnet_group", "security_groups", "kms_key", "topic", "admin", "app_password", "read_password",
    ]  # fmt: skip
    assert restore.settings["app_password"] == Setting(
        name="app_password", source="secret:aurora-restore/app-credentials#app_password"
    )
    assert restore.settings["kms_key"].source == "ssm:/aurora-restore/${target_region}/kms-key"


def test_the_steps_by_path_and_by_name(restore: Runbook) -> None:
    ids = [
        "snapshot-check", "old", "copy-snapshot", "network-check", "delete-rds", "restore-snapshot", "instances",
        "setup-db-users", "archive-snapshot",
    ]  # fmt: skip
    assert [step.id for step in restore.steps] == ids
    assert [step.path for step in restore.steps] == [f"steps/{number}" for number in range(9)]
    assert set(restore.by_name) == {id.replace("-", "_") for id in ids}
    nested = {f"steps/7/rescue/0/do/{number}" for number in range(3)}
    ends = {"on_success/0", "on_failure/0", "on_failure/1", "on_hold/0", "on_cancel/0", "cleanup/1"}
    assert set(restore.index) == {step.path for step in restore.steps} | nested | ends
    assert all(step.path == path for path, step in restore.index.items())
    assert set(restore.kinds) == {
        "rds.cluster_snapshot", "rds.cluster", "ec2.network", "rds.instance", "ec2.port_open", "net.endpoint",
    }  # fmt: skip
    assert isinstance(restore.kinds["rds.cluster"], KindFacts)


def test_the_ends_have_the_default_steps(restore: Runbook) -> None:
    assert {name: [step.body for step in steps] for name, steps in restore.ends.items()} == {
        "on_success": [Notify()],
        "on_failure": [TakeBack(steps=None), Notify()],
        "on_hold": [Notify()],
        "on_cancel": [Notify()],
    }
    assert restore.index["cleanup/1"].body == Notify()


def test_the_step_that_copies_the_snapshot(restore: Runbook) -> None:
    step, body = ensured(restore, "copy-snapshot")
    assert body.kind == "rds.cluster_snapshot"
    assert body.params == {
        "name": "${copy}",
        "copy_of": "${snapshot_check.arn}",
        "kms_key": "${settings.kms_key if snapshot_check.encrypted else none}",
    }
    assert [(row.name, row.verb, row.is_default, row.path) for row in body.states] == [
        ("missing", "create", False, "steps/2/states/0"),
        ("pending", "monitor", False, "steps/2/states/1"),
        ("broken", "replace", False, "steps/2/states/2"),
        ("available", "done", False, "steps/2/states/3"),
        ("blocked", "hold", True, "steps/2/states/blocked"),
        ("leaving", "monitor", True, "steps/2/states/leaving"),
        ("unknown", "monitor", True, "steps/2/states/unknown"),
    ]
    assert (step.monitor, step.retry, body.undo) == (Monitor(every=30.0, longest=86400.0), SLOW, "delete")
    assert (step.requires, step.irreversible, body.owner) == ((), False, "own")


def test_the_step_that_removes_the_cluster(restore: Runbook) -> None:
    step = restore.by_name["delete_rds"]
    body = step.body
    assert isinstance(body, Remove)
    assert (body.kind, body.params, body.owner, body.target) == ("rds.cluster", {"name": "${cluster}"}, "any", None)
    assert {row.name: row.verb for row in body.states} == {
        "available": "delete", "missing": "done", "pending": "monitor", "unknown": "monitor", "leaving": "monitor",
        "broken": "hold", "blocked": "hold",
    }  # fmt: skip
    assert (step.irreversible, step.requires, step.retry) == (True, ("copy-snapshot", "network-check"), SLOW)


def test_the_step_that_restores_and_its_rescue(restore: Runbook) -> None:
    step, _ = ensured(restore, "restore-snapshot")
    assert step.rescue == (
        Rescue(
            path="steps/5/rescue/0", errors=("InvalidVPCConfiguration",), refresh=True,
            then=RetryIf(condition="settings.changed", otherwise="hold"),
        ),
    )  # fmt: skip


def test_the_step_that_creates_instances(restore: Runbook) -> None:
    step, body = ensured(restore, "instances")
    assert step.for_each == "${old.instances | default(one_instance, true)}"
    assert body.params == {"name": "${each.name}", "cluster": "${cluster}", "class": "${each.class}"}
    assert step.monitor == Monitor()


def test_the_step_that_sets_up_users(restore: Runbook) -> None:
    step = restore.by_name["setup_db_users"]
    body = step.body
    assert isinstance(body, Call)
    assert (body.action, body.repeatable, body.until, body.undo) == ("postgres.setup_users", True, None, None)
    assert body.params["users"][1] == {
        "name": "reader", "password": "${settings.read_password}", "access": "readonly",
    }  # fmt: skip
    assert step.retry == FAST
    (rescue,) = step.rescue
    assert (rescue.errors, rescue.refresh, rescue.then) == (("ConnectionTimeout",), False, "retry")
    assert [one.id for one in rescue.do] == [one.path for one in rescue.do]
    last = rescue.do[2].body
    assert isinstance(last, Check)
    assert last.states[0] == Row(path="steps/7/rescue/0/do/2/states/0", names=("broken",), verb="done")


def test_a_row_that_fails_has_a_reason_and_an_error(restore: Runbook) -> None:
    body = restore.by_name["snapshot_check"].body
    assert isinstance(body, Check)
    assert body.states[0] == Row(
        path="steps/0/states/0", names=("missing",), verb="fail",
        reason="no snapshot ${snapshot} in ${source_region}", error="InvalidSnapshot.NotFound",
    )  # fmt: skip
    assert restore.steps[0].region == "${source_region}"


def test_every_table_has_every_class(restore: Runbook) -> None:
    for step in restore.index.values():
        if isinstance(step.body, (Ensure, Remove, Check)):
            assert sorted(name for row in step.body.states for name in row.names) == sorted(CLASSES)


def test_every_path_has_a_node(raw: bytes) -> None:
    found = parse(raw, VOCABULARY)
    assert found.runbook is not None
    assert set(found.runbook.index) <= set(found.nodes)
    assert found.nodes["steps/4/states/0"].span.line == 80
    assert found.nodes["steps/7/rescue/0/do/1"].span.line == 136


@pytest.mark.integration
def test_parsing_imports_no_heavy_package(root: Path) -> None:
    code = (
        "import sys; from engine.language.parse.document import parse; from tests.language.parsed_examples import VOCABULARY\n"
        "assert not parse(open('runbooks/restore.yaml', 'rb').read(), VOCABULARY).findings\n"
        "print(sorted({'jinja2', 'jsonschema', 'boto3', 'asyncio', 'typer'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=root, check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
