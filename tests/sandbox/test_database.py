"""The pretend PostgreSQL: logins, transactions, the statements of `postgres.setup_users`, and its refusals."""

from __future__ import annotations

import pytest
from pg8000.exceptions import DatabaseError, InterfaceError

from actions.postgres.catalog_queries import MEMBER_OF, ROLES
from actions.postgres.passwords import is_verifier_of, verifier
from actions.postgres.role_statements import comment_on, grant_on_schema, join, save_role
from actions.sandbox import Fault

ADMIN = {"username": "admin", "password": "right"}
WORLD = {
    "rds.cluster/orders@us-west-2": {"instances": 1, "admin": ADMIN, "database": "shop"},
    "rds.cluster/any@us-west-2": {"instances": 1},
    "sql": {
        "UPDATE flags SET live = true": 3,
        "SELECT count(*) AS n FROM orders": {"n": 5},
        "SELECT name FROM shops": [{"name": "a"}, {"name": "b"}],
        "SELECT 1 WHERE false": [],
    },
}


@pytest.fixture
def here(make):
    return make(WORLD)


@pytest.fixture
def connect(here):
    def connection(cluster="orders", **more):
        host = here.cluster(cluster)["Endpoint"]
        usual = {"host": host, "port": 5432, "user": "admin", "password": "right", "database": "postgres", "timeout": 5}
        return here.sandbox.network.postgres(**(usual | more))

    return connection


CREATE_APP = save_role("app", new=True, verifier=None)
ALTER_APP = save_role("app", new=False, verifier=None)


def code_of(do):
    """The SQLSTATE that the server refuses it with."""
    with pytest.raises(DatabaseError) as caught:
        do()
    return caught.value.args[0]["C"]


@pytest.mark.parametrize(
    ("cluster", "more", "code"),
    [
        ("orders", {"password": "wrong"}, "28P01"),
        ("orders", {"user": "somebody"}, "28P01"),
        ("orders", {"database": "nowhere"}, "3D000"),
    ],
)
def test_a_wrong_login_is_refused(connect, cluster, more, code):
    assert code_of(lambda: connect(cluster, **more)) == code


@pytest.mark.parametrize(("cluster", "more"), [
    ("orders", {}), ("orders", {"database": "shop"}), ("any", {"user": "x", "password": "y", "database": "z"}),
])  # fmt: skip
def test_a_right_login_is_accepted(connect, cluster, more):
    assert connect(cluster, **more).run("SELECT version()") == [["PostgreSQL 15.4 on sandbox"]]


def test_a_restored_cluster_has_the_snapshots_password_until_it_is_changed(here, connect):
    here.rds.create_db_cluster_snapshot(DBClusterIdentifier="orders", DBClusterSnapshotIdentifier="taken")
    here.sleep(300)
    here.restore("taken")
    here.sleep(720)
    here.add_instance("restored-1", "restored")
    here.sleep(480)
    connect("restored", database="shop")
    assert code_of(lambda: connect("restored", password="another-one")) == "28P01"
    here.rds.modify_db_cluster(DBClusterIdentifier="restored", MasterUserPassword="another-one")
    assert code_of(lambda: connect("restored")) == "28P01"
    connect("restored", password="another-one")


def test_others_see_a_role_after_the_commit_and_not_before(connect):
    names = {"names": ["app"]}
    ours, other = connect(), connect()
    ours.run("BEGIN")
    ours.run(save_role("app", new=True, verifier=verifier("pw")))
    ours.run(comment_on("app", "it's ours"))
    assert ours.run(ROLES, **names) == [["app", True, "it's ours"]]
    assert other.run(ROLES, **names) == []
    ours.run("COMMIT")
    assert other.run(ROLES, **names) == [["app", True, "it's ours"]]
    connect(user="app", password="pw")
    assert code_of(lambda: connect(user="app", password="no")) == "28P01"


@pytest.mark.parametrize("end", ["ROLLBACK", None])
def test_without_a_commit_nothing_changes(connect, end):
    connection = connect()
    connection.run("BEGIN")
    connection.run(CREATE_APP)
    if end:
        connection.run(end)
    else:
        connection.close()
    assert code_of(lambda: connect().run(ALTER_APP)) == "42704"


def test_after_an_error_a_transaction_can_only_end(connect):
    connection = connect()
    connection.run("BEGIN")
    connection.run(CREATE_APP)
    assert code_of(lambda: connection.run(comment_on("nobody", "x"))) == "42704"
    assert code_of(lambda: connection.run(save_role("other", new=True, verifier=None))) == "25P02"
    connection.run("COMMIT")  # rolls back
    connection.run(CREATE_APP)


def test_a_read_only_transaction_changes_nothing(connect):
    connection = connect()
    connection.run("BEGIN READ ONLY")
    assert code_of(lambda: connection.run(CREATE_APP)) == "25006"


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        (save_role("admin", new=True, verifier=None), "42710"),
        (save_role("nobody", new=False, verifier=None), "42704"),
        (comment_on("nobody", "x"), "42704"),
        (join("admin", "nobody"), "42704"),
        (grant_on_schema("nobody", "public"), "42704"),
        ("CREATE SCHEMA public", "42P06"),
        ("SELECT * FROM secrets", "0A000"),
        ("MERGE INTO x", "0A000"),
    ],
)
def test_wrong_and_unknown_statements_are_refused(connect, statement, code):
    assert code_of(lambda: connect().run(statement)) == code


def test_the_refusal_of_an_unknown_statement_says_what_to_add(connect):
    with pytest.raises(DatabaseError) as caught:
        connect().run("VACUUM orders")
    fields = caught.value.args[0]
    assert "the sandbox's database does not know this statement: VACUUM orders" in fields["M"]
    assert "sql:" in fields["H"]


def test_a_statement_that_the_world_declares_gets_its_answer(here, connect):
    connection = connect()
    assert connection.run("SELECT  count(*) AS n\nFROM orders;") == [[5]]
    assert [column["name"] for column in connection.columns] == ["n"]
    assert connection.run("SELECT name FROM shops") == [["a"], ["b"]]
    assert connection.row_count == 2
    assert connection.run("SELECT 1 WHERE false") == []
    assert connection.run("UPDATE flags SET live = true") == []
    assert connection.row_count == 3
    assert [call.name for call in here.sandbox.journal][-2:] == ["postgres.Connect", "postgres.Execute"]


def test_a_closed_connection_runs_nothing(connect):
    connection = connect()
    connection.close()
    with pytest.raises(InterfaceError, match="connection is closed"):
        connection.run("SELECT 1")


def delete(here):
    here.rds.delete_db_instance(DBInstanceIdentifier="orders-1", SkipFinalSnapshot=True)
    here.rds.delete_db_cluster(DBClusterIdentifier="orders", SkipFinalSnapshot=True)
    here.sleep(300)
    here.rds.describe_db_clusters()


@pytest.mark.parametrize("go", [lambda here: here.sandbox.remove("rds.cluster/orders@us-west-2"), delete])
def test_connections_break_when_their_cluster_goes(here, connect, go):
    connection = connect()
    go(here)
    with pytest.raises(InterfaceError, match="network error"):
        connection.run("SELECT 1")


# -- `postgres.setup_users` over it ----------------------------------------------------------------------


def context(here):
    from engine.registry import Context

    values = {"admin": ADMIN, "app": "pässword-1", "reader": "it's \\ %"}
    return Context(
        region="us-west-2", account=None, clients=here.sandbox.clients, secret=lambda secret: values[secret.name],
        network=here.sandbox.network, now=here.sandbox.clock.now, operation="op-1",
    )  # fmt: skip


def set_up(here, host, **more):
    from actions.postgres.setup_users import setup_users
    from engine.language.secret import Secret

    users = [
        {"name": "app", "password": Secret(name="app"), "access": "readwrite", "member_of": "reader"},
        {"name": "reader", "password": Secret(name="reader"), "access": "readonly"},
    ]
    params = {"host": host, "port": 5432, "admin": Secret(name="admin"), "users": users} | more
    return setup_users(params, context(here))


def test_setting_up_users_twice_changes_nothing_more(here, connect):
    host = here.cluster()["Endpoint"]
    assert set_up(here, host) == {"created": ["app", "reader"], "changed": [], "unchanged": []}
    again = set_up(here, host)
    assert again["created"] == []
    assert connect().run(MEMBER_OF, name="app") == [["reader"]]
    roles = here.sandbox.world.databases[here.cluster()["DbClusterResourceId"]]["roles"]
    assert is_verifier_of(roles["app"]["verifier"], "pässword-1")
    assert roles["app"]["groups"] == ["reader"]
    assert roles["reader"]["comment"] == "set up by runbook, operation op-1"
    connect(user="reader", password="it's \\ %", database="shop")


def test_a_missing_schema_fails(here):
    from engine.errors import EffectFailed

    users = [{"name": "app", "access": "readonly", "schemas": ["nowhere"]}]
    with pytest.raises(EffectFailed, match='schema "nowhere" does not exist'):
        set_up(here, here.cluster()["Endpoint"], users=users)


def test_a_schema_that_a_statement_creates(here, connect):
    connect().run("CREATE SCHEMA sales")
    users = [{"name": "app", "access": "readonly", "schemas": ["sales"]}]
    assert set_up(here, here.cluster()["Endpoint"], users=users)["created"] == ["app"]


@pytest.mark.parametrize(("kind", "expected"), [("lost", True), ("lost_unperformed", False)])
def test_a_commit_without_an_answer_is_unknown(here, kind, expected):
    from engine.errors import EffectUnknown

    here.sandbox.fault(Fault(kind=kind, call="postgres.Commit"))
    host = here.cluster()["Endpoint"]
    with pytest.raises(EffectUnknown):
        set_up(here, host)
    assert bool(here.sandbox.world.databases[here.cluster()["DbClusterResourceId"]].get("roles")) is expected


def test_no_password_is_in_the_journal(here):
    set_up(here, here.cluster()["Endpoint"])
    journal = repr(here.sandbox.journal)
    assert "right" not in journal
    assert "pässword-1" not in journal
    assert "SCRAM" not in journal
