"""The pretend PostgreSQL: who gets in, transactions, the statements of `postgres.setup_users`, what it refuses."""

from __future__ import annotations

import pytest
from pg8000.exceptions import DatabaseError, InterfaceError

from actions.postgres.passwords import fits, verifier
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
def there(make):
    return make(WORLD)


@pytest.fixture
def connect(there):
    def connecting(cluster="orders", **more):
        host = there.cluster(cluster)["Endpoint"]
        usual = {"host": host, "port": 5432, "user": "admin", "password": "right", "database": "postgres", "timeout": 5}
        return there.sandbox.network.postgres(**(usual | more))

    return connecting


def code_of(do):
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
def test_who_does_not_get_in(connect, cluster, more, code):
    assert code_of(lambda: connect(cluster, **more)) == code


@pytest.mark.parametrize(("cluster", "more"), [
    ("orders", {}), ("orders", {"database": "shop"}), ("any", {"user": "x", "password": "y", "database": "z"}),
])  # fmt: skip
def test_who_gets_in(connect, cluster, more):
    assert connect(cluster, **more).run("SELECT version()") == [["PostgreSQL 15.4 on sandbox"]]


def test_the_password_is_the_snapshots_until_it_is_changed(there, connect):
    there.rds.create_db_cluster_snapshot(DBClusterIdentifier="orders", DBClusterSnapshotIdentifier="taken")
    there.sleep(300)
    there.restore("taken")
    there.sleep(720)
    there.add_instance("restored-1", "restored")
    there.sleep(480)
    connect("restored", database="shop")
    assert code_of(lambda: connect("restored", password="another-one")) == "28P01"
    there.rds.modify_db_cluster(DBClusterIdentifier="restored", MasterUserPassword="another-one")
    assert code_of(lambda: connect("restored")) == "28P01"
    connect("restored", password="another-one")


def test_roles_are_there_after_the_commit_and_not_before(connect):
    names = {"names": ["app"]}
    from actions.postgres.catalog_queries import ROLES

    made, other = connect(), connect()
    made.run("BEGIN")
    made.run(f"CREATE ROLE app LOGIN PASSWORD '{verifier('pw')}'")
    made.run("COMMENT ON ROLE app IS 'it''s ours'")
    assert made.run(ROLES, **names) == [["app", True, "it's ours"]]
    assert other.run(ROLES, **names) == []
    made.run("COMMIT")
    assert other.run(ROLES, **names) == [["app", True, "it's ours"]]
    connect(user="app", password="pw")
    assert code_of(lambda: connect(user="app", password="no")) == "28P01"


@pytest.mark.parametrize("end", ["ROLLBACK", None])
def test_what_is_not_committed_is_nothing(connect, end):
    made = connect()
    made.run("BEGIN")
    made.run("CREATE ROLE app")
    if end:
        made.run(end)
    else:
        made.close()
    assert code_of(lambda: connect().run("DROP ROLE app")) == "42704"


def test_after_an_error_a_transaction_only_ends(connect):
    made = connect()
    made.run("BEGIN")
    made.run("CREATE ROLE app")
    assert code_of(lambda: made.run("DROP ROLE nobody")) == "42704"
    assert code_of(lambda: made.run("CREATE ROLE other")) == "25P02"
    made.run("COMMIT")  # which takes it back
    made.run("CREATE ROLE app")


def test_a_read_only_transaction_changes_nothing(connect):
    made = connect()
    made.run("BEGIN READ ONLY")
    assert code_of(lambda: made.run("CREATE ROLE app")) == "25006"


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("CREATE ROLE admin", "42710"),
        ("ALTER ROLE nobody LOGIN", "42704"),
        ("COMMENT ON ROLE nobody IS 'x'", "42704"),
        ("GRANT nobody TO admin", "42704"),
        ("CREATE SCHEMA public", "42P06"),
        ("SELECT * FROM secrets", "0A000"),
        ("MERGE INTO x", "0A000"),
    ],
)
def test_what_is_refused(connect, statement, code):
    assert code_of(lambda: connect().run(statement)) == code


def test_a_statement_that_it_does_not_know_says_how_to_teach_it(connect):
    with pytest.raises(DatabaseError) as caught:
        connect().run("VACUUM orders")
    told = caught.value.args[0]
    assert "the sandbox's database does not know this statement: VACUUM orders" in told["M"]
    assert "sql:" in told["H"]


def test_what_the_world_says_it_answers(there, connect):
    made = connect()
    assert made.run("SELECT  count(*) AS n\nFROM orders;") == [[5]]
    assert [column["name"] for column in made.columns] == ["n"]
    assert made.run("SELECT name FROM shops") == [["a"], ["b"]]
    assert made.row_count == 2
    assert made.run("SELECT 1 WHERE false") == []
    assert made.run("UPDATE flags SET live = true") == []
    assert made.row_count == 3
    assert [call.name for call in there.sandbox.journal][-2:] == ["postgres.Connect", "postgres.Execute"]


def test_a_closed_connection(connect):
    made = connect()
    made.close()
    with pytest.raises(InterfaceError, match="connection is closed"):
        made.run("SELECT 1")


def delete(there):
    there.rds.delete_db_instance(DBInstanceIdentifier="orders-1", SkipFinalSnapshot=True)
    there.rds.delete_db_cluster(DBClusterIdentifier="orders", SkipFinalSnapshot=True)
    there.sleep(300)
    there.rds.describe_db_clusters()


@pytest.mark.parametrize("go", [lambda there: there.sandbox.remove("rds.cluster/orders@us-west-2"), delete])
def test_a_cluster_that_goes_takes_its_connections_along(there, connect, go):
    made = connect()
    go(there)
    with pytest.raises(InterfaceError, match="network error"):
        made.run("SELECT 1")


# -- the action over it --------------------------------------------------------------------------------------


def context(there):
    from engine.registry import Context

    values = {"admin": ADMIN, "app": "pässword-1", "reader": "it's \\ %"}
    return Context(
        region="us-west-2", account=None, clients=there.sandbox.clients, secret=lambda secret: values[secret.name],
        network=there.sandbox.network, now=there.sandbox.clock.now, operation="op-1",
    )  # fmt: skip


def set_up(there, host, **more):
    from actions.postgres.setup_users import setup_users
    from engine.language.secret import Secret

    users = [
        {"name": "app", "password": Secret(name="app"), "access": "readwrite", "member_of": "reader"},
        {"name": "reader", "password": Secret(name="reader"), "access": "readonly"},
    ]
    params = {"host": host, "port": 5432, "admin": Secret(name="admin"), "users": users} | more
    return setup_users(params, context(there))


def test_users_are_set_up_twice_and_are_the_same(there, connect):
    host = there.cluster()["Endpoint"]
    assert set_up(there, host) == {"created": ["app", "reader"], "changed": [], "unchanged": []}
    again = set_up(there, host)
    assert again["created"] == []
    roles = there.sandbox.world.databases[there.cluster()["DbClusterResourceId"]]["roles"]
    assert fits(roles["app"]["stored"], "pässword-1")
    assert roles["app"]["groups"] == ["reader"]
    assert roles["reader"]["comment"] == "set up by runbook, operation op-1"
    connect(user="reader", password="it's \\ %", database="shop")


def test_a_schema_that_is_not_there(there):
    from engine.errors import EffectFailed

    users = [{"name": "app", "access": "readonly", "schemas": ["nowhere"]}]
    with pytest.raises(EffectFailed, match='schema "nowhere" does not exist'):
        set_up(there, there.cluster()["Endpoint"], users=users)


@pytest.mark.parametrize(("kind", "there_are"), [("lost", True), ("lost_unperformed", False)])
def test_a_commit_without_an_answer_is_unknown(there, kind, there_are):
    from engine.errors import EffectUnknown

    there.sandbox.fault(Fault(kind=kind, call="postgres.Commit"))
    host = there.cluster()["Endpoint"]
    with pytest.raises(EffectUnknown):
        set_up(there, host)
    assert bool(there.sandbox.world.databases[there.cluster()["DbClusterResourceId"]].get("roles")) is there_are


def test_no_password_is_in_the_journal(there):
    set_up(there, there.cluster()["Endpoint"])
    told = repr(there.sandbox.journal)
    assert "right" not in told
    assert "pässword-1" not in told
    assert "SCRAM" not in told
