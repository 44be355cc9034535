"""Verifiers equal those that PostgreSQL computes; unusable passwords are refused without being quoted."""

from __future__ import annotations

import pytest

from actions.postgres.passwords import UnfitPassword, is_verifier_of, prepared, verifier
from tests.servers.postgres import Postgres

FIT = [
    "plain",
    "it's",
    "back\\slash",
    "100%",
    "{{ braces }}",
    "${dollar}",
    "é",
    "e\u0301",
    "a b",
    "パスワード",
    "x" * 300,
]

UNFIT = {
    "": "it is empty",
    "line\n": "line break at its end",
    "ta\tb": "line break in it",
    "nul\0": "control character",
    "\ue000private": "private use",
    "\u200e left to right": "display-modifying",
    "\u05d0latin": "malformed bidi sequence",
    "\u00ad": "characters that SCRAM ignores",
}


@pytest.mark.parametrize("password", FIT)
def test_the_verifier_is_the_one_that_postgresql_computes(postgres: Postgres, password: str) -> None:
    from pg8000.native import literal

    with postgres.connect() as connection:
        connection.run("DROP ROLE IF EXISTS verified")
        connection.run(f"CREATE ROLE verified PASSWORD {literal(password)}")
        [[stored]] = connection.run("SELECT rolpassword FROM pg_authid WHERE rolname = 'verified'")
    assert stored.startswith("SCRAM-SHA-256$4096:")
    assert is_verifier_of(stored, password)
    assert not is_verifier_of(stored, password + "?")


def test_each_verifier_has_a_salt_of_its_own() -> None:
    assert verifier("secret") != verifier("secret")
    assert verifier("secret", b"0" * 16) == verifier("secret", b"0" * 16)


def test_composed_and_decomposed_letters_are_the_same_password() -> None:
    assert is_verifier_of(verifier("e\u0301"), "é")


@pytest.mark.parametrize("stored", [None, "", "md50123456789abcdef0123456789abcdef", "SCRAM-SHA-256$x"])
def test_other_text_is_no_verifier_of_anything(stored: str | None) -> None:
    assert not is_verifier_of(stored, "anything")


@pytest.mark.parametrize(("password", "why"), UNFIT.items(), ids=[repr(one) for one in UNFIT])
def test_a_password_that_scram_does_not_allow_is_refused(password: str, why: str) -> None:
    with pytest.raises(UnfitPassword) as refused:
        prepared(password)
    assert why in str(refused.value)
    assert not password or password not in str(refused.value)
