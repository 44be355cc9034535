"""The list of users is checked whole, before a connection is made, and every entry that is wrong is told."""

from __future__ import annotations

from typing import Any

import pytest

from actions.postgres.user_list import read
from engine.errors import EffectFailed, Problem
from engine.language.secret import Secret
from tests.actions.contexts import context

APP = Secret(name="db/app")
LISTED = Secret(name="db/users")


def problem(value: Any, **secrets: Any) -> Problem:
    known = {APP.name: "the-apps-own"} | {f"db/{name}": secret for name, secret in secrets.items()}
    with pytest.raises(EffectFailed) as failed:
        read(value, context(secrets=known, sources={"users": "secret:db/users"}))
    return failed.value.problem


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"name": "Capital"}, "'Capital' is no role's name"),
        ({"name": "1st"}, "is no role's name"),
        ({"name": "with-hyphen"}, "is no role's name"),
        ({"name": 'app"; DROP ROLE admin; --'}, "is no role's name"),
        ({"name": "new\nline"}, "is no role's name"),
        ({"name": "app\n"}, "is no role's name"),
        ({"name": "é"}, "is no role's name"),
        ({"name": "a" * 64}, "at most 63"),
        ({"name": ""}, "is no role's name"),
        ({"name": 5}, "is no role's name"),
        ({}, "is no role's name"),
        ({"name": "pg_admin"}, "PostgreSQL's or RDS's own"),
        ({"name": "rdsadmin"}, "PostgreSQL's or RDS's own"),
        ({"name": "public"}, "PostgreSQL's or RDS's own"),
        ({"name": "app", "acces": "readonly"}, "acces: no such key"),
        ({"name": "app", "access": "everything"}, "access is one of readwrite, readonly, none"),
        ({"name": "app", "schemas": [""]}, "schemas is a list of names"),
        ({"name": "app", "schemas": ["é" * 32]}, "at most 63 bytes"),
        ({"name": "app", "schemas": {"public": True}}, "schemas is a list of names"),
        ({"name": "app", "member_of": ["Staff"]}, "member_of: 'Staff' is no role's name"),
        ({"name": "app", "password": "written-down"}, "must be a secret"),
        ("app", "a user is a map"),
    ],
)
def test_an_entry_that_is_wrong(entry: Any, said: str) -> None:
    found = problem([{"name": "fine"}, entry])
    assert (found.name, found.category) == ("InvalidParameter", "config")
    assert found.message.startswith("users, from secret:db/users[1]: ")
    assert said in found.message
    assert "written-down" not in found.message


@pytest.mark.parametrize("value", [[], {}, "app", None])
def test_what_is_no_list(value: Any) -> None:
    assert problem(value).name == "InvalidParameter"


@pytest.mark.parametrize("value", [[], {}, "app"])
def test_a_secret_that_is_no_list(value: Any) -> None:
    found = problem(LISTED, users=value)
    assert (found.name, found.category) == ("InvalidSecret", "config")


def test_all_that_is_wrong_is_told_at_once() -> None:
    found = problem([{"name": "A"}, {"name": "app"}, {"name": "app"}, {"name": "b", "access": "all"}])
    told = found.message.replace("users, from secret:db/users", "")
    assert [part.partition(":")[0] for part in told.split("; ")] == ["[0]", "[3]", ""]
    assert "app is there twice" in found.message


@pytest.mark.parametrize("password", ["line\n", "", "\u05d0latin"])
def test_a_password_that_scram_refuses(password: str) -> None:
    found = problem([{"name": "app", "password": APP}], app=password)
    assert (found.name, found.category) == ("InvalidPassword", "config")
    assert "app: the password cannot be used: " in found.message
    assert not password or password not in found.message


@pytest.mark.parametrize("value", [{"password": "x"}, ["x"], 5, None])
def test_a_password_that_is_no_text(value: Any) -> None:
    found = problem([{"name": "app", "password": APP}], app=value)
    assert "does the secret want a `#field`?" in found.message


def test_what_is_not_said_is_filled_in() -> None:
    [user] = read([{"name": "app", "schemas": "reports"}], context())
    assert (user.password, user.access, user.schemas, user.member_of) == (None, "none", ("reports",), ())
    [user] = read([{"name": "a$_1"}], context())
    assert user.schemas == ("public",)


def test_a_user_shows_no_password() -> None:
    [user] = read([{"name": "app", "password": APP}], context(secrets={APP.name: "the-apps-own"}))
    assert user.password == "the-apps-own"
    assert "the-apps-own" not in repr(user)
