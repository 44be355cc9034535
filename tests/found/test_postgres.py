"""PostgreSQL: a restored database is hostile input, a password leaves only as SCRAM, and any name of a role works."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import pytest
import yaml

from actions.postgres.postgres_actions import RUN, SETUP_USERS
from engine.errors import EffectFailed, Problem
from engine.language.secret import Secret
from tests.actions.databases import PASSWORD, Database
from tests.cli.commands import Cli
from tests.found.cases import INPUTS
from tests.servers.certificates import Authority
from tests.servers.scripted_server import SILENCE, ScriptedServer, run_scripted_server

FOLDER = INPUTS / "postgres"
APP = Secret(name="db/app")
SECRETS = {"db/app": "the-apps-own"}


def read(name: str) -> str:
    return (FOLDER / name).read_text()


def set_up(database: Database, *users: dict[str, Any], **params: Any) -> Any:
    return SETUP_USERS.run(database.params(users=list(users), **params), database.context(SECRETS))


def run(database: Database, timeout: float = 20.0, **params: Any) -> Any:
    return RUN.run(database.params(**params), database.context(timeout=timeout))


def problem(action: Any, *args: Any, **params: Any) -> Problem:
    with pytest.raises(EffectFailed) as failed:
        action(*args, **params)
    return failed.value.problem


# --- a restored database is hostile input ---


def plant(database: Database, *statements: str) -> str:
    """As an ordinary login that may create in `public`; returns its name."""
    login = database.role("intruder")
    database.as_superuser(
        f"CREATE ROLE {login} LOGIN PASSWORD 'own'", "GRANT CREATE ON SCHEMA public TO PUBLIC",
        f"ALTER ROLE {database.admin} CREATEDB CREATEROLE",
    )  # fmt: skip
    database.as_user("intruder", "own", *(one.replace("app_user", login) for one in statements))
    return login


def rights_of(database: Database, role: str) -> Any:
    return database.as_superuser(f"SELECT rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = '{role}'")


def planted_operators() -> list[str]:
    """The statements of the file; a function's body has semicolons of its own."""
    lines = [line for line in read("planted-operators.sql").splitlines() if not line.startswith("--")]
    bodies = "\n".join(lines).split("$$")
    joined = "".join(
        part.replace(";", "\0") if number % 2 == 0 else f"$${part}$$" for number, part in enumerate(bodies)
    )
    return [one.strip() for one in joined.split("\0") if one.strip()]


def test_operators_that_another_role_planted_do_not_run_as_the_admin(database: Database) -> None:
    database.as_admin("CREATE TABLE items(id serial PRIMARY KEY)")
    login = plant(database, *planted_operators())
    set_up(database, {"name": database.role("app"), "password": APP, "access": "readwrite"})
    assert rights_of(database, login) == [[False, False]]


@pytest.mark.parametrize("path", ["evil, pg_catalog", "evil"])
def test_a_search_path_that_the_database_sets_changes_nothing(database: Database, path: str) -> None:
    """The owner of a database can set its search path; a schema before pg_catalog shadows even exact matches."""
    database.as_superuser(
        "CREATE SCHEMA evil", "GRANT USAGE ON SCHEMA evil TO PUBLIC",
        "CREATE FUNCTION evil.bool_and(boolean) RETURNS boolean LANGUAGE sql AS 'SELECT true'",
        "CREATE VIEW evil.pg_roles AS SELECT 1 AS nothing",
        "CREATE OPERATOR evil.= (LEFTARG = name, RIGHTARG = text, FUNCTION = pg_catalog.namenetext)",
        f"ALTER DATABASE {database.name} SET search_path = {path}",
    )  # fmt: skip
    set_up(database, {"name": database.role("app"), "password": APP, "access": "readonly"})
    assert run(database, query="SELECT count(*) = 1 AS one FROM pg_roles WHERE rolname = current_user::text")[
        "row"
    ] == {"one": True}


SPY = """CREATE FUNCTION public.spy(integer, text) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN EXECUTE 'ALTER ROLE app_user CREATEROLE CREATEDB'; RETURN false; END $$"""
SPYING = "CREATE OPERATOR public.= (LEFTARG = integer, RIGHTARG = text, FUNCTION = public.spy)"


@pytest.mark.parametrize("path", [[], ["app"], ["pg_catalog"]])
def test_an_operators_statement_can_leave_public_out(database: Database, path: list[str]) -> None:
    database.as_admin("CREATE SCHEMA app")
    login = plant(database, SPY, SPYING)
    found = problem(run, database, query="SELECT 1 AS one WHERE 1::integer = '1'::text", search_path=path)
    assert found.also == ("42883",)  # no such operator
    assert rights_of(database, login) == [[False, False]]


def test_names_of_an_operators_statements_are_found(database: Database) -> None:
    database.as_admin("CREATE SCHEMA app", "CREATE TABLE app.items(id int)", "CREATE TABLE items(id int, word text)")
    columns = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'items'::regclass AND attnum > 0"
    assert run(database, query=columns)["row"] == {"count": 2}
    assert run(database, query=columns, search_path=["app", "public"])["row"] == {"count": 1}
    run(database, statements=["CREATE TABLE made(id int)"])
    run(database, statements=["CREATE TABLE made_there(id int)"], search_path=["app"])
    assert run(database, query="SELECT to_regclass('public.made')::text AS a, to_regclass('app.made_there')::text AS b")["row"] == {"a": "made", "b": "app.made_there"}  # fmt: skip


@pytest.mark.parametrize(
    ("given", "searched"),
    [
        (None, '"$user", public, pg_temp'), ([], "pg_catalog, pg_temp"), (['Odd, "Name'], '"Odd, ""Name", pg_temp'),
        (["pg_temp", "app"], "pg_temp, app"),
    ],
)  # fmt: skip
def test_temporary_objects_come_last_unless_they_are_named(database: Database, given: Any, searched: str) -> None:
    more = {} if given is None else {"search_path": given}
    row = run(database, query="SHOW search_path", **more)["row"]
    assert row == {"search_path": searched}


# --- a password leaves only as SCRAM, unless the server was verified in full ---


def asks(method: int, more: bytes = b"") -> bytes:
    """PostgreSQL's AuthenticationXXX message."""
    body = method.to_bytes(4, "big") + more
    return b"R" + (len(body) + 4).to_bytes(4, "big") + body


CLEAR, MD5, OK = asks(3), asks(5, b"salt"), asks(0)
SASL = asks(10, b"SCRAM-SHA-256\0\0")
READY = b"Z\0\0\0\x05I"


def refused(server: ScriptedServer, database: Database, **params: Any) -> Problem:
    found = problem(run, database, query="SELECT 1", host="127.0.0.1", port=server.port, timeout=5.0, **params)
    sent = b"".join(server.received)
    assert PASSWORD.encode() not in sent
    assert sent.endswith((b"UTF8\0\0X\0\0\0\4", b"UTF8\0\0"))  # the start-up message, and "terminate" at most
    return found


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        (CLEAR, "asks for the password in the clear"), (MD5, "asks for the password as an MD5 hash"),
        (asks(7), "asks for another proof (method 7)"), (OK + READY, "without a proof that it knows the password"),
    ],
)  # fmt: skip
def test_a_server_on_the_way_gets_nothing_without_tls(database: Database, reply: bytes, text: str) -> None:
    with run_scripted_server([reply, SILENCE]) as server:
        found = refused(server, database, tls="off")
    assert (found.name, found.category) == ("AuthenticationFailed", "denied")
    assert text in found.message
    assert "`tls: verify-full`" in found.message


def test_a_server_that_skips_its_part_of_scram_gets_nothing(database: Database) -> None:
    with run_scripted_server([SASL, OK + READY, SILENCE]) as server:
        found = problem(run, database, query="SELECT 1", host="127.0.0.1", port=server.port, tls="off")
    assert found.name == "AuthenticationFailed"
    assert b"SELECT 1" not in b"".join(server.received)
    assert PASSWORD.encode() not in b"".join(server.received)


@pytest.mark.parametrize("mode", ["require", "verify-ca", "verify-full"])
@pytest.mark.parametrize("reply", [CLEAR, MD5])
def test_a_server_behind_tls_gets_the_password_only_if_it_is_verified_in_full(
    database: Database, tmp_path: Path, mode: str, reply: bytes
) -> None:
    authority = Authority.made(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("localhost", tmp_path))
    with run_scripted_server([b"S", reply, SILENCE], tls=context) as server:
        host = "localhost" if mode == "verify-full" else "127.0.0.1"
        found = problem(
            run, database, query="SELECT 1", host=host, port=server.port, tls=mode, ca=str(authority.certificate),
            timeout=2.0,
        )  # fmt: skip
        answered = b"\0p\0\0\0" in server.received[-1]
    assert answered == (mode == "verify-full")
    if mode != "verify-full":
        assert found.name == "AuthenticationFailed"


def test_no_message_advises_to_switch_tls_off(database: Database) -> None:
    with run_scripted_server([b"N"]) as server:
        found = problem(run, database, query="SELECT 1", host="127.0.0.1", port=server.port)
    assert found.name == "TlsFailed"
    assert "tls: off" not in found.message


# --- names, the reader, the timeout ---


@pytest.mark.parametrize("name", ["svc-orders", "ana.lopez", "Ana Lopez", "1st", "é", "order", "a@EXAMPLE.COM", "x;--"])
def test_any_name_of_a_role_works(database: Database, name: str) -> None:
    database.as_admin('CREATE SCHEMA "My.schema"', 'CREATE TABLE "My.schema"."T-1"(id int)')
    role, group = f"{database.name}-{name}", f"{database.name}.{name}"
    database.as_admin(f'CREATE ROLE "{group}"')
    user = {"name": role, "password": APP, "access": "readonly", "member_of": [group], "schemas": ["My.schema"]}
    assert set_up(database, user)["created"] == [role]
    assert set_up(database, user)["changed"] == [role]
    rows = database.server.ask(
        'SELECT count(*) FROM "My.schema"."T-1"', user=role, password=SECRETS["db/app"], database=database.name
    )
    assert rows == [[0]]


@pytest.mark.parametrize(
    "name", ["role-names", "read-only-writer", "by-sqlstate", "long-statement", "long-with-timeout"]
)
def test_the_runbooks_are_valid(cli: Cli, name: str) -> None:
    document = cli("validate", str(FOLDER / f"{name}.yaml"), "-o", "json").document
    assert [one for one in document["findings"] if one["severity"] == "error"] == []


def test_users_of_the_runbook_are_set_up(database: Database) -> None:
    [step] = yaml.safe_load(read("role-names.yaml"))["steps"]
    users = [one | {"name": f"{database.name}-{one['name']}"} for one in step["with"]["users"]]
    made = set_up(database, *(one | ({"password": APP} if "password" in one else {}) for one in users))
    assert made["created"] == [one["name"] for one in users]


def test_a_reader_is_named_and_passes_by_itself(database: Database) -> None:
    database.as_superuser(f"ALTER DATABASE {database.name} SET default_transaction_read_only = on")
    for found in (
        problem(run, database, statements=["CREATE TABLE x(id int)"]),
        problem(run, database, statements=["CREATE TABLE x(id int)", "SELECT 1"]),
        problem(set_up, database, {"name": database.role("app"), "password": APP}),
    ):
        assert (found.name, found.category, found.also) == ("ReadOnly", "conflict", ("25006",))
        assert "this is a reader" in found.message


@pytest.mark.parametrize("error", ["ReadOnly", '"25006"'])
def test_a_rescue_may_match_a_reader(cli: Cli, tmp_path: Path, error: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(read("by-sqlstate.yaml").replace('"25006"', error))
    assert cli("validate", str(file)).code == 0


def test_a_query_that_writes_is_not_a_reader(database: Database) -> None:
    found = problem(run, database, query="CREATE TABLE x(id int)")
    assert (found.name, found.category) == ("PostgresError", "internal")
    assert "this is a reader" not in found.message


def test_the_steps_timeout_is_named(database: Database) -> None:
    [step] = yaml.safe_load(read("long-statement.yaml"))["steps"]
    found = problem(run, database, timeout=0.5, statements=step["with"]["statements"])
    assert found.also == ("57014",)
    assert "the step's own `timeout`" in found.message
    assert "give the step a longer `timeout:`" in found.message


def test_the_default_timeout_is_long_enough_and_documented(cli: Cli) -> None:
    from actions import build_registry
    from engine.cli.files import load_runbook
    from engine.cli.runner.leases import lease_seconds

    registry = build_registry(entry_points=False)
    book = load_runbook(str(FOLDER / "long-statement.yaml"), registry, quiet=True)
    assert [step.timeout for step in book.steps] == [1800]
    assert lease_seconds([book], least=90) > 1800
    longer = load_runbook(str(FOLDER / "long-with-timeout.yaml"), registry, quiet=True)
    assert [step.timeout for step in longer.steps] == [7200]
    assert "30m" in cli("actions", "postgres.run").out
