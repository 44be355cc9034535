"""How a session is opened: TLS modes, the login, and every way in which it can fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actions.postgres.postgres_actions import RUN
from actions.postgres.tls import context as tls_context
from engine.errors import EffectFailed, Problem
from engine.language.secret import Secret
from tests.actions.databases import ADMIN, PASSWORD, Database, new_database
from tests.servers.certificates import Authority
from tests.servers.postgres import Postgres, free_port
from tests.servers.scripted_server import SILENCE, ScriptedServer, error_response, run_scripted_server

QUERY = "SELECT 1 AS one"


def ask(database: Database, secrets: dict[str, Any] | None = None, /, **params: Any) -> Any:
    given = {name: value for name, value in database.params(query=QUERY, **params).items() if value is not None}
    return RUN.run(given, database.context(secrets, sources={"admin": "secret:db/master"}))["row"]


def problem(database: Database, secrets: dict[str, Any] | None = None, /, **params: Any) -> Problem:
    with pytest.raises(EffectFailed) as failed:
        ask(database, secrets, **params)
    return failed.value.problem


@pytest.fixture(scope="module")
def database(postgres: Postgres) -> Database:
    """One database for all tests, because they change nothing."""
    return new_database(postgres)


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The certificate of an authority that did not issue the server's."""
    return str(Authority.made(tmp_path_factory.mktemp("stranger"), "stranger").certificate)


# --- TLS ---


@pytest.mark.parametrize(
    ("params", "works"),
    [
        ({}, True),
        ({"tls": "verify-full"}, True),
        ({"tls": "verify-full", "host": "127.0.0.1"}, False),
        ({"tls": "verify-ca", "host": "127.0.0.1"}, True),
        ({"tls": "verify-full", "ca": None}, False),
        ({"tls": "verify-ca", "ca": None}, False),
        ({"tls": "require", "ca": None, "host": "127.0.0.1"}, True),
        ({"tls": "off"}, False),
        ({"tls": "off", "database": "clear"}, True),
    ],
)
def test_each_mode_accepts_its_certificates(database: Database, params: dict[str, Any], works: bool) -> None:
    if params.get("database") and not database.as_superuser("SELECT FROM pg_database WHERE datname = 'clear'"):
        database.as_superuser("CREATE DATABASE clear")
    if works:
        assert ask(database, **params) == {"one": 1}
        return
    found = problem(database, **params)
    assert (found.name, found.category) == ("TlsFailed", "config")


def test_a_certificate_for_another_host_is_named(database: Database) -> None:
    found = problem(database, host="127.0.0.1")
    assert "not valid for '127.0.0.1'" in found.message
    assert "`tls: verify-ca`" in found.message


def test_an_unknown_authority_says_how_to_name_it(database: Database, stranger: str) -> None:
    found = problem(database, ca=stranger)
    assert "unable to get local issuer certificate" in found.message
    assert "RUNBOOK_DATABASE_CA" in found.message
    assert "global-bundle.pem" in found.message


def test_a_server_that_requires_tls_is_named(database: Database) -> None:
    found = problem(database, tls="off")
    assert "no encryption" in found.message
    assert found.also == ("28000",)


@pytest.mark.parametrize("name", ["RUNBOOK_DATABASE_CA", "PGSSLROOTCERT"])
def test_environment_variables_name_authorities(database: Database, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, str(database.server.authority))
    assert ask(database, ca=None) == {"one": 1}


def test_the_parameter_takes_precedence_over_the_environment(database: Database, stranger: str) -> None:
    named = {"RUNBOOK_DATABASE_CA": stranger, "PGSSLROOTCERT": "/nowhere"}
    assert tls_context("verify-full", str(database.server.authority), named)
    assert tls_context("verify-full", None, named)
    with pytest.raises(EffectFailed, match="PGSSLROOTCERT"):
        tls_context("verify-full", None, {"PGSSLROOTCERT": "/nowhere"})


def test_libpqs_default_file_is_trusted(database: Database, tmp_path: Path) -> None:
    (tmp_path / ".postgresql").mkdir()
    (tmp_path / ".postgresql" / "root.crt").write_bytes(database.server.authority.read_bytes())
    trusting = tls_context("verify-full", None, {"HOME": str(tmp_path)})
    plain = tls_context("verify-full", None, {"HOME": "/nowhere"})
    assert trusting
    assert plain
    assert len(trusting.get_ca_certs()) == len(plain.get_ca_certs()) + 1


@pytest.mark.parametrize(("text", "why"), [(None, "No such file"), ("no certificate", "no certificate in it")])
def test_a_file_without_certificates_is_refused(database: Database, tmp_path: Path, text: str | None, why: str) -> None:
    path = tmp_path / "bundle.pem"
    if text is not None:
        path.write_text(text)
    found = problem(database, ca=str(path))
    assert (found.name, found.category) == ("TlsFailed", "config")
    assert why in found.message
    assert str(path) in found.message


def test_a_corrected_file_is_read_again(database: Database, tmp_path: Path, stranger: str) -> None:
    path = tmp_path / "bundle.pem"
    path.write_bytes(Path(stranger).read_bytes())
    assert problem(database, ca=str(path)).name == "TlsFailed"
    path.write_bytes(database.server.authority.read_bytes())
    assert ask(database, ca=str(path)) == {"one": 1}


# --- who logs in ---


@pytest.mark.parametrize(
    ("login", "name", "category", "text"),
    [
        ({"password": "another"}, "AuthenticationFailed", "denied", "admin` (from secret:db/master)"),
        ({"username": "nobody_at_all"}, "AuthenticationFailed", "denied", "as nobody_at_all"),
        ({"database": "nowhere"}, "DatabaseNotFound", "config", 'database "nowhere" does not exist'),
        ({"dbname": "nowhere"}, "DatabaseNotFound", "config", "name another one with `database:`"),
        ({"password": None}, "InvalidSecret", "config", "username and password"),
        ({"username": ""}, "InvalidSecret", "config", "username and password"),
        ({"password": "line\n"}, "InvalidPassword", "config", "line break at its end"),
    ],
)
def test_a_wrong_login_is_refused_with_advice(
    database: Database, login: dict[str, Any], name: str, category: str, text: str
) -> None:
    right = {"username": database.admin, "password": PASSWORD, "database": database.name}
    if "dbname" in login:
        del right["database"]
    found = problem(database, {ADMIN.name: right | login})
    assert (found.name, found.category) == (name, category)
    assert text in found.message


@pytest.mark.parametrize("value", ["text", [1], None])
def test_a_secret_without_a_login_is_refused(database: Database, value: Any) -> None:
    assert problem(database, {ADMIN.name: value}).name == "InvalidSecret"


@pytest.mark.parametrize("admin", [{"username": "admin", "password": "written down"}, "admin:written down"])
def test_a_login_in_plain_text_is_refused(database: Database, admin: Any) -> None:
    found = problem(database, admin=admin)
    assert found.name == "InvalidSecret"
    assert "write `secret:NAME`" in found.message
    assert "written down" not in found.message


def test_the_database_is_the_parameters_else_admins_else_postgres(database: Database) -> None:
    def connected(login: dict[str, Any], **more: Any) -> str:
        params = database.params(query="SELECT current_database() AS name", **more)
        secrets = {ADMIN.name: {"username": database.admin, "password": PASSWORD} | login}
        name: str = RUN.run(params, database.context(secrets))["row"]["name"]
        return name

    assert connected({"database": database.name}) == database.name
    assert connected({"dbname": database.name}) == database.name
    assert connected({}) == "postgres"
    assert connected({"database": database.name}, database="postgres") == "postgres"


def test_an_unknown_mode_is_refused(database: Database) -> None:
    found = problem(database, tls="of")
    assert found.name == "InvalidParameter"
    assert "verify-full, verify-ca, require, off" in found.message


@pytest.mark.parametrize("timeout", ["soon", "10", 0, -1])
def test_an_invalid_timeout_is_refused(database: Database, timeout: Any) -> None:
    assert problem(database, timeout=timeout).name == "InvalidParameter"


# --- what does not answer, or not well ---


def problem_with(server: ScriptedServer, database: Database, **more: Any) -> Problem:
    return problem(database, **{"host": "127.0.0.1", "port": server.port, "tls": "off"} | more)


def test_a_closed_port_is_a_connection_timeout(database: Database) -> None:
    found = problem(database, port=free_port())
    assert (found.name, found.category) == ("ConnectionTimeout", "timeout")
    assert found.message.endswith(": connection refused")


def test_an_unknown_host_is_a_connection_timeout(database: Database) -> None:
    found = problem(database, host="orders.cluster-abc.invalid", timeout="2s")
    assert found.name == "ConnectionTimeout"
    assert "unknown host name" in found.message or "name service" in found.message


@pytest.mark.parametrize("tls", ["verify-full", "off"])
def test_a_server_that_never_answers_is_a_connection_timeout(database: Database, tls: str) -> None:
    with run_scripted_server([SILENCE]) as server:
        found = problem_with(server, database, tls=tls, timeout=0.2)
    assert (found.name, found.category) == ("ConnectionTimeout", "timeout")
    assert found.message.endswith(": no answer")


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("57P03", "the database system is starting up"),
        ("53300", "sorry, too many clients already"),
        ("57P01", "terminating connection due to administrator command"),
    ],
)
def test_a_server_that_is_starting_is_a_connection_timeout(database: Database, code: str, text: str) -> None:
    with run_scripted_server([error_response(code, text)]) as server:
        found = problem_with(server, database)
    assert (found.name, found.category, found.also) == ("ConnectionTimeout", "timeout", (code,))
    assert text in found.message


def test_a_server_without_tls_says_how_to_connect(database: Database) -> None:
    with run_scripted_server([b"N"]) as server:
        found = problem_with(server, database, tls="verify-full")
    assert (found.name, found.category) == ("TlsFailed", "config")
    assert "does not support TLS" in found.message


def test_a_server_that_closes_during_tls_is_a_connection_timeout(database: Database) -> None:
    with run_scripted_server([b"S", b"not TLS at all, by no means"]) as server:
        found = problem_with(server, database, tls="verify-full")
    assert (found.name, found.category) == ("TlsFailed", "config")


@pytest.mark.parametrize("text", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 50])
def test_another_protocol_is_a_postgres_error(database: Database, text: bytes) -> None:
    with run_scripted_server([text]) as server:
        found = problem_with(server, database)
    assert found.name in ("PostgresError", "ConnectionTimeout")
    assert found.category in ("internal", "timeout")


def test_a_secret_is_read_by_its_reference(database: Database) -> None:
    references: list[Secret] = []

    def secret(reference: Secret) -> Any:
        references.append(reference)
        return {"username": database.admin, "password": PASSWORD}

    from engine.values import changed

    RUN.run(database.params(query=QUERY), changed(database.context(), secret=secret))
    assert references == [ADMIN]
