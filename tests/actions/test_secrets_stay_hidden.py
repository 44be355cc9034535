"""No error, log or output contains a known password that is used in every place where a secret may be."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from actions.aws.settings import Settings
from actions.postgres.postgres_actions import RUN, SETUP_USERS
from actions.postgres.user_list import read_users
from engine.errors import EffectFailed
from engine.language.secret import Secret
from tests.actions.databases import ADMIN, PASSWORD, Database, new_database
from tests.servers.moto import Moto
from tests.servers.postgres import Postgres, free_port
from tests.servers.scripted_server import SILENCE, run_scripted_server

PLANTED = "Pl4nted'\\%{{é}}"
FORMS = (PLANTED, PLANTED.replace("'", "''"), repr(PLANTED)[1:-1], PLANTED.encode().hex(), "Pl4nted")
USER = Secret(name="db/app", field="app_password", version="1")


@pytest.fixture(scope="module")
def database(postgres: Postgres) -> Database:
    return new_database(postgres)


@pytest.fixture
def planted(database: Database) -> Iterator[dict[str, Any]]:
    """Secrets with the known password, which is also the admin's in this test."""
    from pg8000.native import literal

    from actions.postgres.passwords import verifier

    set_to = "ALTER ROLE {} PASSWORD {}"
    database.as_superuser(set_to.format(database.admin, literal(verifier(PLANTED))))
    yield {
        ADMIN.name: {"username": database.admin, "password": PLANTED, "database": database.name},
        USER.name: PLANTED,
    }
    database.as_superuser(set_to.format(database.admin, literal(verifier(PASSWORD))))


def words_of(error: BaseException) -> Iterator[str]:
    """All texts of an exception and of its causes."""
    seen: list[BaseException] = [error]
    for one in seen:
        seen += [other for other in (one.__cause__, one.__context__) if other is not None and other not in seen]
        yield str(one)
        yield repr(one)
        yield repr(one.args)
        yield "".join(traceback.format_exception(one))
        if isinstance(one, EffectFailed):
            yield repr(one.problem)
            yield one.problem.trace


Trouble = Callable[[dict[str, Any], dict[str, Any]], None]

TROUBLES: dict[str, Trouble] = {
    "wrong password": lambda params, secrets: secrets[ADMIN.name].update(password=PLANTED + "!"),
    "wrong database": lambda params, secrets: params.update(database="nowhere"),
    "no such user": lambda params, secrets: secrets[ADMIN.name].update(username="nobody_here"),
    "a password that scram refuses": lambda params, secrets: secrets[ADMIN.name].update(password=PLANTED + "\n"),
    "a user's password that scram refuses": lambda params, secrets: secrets.update({USER.name: PLANTED + "\n"}),
    "no login": lambda params, secrets: secrets.update({ADMIN.name: PLANTED}),
    "a login without a user": lambda params, secrets: secrets.update({ADMIN.name: {"password": PLANTED}}),
    "refused": lambda params, secrets: params.update(port=free_port()),
    "wrong host": lambda params, secrets: params.update(host="127.0.0.1"),
    "no tls": lambda params, secrets: params.update(tls="off"),
    "no schema": lambda params, secrets: params["users"][0].update(schemas=["nowhere"]),
    "no group": lambda params, secrets: params["users"][0].update(member_of=["nobody"]),
    "somebody else's group": lambda params, secrets: params["users"][0].update(member_of=["postgres"]),
    "a name that is none": lambda params, secrets: params["users"][0].update(name="no'name"),
    "a password that is written down": lambda params, secrets: params["users"][0].update(password=PLANTED),
    "a password under a wrong key": lambda params, secrets: params["users"][0].update(pasword=USER),
    "the admin among the users": lambda params, secrets: params["users"][0].update(
        name=secrets[ADMIN.name]["username"]
    ),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_no_error_contains_the_secret(
    database: Database, planted: dict[str, Any], caplog: pytest.LogCaptureFixture, capfd: Any, trouble: str
) -> None:
    caplog.set_level(logging.DEBUG)
    params = database.params(users=[{"name": database.role("app"), "password": USER, "access": "readonly"}])
    TROUBLES[trouble](params, planted)
    with pytest.raises(EffectFailed) as failed:
        SETUP_USERS.run(params, database.context(planted))
    texts = [*words_of(failed.value), caplog.text, *capfd.readouterr(), database.server.log.decode("utf-8", "replace")]
    assert failed.value.problem.message
    for form in FORMS:
        assert not [text for text in texts if form in text], form


@pytest.mark.parametrize("replies", [[SILENCE], [b"R\0\0\0\x17\0\0\0\nSCRAM-SHA-256\0\0", b"garbage"], [b"E"]])
def test_no_answer_of_a_server_reveals_the_secret(
    database: Database, planted: dict[str, Any], caplog: pytest.LogCaptureFixture, replies: list[bytes | None]
) -> None:
    caplog.set_level(logging.DEBUG)
    with run_scripted_server(replies) as server, pytest.raises(EffectFailed) as failed:
        params = database.params(query="SELECT 1", tls="off", timeout=0.3) | {"host": "127.0.0.1", "port": server.port}
        RUN.run(params, database.context(planted))
    for form in FORMS:
        assert not [text for text in [*words_of(failed.value), caplog.text] if form in text]
        assert form.encode() not in b"".join(server.received)


def test_no_output_contains_the_secret(
    database: Database, planted: dict[str, Any], caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    caplog.set_level(logging.DEBUG)
    params = database.params(users=[{"name": database.role("told"), "password": USER}])
    done = SETUP_USERS.run(params, database.context(planted))
    texts = [repr(done), repr(params), caplog.text, *capfd.readouterr(), database.server.log.decode("utf-8", "replace")]
    assert done["created"] == [database.role("told")]
    for form in FORMS:
        assert not [text for text in texts if form in text], form


def test_no_repr_contains_the_secret(database: Database, planted: dict[str, Any]) -> None:
    users = read_users([{"name": "app", "password": USER}], database.context(planted))
    for shown in (repr(users), str(users), f"{USER}", repr(USER), str(USER)):
        assert "Pl4nted" not in shown


@pytest.mark.parametrize("source", ["secret:planted#nothing", "secret:planted/text#field"])
def test_no_error_of_a_setting_contains_the_secret(moto: Moto, source: str, caplog: pytest.LogCaptureFixture) -> None:
    secrets = moto.clients("secretsmanager", account="555566667777")
    for name, text in (
        ("planted", f'{{"field": "{PLANTED[:7]}"}}'),
        ("planted/text", PLANTED),
    ):
        if name not in {one["Name"] for one in secrets.list_secrets()["SecretList"]}:
            secrets.create_secret(Name=name, SecretString=text)
    caplog.set_level(logging.INFO)
    settings = Settings(moto.clients)
    with pytest.raises(EffectFailed) as failed:
        settings.read(source, "us-west-2", "555566667777")
    for form in FORMS:
        assert not [text for text in [*words_of(failed.value), caplog.text] if form in text]
