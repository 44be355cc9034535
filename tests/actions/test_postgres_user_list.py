"""The list of users is checked before a connection is opened, and all its problems are reported."""

from __future__ import annotations

from typing import Any

import pytest

from actions.postgres.user_list import read_users
from engine.errors import EffectFailed, Problem
from engine.language.secret import Secret
from tests.actions.contexts import context

APP = Secret(name="db/app")
LISTED = Secret(name="db/users")


def problem(value: Any, **secrets: Any) -> Problem:
    known = {APP.name: "the-apps-own"} | {f"db/{name}": secret for name, secret in secrets.items()}
    with pytest.raises(EffectFailed) as failed:
        read_users(value, context(secrets=known, sources={"users": "secret:db/users"}))
    return failed.value.problem


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"name": " app"}, "' app' is not a valid role name"),
        ({"name": "app "}, "is not a valid role name"),
        ({"name": "o'brien"}, "is not a valid role name"),
        ({"name": 'app"; DROP ROLE admin; --'}, "is not a valid role name"),
        ({"name": "new\nline"}, "is not a valid role name"),
        ({"name": "app\n"}, "is not a valid role name"),
        ({"name": "é" * 32}, "is not a valid role name"),
        ({"name": "a" * 64}, "at most 63"),
        ({"name": ""}, "is not a valid role name"),
        ({"name": 5}, "is not a valid role name"),
        ({}, "is not a valid role name"),
        ({"name": "pg_admin"}, "reserved by PostgreSQL or RDS"),
        ({"name": "rdsadmin"}, "reserved by PostgreSQL or RDS"),
        ({"name": "public"}, "reserved by PostgreSQL or RDS"),
        ({"name": "app", "acces": "readonly"}, "unknown key acces"),
        ({"name": "app", "access": "everything"}, "access must be one of readwrite, readonly, none"),
        ({"name": "app", "schemas": [""]}, "schemas must be a list of names"),
        ({"name": "app", "schemas": ["é" * 32]}, "at most 63 bytes"),
        ({"name": "app", "schemas": {"public": True}}, "schemas must be a list of names"),
        ({"name": "app", "member_of": ['"staff"']}, "member_of: '\"staff\"' is not a valid role name"),
        ({"name": "app", "password": "written-down"}, "must be a secret"),
        ("app", "a user must be a map"),
    ],
)
def test_an_invalid_entry_is_refused(entry: Any, text: str) -> None:
    found = problem([{"name": "fine"}, entry])
    assert (found.name, found.category) == ("InvalidParameter", "config")
    assert found.message.startswith("users, from secret:db/users[1]: ")
    assert text in found.message
    assert "written-down" not in found.message


@pytest.mark.parametrize("value", [[], {}, "app", None])
def test_a_value_that_is_no_list_is_refused(value: Any) -> None:
    assert problem(value).name == "InvalidParameter"


@pytest.mark.parametrize("value", [[], {}, "app"])
def test_a_secret_that_is_no_list_is_refused(value: Any) -> None:
    found = problem(LISTED, users=value)
    assert (found.name, found.category) == ("InvalidSecret", "config")


def test_all_problems_are_reported_together() -> None:
    found = problem([{"name": "A'"}, {"name": "app"}, {"name": "app"}, {"name": "b", "access": "all"}])
    report = found.message.replace("users, from secret:db/users", "")
    assert [part.partition(":")[0] for part in report.split("; ")] == ["[0]", "[3]", ""]
    assert "app is listed twice" in found.message


@pytest.mark.parametrize("password", ["line\n", "", "\u05d0latin"])
def test_a_password_that_scram_refuses_is_invalid(password: str) -> None:
    found = problem([{"name": "app", "password": APP}], app=password)
    assert (found.name, found.category) == ("InvalidPassword", "config")
    assert "app: the password cannot be used: " in found.message
    assert not password or password not in found.message


@pytest.mark.parametrize("value", [{"password": "x"}, ["x"], 5, None])
def test_a_password_that_is_not_text_is_refused(value: Any) -> None:
    found = problem([{"name": "app", "password": APP}], app=value)
    assert "name the field: `secret:NAME#field`" in found.message


def test_defaults_are_filled_in() -> None:
    [user] = read_users([{"name": "app", "schemas": "reports"}], context())
    assert (user.password, user.access, user.schemas, user.member_of) == (None, "none", ("reports",), ())
    [user] = read_users([{"name": "a$_1"}], context())
    assert user.schemas == ("public",)


def test_the_repr_of_a_user_has_no_password() -> None:
    [user] = read_users([{"name": "app", "password": APP}], context(secrets={APP.name: "the-apps-own"}))
    assert user.password == "the-apps-own"
    assert "the-apps-own" not in repr(user)
