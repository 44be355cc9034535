"""Another account's credentials: every command that changes something says so, exits with 4, and sends nothing."""

from __future__ import annotations

import pytest

from actions.sandbox.services.keys import SESSION_KEY
from engine.errors import EnvironmentProblem
from engine.kernel import events as ev
from engine.kernel.operation import AccountIdentity, Operation
from engine.language.model import Runbook
from engine.runtime.accounts import AccountCheck
from engine.runtime.performer import RegistryPerformer, WorldAccess
from engine.runtime.preflight import Inspector
from engine.stores.factory import open_store
from engine.values import changed
from tests.cli.commands import Cli, Store, assert_valid, write_file
from tests.cli.shared_aws import COPY, FAIL, HOLD, LEAVE, OTHER_COPY, Aws

OURS, THEIRS = "123456789012", "333333333333"
HELD, FAILED = (COPY, HOLD), (COPY, FAIL)

COMMANDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    # the command; and the steps of the operation that it needs
    "run again": (("run", "op.yaml", "--operation-id", "op", "--yes"), HELD),
    "resume": (("resume", "op"), HELD),
    "resume, rejected": (("resume", "op", "--reject", "no"), HELD),
    "resume, with an edited runbook": (("resume", "op", "--with", "op.yaml"), HELD),
    "restart": (("restart", "op", "--from", "copy"), HELD),
    "restart after the end": (("restart", "op", "--from", "stop"), FAILED),
    "cancel": (("cancel", "op"), HELD),
    "cancel with undo": (("cancel", "op", "--undo", "--yes"), HELD),
    "cleanup": (("cleanup", "op", "--yes"), FAILED),
    "orphans": (("orphans", "--delete", "--yes"), FAILED),
}


def use_account(monkeypatch: pytest.MonkeyPatch, account: str) -> None:
    """Give the next commands credentials of that account: the sandbox reads it from the access key."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", f"{SESSION_KEY}{account}")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "sandbox")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "sandbox")


def log_length(aws: Aws, id: str = "op") -> int:
    store = open_store(aws.store)
    count = len(list(store.records(id)))
    store.close()
    return count


@pytest.mark.parametrize("name", list(COMMANDS))
def test_with_another_account_nothing_is_sent(aws: Aws, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    words, steps = COMMANDS[name]
    use_account(monkeypatch, OURS)
    aws.run_operation("op", *steps, code=5 if steps == HELD else 1)
    sent, records = len(aws.sandbox.journal), log_length(aws)
    use_account(monkeypatch, THEIRS)
    result = aws.run(*words)
    calls = {call.name for call in aws.sandbox.journal[sent:]}
    if name == "orphans":  # it looks in the account of the credentials, and finds nothing there
        assert not {call for call in calls if "Describe" not in call and "Get" not in call}
    else:
        assert result.code == 4, result.err
        assert f"operation op was begun in {OURS}" in result.err
        assert f"the AWS account of these credentials is {THEIRS}. Nothing was sent" in result.err
        assert calls == {"sts.GetCallerIdentity"}
    assert log_length(aws) == records
    assert aws.names() == ["op-copy"]
    use_account(monkeypatch, OURS)
    assert aws.run(*words).code != 4  # with our own it is not refused


def test_whose_account_it_is_is_shown(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    use_account(monkeypatch, OURS)
    file = aws.folder / "op.yaml"
    aws.run_operation("op", COPY, OTHER_COPY, HOLD, code=5)
    again = aws.run("run", str(file), "--operation-id", "op-2", "--yes")
    first = next(line for line in again.err.splitlines() if "started op-2" in line)
    assert first.endswith(f"started op-2 of leaves in account {OURS}, other 222222222222")
    document = aws.status("op")
    assert_valid("status", document)
    assert document["accounts"] == [
        {"name": None, "account_id": OURS, "partition": "aws"},
        {"name": "other", "account_id": "222222222222", "partition": "aws"},
    ]
    assert [(one["account"], one["account_id"]) for one in document["resources"]] == [
        (None, OURS), ("other", "222222222222"),
    ]  # fmt: skip
    assert f"in account {OURS}, other 222222222222" in aws.run("status", "op").out
    listed = aws.run("list", "-o", "json").document
    assert_valid("operations", listed)
    assert {one["account_id"] for one in listed["operations"]} == {OURS}


def test_an_edited_runbook_cannot_move_an_account(aws: Aws) -> None:
    aws.run_operation("op", OTHER_COPY, HOLD, code=5)
    text = (aws.folder / "op.yaml").read_text(encoding="utf-8")
    edited = write_file(aws.folder / "edited.yaml", text.replace("222222222222", "444444444444"))
    records = log_length(aws)
    result = aws.run("resume", "op", "--with", edited)
    assert result.code == 2, result.err
    assert "its account other is 222222222222, and was changed to 444444444444" in result.err
    assert log_length(aws) == records


def test_an_account_is_asked_once_and_not_without_aws(aws: Aws, cli: Cli, few: str, store: Store) -> None:
    aws.run_operation("op", COPY, HOLD, code=5)
    assert [call.name for call in aws.sandbox.journal].count("sts.GetCallerIdentity") == 1
    sent = len(aws.sandbox.journal)
    assert aws.run("run", few, "--operation-id", "few").code == 5
    assert aws.run("resume", "few").code == 0
    assert aws.sandbox.journal[sent:] == []
    assert aws.status("few")["accounts"] == []


def without_accounts(aws: Aws) -> None:
    """Write the log again as a version before accounts did."""
    store = open_store(aws.store)
    records = list(store.records("op"))
    store.delete_operation("op")
    digest = ""
    for record in records:
        events = [{key: one[key] for key in one if key not in ("accounts", "store")} for one in record.events]
        state = record.state and {key: record.state[key] for key in record.state if key not in ("accounts", "store")}
        sealed = changed(record, events=tuple(events), state=state, _bytes=b"").sealed(digest)
        store.append(sealed)
        digest = sealed.digest
    store.close()


@pytest.mark.parametrize(("words", "steps"), [(("resume", "op"), HELD), (("cleanup", "op", "--yes"), FAILED)])
def test_an_operation_without_account_takes_that_of_its_first_drive(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], steps: tuple[str, ...]
) -> None:
    use_account(monkeypatch, OURS)
    aws.run_operation("op", *steps, code=5 if steps == HELD else 1, more=LEAVE)
    without_accounts(aws)
    assert aws.status("op")["accounts"] == []
    assert aws.run(*words).code == 0
    assert aws.status("op")["accounts"] == [{"name": None, "account_id": OURS, "partition": "aws"}]
    assert "accounts_recorded" in aws.run("history", "op", "-o", "json").out
    use_account(monkeypatch, THEIRS)
    assert aws.run("restart", "op", "--from", "copy").code in (2, 4)


def check_of(aws: Aws, runbook: Runbook) -> AccountCheck:
    from actions import build_registry

    def refuse(*_: object) -> None:
        raise AssertionError

    world = WorldAccess(
        registry=build_registry(), clients=aws.sandbox.clients, secret=refuse, network=aws.sandbox.network,
        read_setting=refuse,  # type: ignore[arg-type]
    )  # fmt: skip
    return AccountCheck(Inspector(RegistryPerformer(world, lambda _: refuse()), aws.sandbox.clock.now))  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_another_partition_is_refused(aws: Aws, partition: str) -> None:
    """Account ids are unique in their partition only."""
    from actions import build_registry
    from engine.language.parse.document import load as parse

    text = "runbook: a\nsteps:\n  - {id: copy, check: rds.cluster, with: {name: orders}, region: us-east-1}\n"
    runbook = parse(text, build_registry(), "a.yaml")
    recorded = {"": AccountIdentity(id=OURS, partition=partition)}
    operation = Operation(id="op", runbook="a", digest=runbook.digest, started=0.0, accounts=recorded)
    with pytest.raises(EnvironmentProblem) as refused:
        check_of(aws, runbook).identities(runbook, operation)
    assert f"{OURS} (partition {partition})" in str(refused.value)
    assert f"{OURS} (partition aws)" in str(refused.value)
    ours = changed(operation, accounts={"": AccountIdentity(id=OURS, partition="aws")})
    assert check_of(aws, runbook).identities(runbook, ours) == ours.accounts
    assert check_of(aws, runbook).new(runbook, ours) == {}
    assert ev.AccountsRecorded(at=0.0, accounts=ours.accounts).accounts == ours.accounts
