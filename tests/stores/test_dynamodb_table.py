"""`store init`, a table that is not ours, and what AWS refuses: one sentence that says what to do, exit 4."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from engine.clock import SystemClock, VirtualClock
from engine.errors import EnvironmentProblem, UsageError
from engine.stores.dynamodb import DynamoStore
from engine.stores.dynamodb_client import TableClient
from engine.stores.dynamodb_table import create_table, definition, schema_problem
from engine.stores.factory import default_client, open_store
from engine.stores.port import StoreUnavailable
from tests.servers import faulty_proxy
from tests.servers.faulty_proxy import FaultyProxy, error_reply
from tests.servers.moto import Moto
from tests.stores.conftest import SERVERS, TABLES
from tests.stores.values import record

ANY_REQUEST = ("Query", "PutItem", "UpdateItem", "Scan", "CreateTable", "DescribeTable", "UpdateContinuousBackups")


@pytest.fixture
def name() -> str:
    return next(TABLES)


@pytest.fixture(scope="module")
def before_ministack(server: Callable[[str], Moto]) -> Iterator[FaultyProxy]:
    with faulty_proxy.run_proxy(server("ministack").url) as made:
        yield made


@pytest.fixture
def proxy(before_ministack: FaultyProxy) -> FaultyProxy:
    before_ministack.plan.clear()
    return before_ministack


def calls(server: Moto, name: str) -> TableClient:
    return TableClient(name, server.clients, SystemClock())


# -- making it ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SERVERS)
def test_a_table_is_made_once_and_then_fits(server: Callable[[str], Moto], kind: str, name: str) -> None:
    running = server(kind)
    told = create_table(calls(running, name), SystemClock())
    assert told[0] == f"created the table {name}"
    again = create_table(calls(running, name), SystemClock())
    assert again[0] == f"the table {name} already exists"
    described = running.clients("dynamodb").describe_table(TableName=name)["Table"]
    assert schema_problem(described) is None
    assert described["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    for lines in (told, again):
        assert len(lines) == 3
        assert all("is on" in line or line.startswith("warning: ") for line in lines[1:])
    store = DynamoStore(name, running.clients)
    store.append(record())
    assert len(store.load("op-1")) == 1


def test_protection_and_recovery_are_on(server: Callable[[str], Moto], name: str) -> None:
    running = server("moto")
    told = create_table(calls(running, name), SystemClock())
    assert told[1:] == ["deletion protection is on", "point-in-time recovery is on"]
    client = running.clients("dynamodb")
    assert client.describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"] is True
    backups = client.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    client.update_table(TableName=name, DeletionProtectionEnabled=False)
    assert create_table(calls(running, name), SystemClock())[1] == "deletion protection is on"
    assert client.describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"] is True


def test_what_cannot_be_switched_on_is_told(proxy: FaultyProxy, name: str) -> None:
    proxy.plan["UpdateContinuousBackups"] = [error_reply(400, "AccessDeniedException", "not authorized to perform it")]
    told = create_table(calls(Moto(proxy.url), name), SystemClock())
    assert told[2].startswith("warning: point-in-time recovery could not be turned on: DynamoDB denies")
    assert "not authorized to perform it" in told[2]


class Describes:
    """A client of a table that takes its time."""

    def __init__(self, states: list[str]) -> None:
        self.states = states

    def create_table(self, **asked: Any) -> dict[str, Any]:
        assert asked["DeletionProtectionEnabled"] is True  # from the first moment
        return {}

    def describe_table(self, TableName: str) -> dict[str, Any]:  # noqa: N803 - as boto3 calls it
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {"Table": definition(TableName) | {"TableStatus": state, "DeletionProtectionEnabled": True}}

    def update_continuous_backups(self, **asked: Any) -> dict[str, Any]:
        return {}


def test_a_table_that_takes_its_time_is_waited_for() -> None:
    clock = VirtualClock()
    told = create_table(TableClient("ops", lambda service: Describes(["CREATING"] * 40 + ["ACTIVE"]), clock), clock)
    assert told == ["created the table ops", "deletion protection is on", "point-in-time recovery is on"]
    assert clock.now() - VirtualClock().now() == 10
    with pytest.raises(EnvironmentProblem, match=r"ops is not active after 2m .CREATING"):
        create_table(TableClient("ops", lambda service: Describes(["CREATING"]), clock), clock)


# -- a table that is not ours ------------------------------------------------------------------------------


def _changed(table: str, **changes: Any) -> dict[str, Any]:
    return definition(table) | changes


def _keyed(*keys: tuple[str, str, str]) -> Callable[[str], dict[str, Any]]:
    def made(table: str) -> dict[str, Any]:
        plain = {
            "AttributeDefinitions": [{"AttributeName": one, "AttributeType": type} for one, _, type in keys],
            "KeySchema": [{"AttributeName": one, "KeyType": kind} for one, kind, _ in keys],
        }
        asked = _changed(table, **plain)
        del asked["GlobalSecondaryIndexes"]
        return asked

    return made


def _indexed(name: str, key: str) -> Callable[[str], dict[str, Any]]:
    def made(table: str) -> dict[str, Any]:
        asked = definition(table)
        index = asked["GlobalSecondaryIndexes"][0]
        index |= {"IndexName": name, "KeySchema": [{"AttributeName": key, "KeyType": "HASH"}]}
        asked["AttributeDefinitions"] = [
            {"AttributeName": one, "AttributeType": type}
            for one, type in (("operation_id", "S"), ("seq", "N"), (key, "S"))
        ]
        return asked

    return made


MISFITS = {
    "no range": (
        _keyed(("operation_id", "HASH", "S")),
        r"its key is operation_id \(hash, S\), but must be operation_id",
    ),
    "text as range": (_keyed(("operation_id", "HASH", "S"), ("seq", "RANGE", "S")), r"seq \(range, S\), but must be"),
    "another's": (_keyed(("pk", "HASH", "S"), ("sk", "RANGE", "S")), r"its key is pk \(hash, S\), sk \(range, S\)"),
    "no index": (_keyed(("operation_id", "HASH", "S"), ("seq", "RANGE", "N")), "it has no index by_status"),
    "another index": (_indexed("by_time", "at"), "it has no index by_status"),
    "another key": (
        _indexed("by_status", "status"),
        r"key of its index by_status is status \(hash, S\), but must be head_status",
    ),
}


@pytest.mark.parametrize("kind", SERVERS)
@pytest.mark.parametrize("form", list(MISFITS))
def test_a_table_of_another_form_is_told_and_left_alone(
    server: Callable[[str], Moto], kind: str, form: str, name: str
) -> None:
    running = server(kind)
    made, said = MISFITS[form]
    client = running.clients("dynamodb")
    client.create_table(**made(name))
    before = client.describe_table(TableName=name)["Table"]
    with pytest.raises(
        EnvironmentProblem, match=rf"{name} exists and was not created by runbook: .*{said}.*not changed"
    ):
        create_table(calls(running, name), SystemClock())
    after = client.describe_table(TableName=name)["Table"]
    assert before["KeySchema"] == after["KeySchema"]
    assert before.get("DeletionProtectionEnabled") == after.get("DeletionProtectionEnabled")
    store = DynamoStore(name, running.clients)
    asked = (lambda: list(store.heads())) if "index" in form or form == "another key" else (lambda: store.load("op-1"))
    with pytest.raises(EnvironmentProblem) as caught:
        asked()
        list(store.heads())
    assert name in str(caught.value)
    assert client.scan(TableName=name)["Items"] == []


@pytest.mark.parametrize("kind", SERVERS)
def test_a_missing_table_is_told(server: Callable[[str], Moto], kind: str) -> None:
    store = DynamoStore("nowhere", server(kind).clients)
    for asked in (lambda: store.load("op-1"), lambda: store.append(record()), lambda: list(store.heads())):
        with pytest.raises(
            EnvironmentProblem, match=r"no DynamoDB table nowhere .*`runbook store init --store dynamodb:"
        ):
            asked()


# -- what AWS refuses --------------------------------------------------------------------------------------

REFUSED = [
    (
        error_reply(400, "AccessDeniedException", "User: arn:x is not authorized"),
        "denies query on the table ops: User: arn:x is not",
    ),
    (
        error_reply(400, "ExpiredTokenException", "expired"),
        r"credentials .* have expired \(ExpiredTokenException.*log in",
    ),
    (
        error_reply(400, "UnrecognizedClientException", "invalid"),
        r"credentials .*UnrecognizedClientException.*runbook resume",
    ),
    (error_reply(403, "InvalidSignatureException", "clock"), "credentials .*InvalidSignatureException"),
    (
        error_reply(400, "ItemCollectionSizeLimitExceededException", "big"),
        "refuses query on the table ops: ItemCollectionSizeLimit",
    ),
    (error_reply(400, "SomethingNew", "what"), "refuses query on the table ops: SomethingNew: what"),
]


@pytest.mark.parametrize(("reply", "said"), REFUSED, ids=[reply[1] for reply, _ in REFUSED])
def test_what_is_refused_is_told_at_once(proxy: FaultyProxy, reply: faulty_proxy.Fault, said: str) -> None:
    proxy.plan = {request: [reply] * 9 for request in ANY_REQUEST}
    store = DynamoStore("ops", Moto(proxy.url).clients, VirtualClock())
    with pytest.raises(EnvironmentProblem, match=said) as caught:
        store.load("op-1")
    assert not isinstance(caught.value, StoreUnavailable)
    assert len(proxy.plan["Query"]) == 8


@pytest.mark.parametrize(
    "reply",
    [
        error_reply(400, "ProvisionedThroughputExceededException"), error_reply(400, "RequestLimitExceeded"),
        error_reply(400, "TransactionConflictException"), error_reply(500, "InternalServerError"), error_reply(503, "Whatever"),
    ],
    ids=lambda reply: reply[1],
)  # fmt: skip
def test_what_passes_is_waited_for(proxy: FaultyProxy, reply: faulty_proxy.Fault) -> None:
    proxy.plan = {"Query": [reply] * 9}
    store = DynamoStore("ops", Moto(proxy.url).clients, VirtualClock())
    with pytest.raises(StoreUnavailable, match=r"cannot serve query on the table ops"):
        store.load("op-1")
    assert len(proxy.plan["Query"]) == 5


@pytest.mark.integration
def test_nobody_there_is_away() -> None:
    store = DynamoStore("ops", Moto("http://127.0.0.1:9").clients, VirtualClock())
    with pytest.raises(StoreUnavailable, match=r"DynamoDB does not answer for the table ops: .*127.0.0.1:9"):
        store.head("op-1")


def test_no_credentials_no_region_no_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    with pytest.raises(EnvironmentProblem, match=r"credentials for the store ops are missing .*Unable to locate"):
        DynamoStore("ops", default_client).load("op-1")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(EnvironmentProblem, match=r"ops cannot be reached: You must specify a region"):
        DynamoStore("ops", default_client).load("op-1")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(EnvironmentProblem, match=r"credentials .* profile \(nobody\) could not be found"):
        DynamoStore("ops", default_client).load("op-1")


def test_what_is_not_awss_goes_on_as_it_is() -> None:
    """The lease is asked before anything is sent; its refusal is no error of the store's."""

    def clients(service: str) -> Any:
        raise UsageError("from elsewhere")

    with pytest.raises(UsageError, match="from elsewhere"):
        DynamoStore("ops", clients).load("op-1")


# -- its place ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["ops", "Team.ops_1-x", "arn:aws:dynamodb:us-west-2:123456789012:table/ops"])
def test_a_table_is_opened_by_name_or_arn(table: str, server: Callable[[str], Moto]) -> None:
    asked: list[str] = []

    def clients(service: str) -> Any:
        asked.append(service)
        return server("ministack").clients(service)

    store = open_store(f"dynamodb:{table}", clients=clients)
    assert store.name == f"dynamodb:{table}"
    assert asked == []
    with pytest.raises(EnvironmentProblem):
        store.load("op-1")
    assert asked == ["dynamodb"]
    store.close()


@pytest.mark.parametrize("table", ["ab", "x" * 256, "with space", "a/b", "arn:aws:s3:::bucket"])
def test_what_is_no_tables_name_is_refused(table: str) -> None:
    with pytest.raises(UsageError, match=r"not the name of a DynamoDB table: use 3 to 255"):
        open_store(f"dynamodb:{table}")
