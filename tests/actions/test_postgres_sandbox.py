"""The PostgreSQL actions in the sandbox: scripted connections and lost answers."""

from __future__ import annotations

from typing import Any

import pytest

from actions.postgres.postgres_actions import RUN, SETUP_USERS
from actions.sandbox import Fault, Sandbox
from engine.errors import EffectFailed, EffectUnknown
from engine.language.secret import Secret
from tests.actions.contexts import context

WORLD = {
    "rds.cluster/orders@us-west-2": {"status": "available", "instances": 1},
    "sql": {"UPDATE items SET id = 1": 3, "SELECT count(*) AS number FROM items": {"number": 7}},
}
SECRETS = {"admin": {"username": "admin", "password": "the-masters-own"}, "app": "the-apps-own"}
USERS = [{"name": "app", "password": Secret(name="app"), "access": "readwrite"}]


def sandbox(*words: str) -> Sandbox:
    return Sandbox(WORLD, script={"postgres.Connect": list(words)} if words else None)


def call(there: Sandbox, action: Any, **params: Any) -> Any:
    host = there.clients("rds", "us-west-2").describe_db_clusters()["DBClusters"][0]["Endpoint"]
    given = context(secrets=SECRETS, network=there.network, clients=there.clients)
    return action.run({"host": host, "port": 5432, "admin": Secret(name="admin")} | params, given)


@pytest.mark.parametrize(
    ("word", "name", "category"),
    [
        ("ConnectionTimeout", "ConnectionTimeout", "timeout"),
        ("ConnectionRefused", "ConnectionTimeout", "timeout"),
        ("NameNotFound", "ConnectionTimeout", "timeout"),
        ("StartingUp", "ConnectionTimeout", "timeout"),
        ("TooManyConnections", "ConnectionTimeout", "timeout"),
        ("AuthenticationFailed", "AuthenticationFailed", "denied"),
        ("DatabaseNotFound", "DatabaseNotFound", "config"),
    ],
)
def test_a_script_decides_what_a_connection_meets(word: str, name: str, category: str) -> None:
    there = sandbox(word)
    with pytest.raises(EffectFailed) as failed:
        call(there, SETUP_USERS, users=USERS)
    assert (failed.value.problem.name, failed.value.problem.category) == (name, category)
    assert call(there, SETUP_USERS, users=USERS)["created"] == ["app"]  # one word of a script is one call


def test_a_commit_without_an_answer_is_unknown_and_can_be_repeated() -> None:
    there = sandbox()
    there.fault(Fault(kind="lost", call="postgres.Commit"))
    with pytest.raises(EffectUnknown, match="COMMIT was sent, but no answer came"):
        call(there, SETUP_USERS, users=USERS)
    assert call(there, SETUP_USERS, users=USERS) == {"created": [], "changed": ["app"], "unchanged": []}


def test_a_single_statement_without_an_answer_is_unknown() -> None:
    there = sandbox()
    there.fault(Fault(kind="lost", call="postgres.Execute"))
    with pytest.raises(EffectUnknown, match="the statement was sent"):
        call(there, RUN, statements=["UPDATE items SET id = 1"])
    assert call(there, RUN, statements=["UPDATE items SET id = 1"]) == {"row": None, "rows_affected": 3}


def test_a_query_returns_the_declared_row() -> None:
    done = call(sandbox(), RUN, query="SELECT count(*) AS number FROM items")
    assert done == {"row": {"number": 7}, "rows_affected": 1}
