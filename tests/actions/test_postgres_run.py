"""postgres.run against a real server: statements with and without a transaction, and a query for one row."""

from __future__ import annotations

from typing import Any

import pytest

from actions.postgres.postgres_actions import RUN
from engine.errors import EffectFailed, Problem
from engine.runtime.performer import plain
from tests.actions.databases import Database


def run(database: Database, timeout: float = 20.0, **params: Any) -> Any:
    return RUN.run(database.params(**params), database.context(timeout=timeout))


def problem(database: Database, timeout: float = 20.0, **params: Any) -> Problem:
    with pytest.raises(EffectFailed) as failed:
        run(database, timeout, **params)
    return failed.value.problem


def test_affected_rows_are_counted(database: Database) -> None:
    statements = [
        "CREATE TABLE items(id int)",
        "INSERT INTO items VALUES (1), (2)",
        "UPDATE items SET id = 3 WHERE id = 2",
    ]
    assert run(database, statements=statements) == {"row": None, "rows_affected": 3}
    assert database.as_admin("SELECT count(*) FROM items") == [[2]]


def test_several_statements_are_one_transaction(database: Database) -> None:
    found = problem(database, statements=["CREATE TABLE items(id int)", "SELECT 1/0"])
    assert (found.name, found.category, found.also) == ("PostgresError", "internal", ("22012",))
    assert "division by zero (SQLSTATE 22012)" in found.message
    assert database.as_admin("SELECT to_regclass('items')") == [[None]]


def test_a_single_statement_runs_without_a_transaction(database: Database) -> None:
    name = database.role("second")
    run(database, statements=[f"CREATE DATABASE {name}"])
    assert database.as_superuser(f"SELECT count(*) FROM pg_database WHERE datname = '{name}'") == [[1]]
    assert problem(database, statements=["SELECT 1", f"DROP DATABASE {name}"]).also == ("25001",)


@pytest.mark.parametrize(
    ("query", "row"),
    [
        ("SELECT 1 AS one, 'two' AS two, NULL AS three", {"one": 1, "two": "two", "three": None}),
        ("SELECT count(*) FROM pg_class WHERE false", {"count": 0}),
        ("SELECT 1 WHERE false", None),
        ("SELECT '10:30'::text AS at, (ARRAY[1,2,3])[2:3] AS some", {"at": "10:30", "some": [2, 3]}),
        ("SHOW standard_conforming_strings", {"standard_conforming_strings": "on"}),
    ],
)
def test_a_query_returns_its_row(database: Database, query: str, row: Any) -> None:
    assert run(database, query=query)["row"] == row


@pytest.mark.parametrize(
    ("written", "recorded"),
    [
        ("12345678901234567890.123::numeric", "12345678901234567890.123"),
        ("(SELECT sum(x) FROM (VALUES (9223372036854775807), (9223372036854775807)) AS t(x))", 18446744073709551614),
        ("12.50::numeric", 12.5),
        ("'NaN'::numeric", "nan"),
        ("'\\xfffe'::bytea", "//4="),
        ("'2024-03-20 06:00:00'::timestamp", "2024-03-20T06:00:00"),
        ("'2024-03-20 06:00:00+01'::timestamptz", "2024-03-20T05:00:00Z"),
    ],
)
def test_values_are_recorded_exactly(database: Database, written: str, recorded: Any) -> None:
    found = plain(run(database, query=f"SELECT {written} AS it"))["row"]["it"]
    assert (found, type(found)) == (recorded, type(recorded))


@pytest.mark.parametrize(
    ("query", "name", "text"),
    [
        ("SELECT generate_series(1, 3)", "InvalidParameter", "returned 3 rows"),
        ("CREATE TABLE items(id int)", "PostgresError", "read-only transaction (SQLSTATE 25006)"),
        ("SELECT * FROM nowhere", "PostgresError", 'relation "nowhere" does not exist (SQLSTATE 42P01)'),
        ("SELECT rolpassword FROM pg_authid", "InsufficientPrivilege", "permission denied"),
    ],
)
def test_a_query_that_changes_something_or_returns_rows_is_refused(
    database: Database, query: str, name: str, text: str
) -> None:
    found = problem(database, query=query)
    assert found.name == name
    assert text in found.message


@pytest.mark.parametrize("params", [{}, {"statements": ["SELECT 1"], "query": "SELECT 1"}])
def test_statements_and_query_exclude_each_other(database: Database, params: Any) -> None:
    assert problem(database, **params).name == "InvalidParameter"


def test_a_statement_ends_with_the_steps_timeout(database: Database) -> None:
    found = problem(database, timeout=1.0, query="SELECT pg_sleep(30)")
    assert (found.name, found.also) == ("PostgresError", ("57014",))
    assert "statement timeout" in found.message


def test_a_connection_lost_before_the_commit_changes_nothing(database: Database) -> None:
    statements = ["CREATE TABLE items(id int)", "SELECT pg_terminate_backend(pg_backend_pid())", "SELECT 1"]
    found = problem(database, statements=statements)
    assert (found.name, found.category) == ("ConnectionTimeout", "timeout")
    assert database.as_admin("SELECT to_regclass('items')") == [[None]]
