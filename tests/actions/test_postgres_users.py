"""postgres.setup_users against a real server: roles, privileges, repetition, and what is not changed."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from pg8000.exceptions import DatabaseError

from actions.postgres.postgres_actions import SETUP_USERS
from engine.errors import EffectFailed
from engine.language.secret import Secret
from tests.actions.databases import PASSWORD, Database

APP, READER = Secret(name="db/app", field="app"), Secret(name="db/reader", field="reader")
SECRETS = {"db/app": "the-apps-own", "db/reader": "the-readers-own"}

STATE = """
SELECT r.oid, r.rolname, r.rolcanlogin, r.rolsuper, r.rolcreaterole,
  ARRAY(SELECT m.roleid::regrole::text FROM pg_auth_members m WHERE m.member = r.oid ORDER BY 1),
  (SELECT array_agg(c.relname || c.relacl::text ORDER BY c.relname) FROM pg_class c
   WHERE c.relnamespace = 'public'::regnamespace),
  (SELECT nspacl::text FROM pg_namespace WHERE nspname = 'public'),
  (SELECT array_agg(d.defaclobjtype::text || d.defaclacl::text ORDER BY d.defaclobjtype) FROM pg_default_acl d)
FROM pg_roles r WHERE r.rolname LIKE '{name}\\_%' ORDER BY 2"""


def users(database: Database, **more: Any) -> list[dict[str, Any]]:
    return [
        {"name": database.role("app"), "password": APP, "access": "readwrite"} | more,
        {"name": database.role("reader"), "password": READER, "access": "readonly"} | more,
    ]


def set_up(database: Database, listed: Any, secrets: dict[str, Any] | None = None, **more: Any) -> Any:
    return SETUP_USERS.run(database.params(users=listed), database.context(SECRETS | (secrets or {}), **more))


def names(database: Database, *short: str) -> list[str]:
    return [database.role(one) for one in short]


def refused(ask: Callable[[], Any]) -> str:
    """The SQLSTATE with which the server refuses."""
    with pytest.raises(DatabaseError) as no:
        ask()
    code: str = no.value.args[0]["C"]
    return code


def test_repeating_changes_nothing(database: Database) -> None:
    database.as_admin("CREATE TABLE items(id serial PRIMARY KEY)")
    first = set_up(database, users(database))
    once = database.as_superuser(STATE.format(name=database.name))
    second = set_up(database, users(database))
    assert first == {"created": names(database, "app", "reader"), "changed": [], "unchanged": []}
    # Its verifier cannot be read by who is no superuser, so the password is set again: to the same.
    assert second == {"created": [], "changed": names(database, "app", "reader"), "unchanged": []}
    assert database.as_superuser(STATE.format(name=database.name)) == once
    assert len(once) == 3


def test_no_statement_is_sent_if_nothing_is_missing(database: Database) -> None:
    database.as_superuser(f"ALTER ROLE {database.admin} SUPERUSER", "CREATE TABLE items(id serial PRIMARY KEY)")
    set_up(database, users(database))
    before = len(database.server.log)
    assert set_up(database, users(database))["unchanged"] == names(database, "app", "reader")
    log = database.server.log[before:]
    assert b"ALTER ROLE" not in log
    assert b"COMMENT" not in log
    changed = set_up(database, users(database), {"db/reader": "another-one"})
    assert changed == {"created": [], "changed": names(database, "reader"), "unchanged": names(database, "app")}
    assert database.as_user("reader", "another-one", "SELECT 1") == [[1]]


@pytest.mark.parametrize(
    "password",
    ["it's-planted", "back\\slash-planted", "100%s-planted", "{{ planted }}", "é-planted", "${planted} x", '"planted"'],
)
def test_any_password_works_and_none_is_in_the_servers_log(database: Database, password: str) -> None:
    set_up(database, users(database), {"db/app": password})
    assert database.as_user("app", password, "SELECT current_user") == [[database.role("app")]]
    assert b"CREATE ROLE" in database.server.log
    for written in (password, password.replace("'", "''"), password.replace("\\", "\\\\")):
        assert written.encode() not in database.server.log
    assert PASSWORD.encode() not in database.server.log.replace(f"PASSWORD '{PASSWORD}'".encode(), b"")


def test_readwrite_may_read_and_write(database: Database) -> None:
    database.as_admin(
        "CREATE TABLE items(id serial PRIMARY KEY, word text)", "CREATE VIEW words AS SELECT word FROM items"
    )
    set_up(database, users(database))
    database.as_admin("CREATE TABLE later(id serial PRIMARY KEY)")
    for table in ("items", "later"):
        done = database.as_user(
            "app", SECRETS["db/app"], f"INSERT INTO {table} DEFAULT VALUES", f"UPDATE {table} SET id = id + 1",
            f"DELETE FROM {table}", f"SELECT count(*) FROM {table}",
        )  # fmt: skip
        assert done == [[0]]
    assert database.as_user("app", SECRETS["db/app"], "SELECT count(*) FROM words") == [[0]]
    assert refused(lambda: database.as_user("app", SECRETS["db/app"], "TRUNCATE items")) == "42501"
    assert refused(lambda: database.as_user("app", SECRETS["db/app"], "CREATE TABLE own(id int)")) == "42501"


def test_readonly_may_only_read(database: Database) -> None:
    database.as_admin("CREATE TABLE items(id serial PRIMARY KEY)", "INSERT INTO items DEFAULT VALUES")
    set_up(database, users(database))
    database.as_admin("CREATE TABLE later(id serial PRIMARY KEY)")
    for table, rows in (("items", 1), ("later", 0)):
        assert database.as_user("reader", SECRETS["db/reader"], f"SELECT count(*) FROM {table}") == [[rows]]
        for statement in (f"INSERT INTO {table} DEFAULT VALUES", f"UPDATE {table} SET id = 2", f"DELETE FROM {table}"):
            assert refused(lambda asked=statement: database.as_user("reader", SECRETS["db/reader"], asked)) == "42501"
    assert (
        refused(lambda: database.as_user("reader", SECRETS["db/reader"], "SELECT nextval('items_id_seq')")) == "42501"
    )


def test_none_grants_nothing(database: Database) -> None:
    database.as_admin("CREATE TABLE items(id int)")
    set_up(database, users(database, access="none"))
    assert database.as_user("app", SECRETS["db/app"], "SELECT 1") == [[1]]
    assert refused(lambda: database.as_user("app", SECRETS["db/app"], "SELECT * FROM items")) == "42501"


def test_privileges_are_granted_in_the_listed_schemas(database: Database) -> None:
    database.as_admin(
        'CREATE SCHEMA "Odd Name"', 'CREATE TABLE "Odd Name"."It""s"(id int)', "CREATE TABLE items(id int)"
    )
    set_up(database, users(database, schemas=["Odd Name"]))
    assert database.as_user("reader", SECRETS["db/reader"], 'SELECT count(*) FROM "Odd Name"."It""s"') == [[0]]
    assert refused(lambda: database.as_user("reader", SECRETS["db/reader"], "SELECT * FROM items")) == "42501"


def test_earlier_grants_are_kept(database: Database) -> None:
    database.as_admin(
        "CREATE TABLE items(id int)",
        f"CREATE ROLE {database.role('app')}",
        f"GRANT TRUNCATE ON items TO {database.role('app')}",
    )
    set_up(database, users(database, access="readonly"))
    database.as_user("app", SECRETS["db/app"], "TRUNCATE items")
    set_up(database, users(database, access="none"))
    assert database.as_user("app", SECRETS["db/app"], "SELECT count(*) FROM items") == [[0]]


def test_users_join_existing_groups_and_each_other(database: Database) -> None:
    database.as_admin(f"CREATE ROLE {database.role('staff')}")
    app, reader = users(database)
    listed = [app | {"member_of": [database.role("reader"), database.role("staff")]}, reader]
    assert set_up(database, listed)["created"] == names(database, "app", "reader")
    set_up(database, listed)
    [[groups]] = database.as_superuser(
        f"SELECT array_agg(roleid::regrole::text ORDER BY 1) FROM pg_auth_members WHERE member = '{database.role('app')}'::regrole"
    )
    assert groups == sorted(names(database, "reader", "staff"))


def test_a_role_gets_a_comment_unless_it_has_another(database: Database) -> None:
    database.as_admin(
        f"CREATE ROLE {database.role('reader')}", f"COMMENT ON ROLE {database.role('reader')} IS 'ask Jo'"
    )
    set_up(database, users(database))
    set_up(database, users(database), operation="op-002")
    comments = database.as_superuser(
        f"SELECT shobj_description(oid, 'pg_authid') FROM pg_roles WHERE rolname LIKE '{database.name}\\_%r' OR rolname LIKE '{database.name}\\_app' ORDER BY rolname"
    )
    assert comments == [["set up by runbook, operation op-002"], ["ask Jo"]]


def test_the_list_of_users_may_be_a_secret(database: Database) -> None:
    listed = [{"name": database.role("app"), "password": "in-the-list", "access": "readonly"}]
    done = set_up(database, Secret(name="db/users"), {"db/users": listed})
    assert done["created"] == names(database, "app")
    assert database.as_user("app", "in-the-list", "SELECT 1") == [[1]]


def test_without_a_password_the_old_one_is_kept(database: Database) -> None:
    set_up(database, users(database))
    [app, _] = users(database)
    assert set_up(database, [{key: app[key] for key in ("name", "access")}])["unchanged"] == names(database, "app")
    assert database.as_user("app", SECRETS["db/app"], "SELECT 1") == [[1]]


@pytest.mark.parametrize(
    "rights", ["", "GRANT SELECT ON secrets TO PUBLIC"], ids=["no right at all", "one that cannot be granted on"]
)
def test_tables_of_another_owner_are_refused_and_nothing_is_changed(database: Database, rights: str) -> None:
    database.as_superuser("CREATE TABLE secrets(id int)", *filter(None, [rights]))
    with pytest.raises(EffectFailed) as no:
        set_up(database, users(database))
    assert (no.value.problem.name, no.value.problem.category) == ("InsufficientPrivilege", "denied")
    assert "secrets" in no.value.problem.message
    assert "GRANT the owner's role" in no.value.problem.message
    assert database.as_superuser(f"SELECT count(*) FROM pg_roles WHERE rolname LIKE '{database.name}\\_app'") == [[0]]


def test_objects_of_an_extension_are_not_granted(database: Database) -> None:
    database.as_superuser("CREATE EXTENSION pg_stat_statements", "REVOKE ALL ON pg_stat_statements FROM PUBLIC")
    assert set_up(database, users(database))["created"] == names(database, "app", "reader")


def test_an_admin_who_cannot_create_roles_is_told_what_is_missing(database: Database) -> None:
    database.as_superuser(f"ALTER ROLE {database.admin} NOCREATEROLE")
    with pytest.raises(EffectFailed) as no:
        set_up(database, users(database))
    assert no.value.problem.name == "InsufficientPrivilege"
    assert f'ALTER ROLE "{database.admin}" CREATEROLE' in no.value.problem.message


def test_a_missing_schema_is_refused(database: Database) -> None:
    with pytest.raises(EffectFailed) as no:
        set_up(database, users(database, schemas=["nowhere"]))
    assert (no.value.problem.name, no.value.problem.also) == ("PostgresError", ("3F000",))
    assert 'schema "nowhere" does not exist (SQLSTATE 3F000)' in no.value.problem.message


def test_the_admin_cannot_be_one_of_the_users(database: Database) -> None:
    with pytest.raises(EffectFailed) as no:
        set_up(database, [{"name": database.admin, "password": APP}])
    assert "is the admin that connects" in no.value.problem.message
    assert database.as_admin("SELECT 1") == [[1]]


def test_everything_ends_with_the_steps_timeout_and_nothing_is_changed(database: Database) -> None:
    def cut_off_after(seconds: int) -> Any:
        ticking = count()
        return set_up(database, users(database), now=lambda: float(next(ticking)), timeout=float(seconds))

    messages = set()
    for seconds in range(1, 100):
        try:
            done = cut_off_after(seconds)
            break
        except EffectFailed as no:
            messages.add(no.problem.message.partition(": ")[2])
    assert messages == {"the step's `timeout` has passed; nothing was changed"}
    assert seconds > 20
    assert done["created"] == names(database, "app", "reader")  # whatever was made before was taken back


def test_roles_of_another_creator_need_the_admin_option(database: Database) -> None:
    """Since PostgreSQL 16, CREATEROLE is not enough for them, and the error says what is."""
    app, staff = database.role("app"), database.role("staff")
    database.as_superuser(f"CREATE ROLE {app}", f"CREATE ROLE {staff}")
    listed = [users(database)[0] | {"member_of": [staff]}]
    [[version]] = database.as_superuser("SELECT CAST(current_setting('server_version_num') AS int)")
    for role in (app, staff) if version >= 160_000 else ():
        with pytest.raises(EffectFailed) as no:
            set_up(database, listed)
        assert (no.value.problem.name, no.value.problem.category) == ("InsufficientPrivilege", "denied")
        assert f'ADMIN option on role "{role}"' in no.value.problem.message
        assert f'must GRANT it TO "{database.admin}" WITH ADMIN OPTION' in no.value.problem.message
        database.as_superuser(f'GRANT {role} TO "{database.admin}" WITH ADMIN OPTION')
    assert set_up(database, listed)["changed"] == [app]
    assert database.as_superuser(f"SELECT pg_has_role('{app}', '{staff}', 'MEMBER')") == [[True]]
