"""Settings against moto over HTTP, and in the sandbox for what moto does not do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from actions.aws.settings import CALLS, Settings
from actions.sandbox import Fault, Sandbox
from engine.errors import EffectFailed, EffectNotSent, Problem
from engine.language.secret import Secret
from engine.registry import Reading
from tests.servers.moto import Moto

ACCOUNT = "210987654321"
VALUE = "planted-and-not-to-be-told"


@pytest.fixture(scope="module")
def there(moto: Moto) -> Settings:
    """Settings with parameters and secrets in one account and region."""
    ssm, secrets = moto.clients("ssm", account=ACCOUNT), moto.clients("secretsmanager", account=ACCOUNT)
    for name, kind, value in (
        ("/aurora/subnet-group", "String", "private"),
        ("/aurora/groups", "StringList", "sg-1, sg-2,sg-3"),
        ("/aurora/password", "SecureString", VALUE),
    ):
        ssm.put_parameter(Name=name, Type=kind, Value=value)
    for name, text in (
        ("aurora/app", json.dumps({"app_password": VALUE, "port": 5432})),
        ("aurora/plain", VALUE),
        ("aurora/number", "123456789012"),
        ("aurora/users", json.dumps([{"name": "app", "password": VALUE}])),
    ):
        secrets.create_secret(Name=name, SecretString=text)
    secrets.create_secret(Name="aurora/binary", SecretBinary=b"\0\1")
    return Settings(moto.clients)


def problem(settings: Settings, source: str) -> Problem:
    with pytest.raises(EffectFailed) as failed:
        settings.read(source, "us-west-2", ACCOUNT)
    return failed.value.problem


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("ssm:/aurora/subnet-group", "private"),
        ("ssm:/aurora/groups", ["sg-1", "sg-2", "sg-3"]),
        (f"ssm:arn:aws:ssm:us-west-2:{ACCOUNT}:parameter/aurora/subnet-group", "private"),
    ],
)
def test_a_parameter_is_text_or_a_list(there: Settings, source: str, value: Any) -> None:
    found = there.read(source, "us-west-2", ACCOUNT)
    assert (found.value, found.version) == (value, "1")


def test_an_arn_is_read_in_its_own_region(moto: Moto) -> None:
    moto.clients("ssm", "eu-west-1").put_parameter(Name="/far", Type="String", Value="away")
    found = Settings(moto.clients).read("ssm:arn:aws:ssm:eu-west-1:123456789012:parameter/far", "us-west-2", None)
    assert found.value == "away"


def test_a_secure_string_is_refused_and_says_where_to_store_secrets(there: Settings) -> None:
    found = problem(there, "ssm:/aurora/password")
    assert (found.name, found.category) == ("SecureString", "config")
    assert found.message.startswith(f"ssm:/aurora/password (us-west-2, account {ACCOUNT}): ")
    assert "write `secret:NAME`" in found.message
    assert VALUE not in found.message


@pytest.mark.parametrize(
    ("source", "name", "field", "value"),
    [
        ("secret:aurora/app#app_password", "aurora/app", "app_password", VALUE),
        ("secret:aurora/app#port", "aurora/app", "port", 5432),
        ("secret:aurora/app", "aurora/app", None, {"app_password": VALUE, "port": 5432}),
        ("secret:aurora/plain", "aurora/plain", None, VALUE),
        ("secret:aurora/number", "aurora/number", None, "123456789012"),
        ("secret:aurora/users", "aurora/users", None, [{"name": "app", "password": VALUE}]),
    ],
)
def test_a_secret_stays_a_reference_until_its_value_is_needed(
    there: Settings, source: str, name: str, field: str | None, value: Any
) -> None:
    found = there.read(source, "us-west-2", ACCOUNT)
    reference = found.value
    assert isinstance(reference, Secret)
    assert (reference.name, reference.field, reference.version) == (name, field, found.version)
    assert (reference.region, reference.account) == ("us-west-2", ACCOUNT)
    assert len(found.version) > 30
    assert VALUE not in repr(found)
    assert there.secret(reference) == Reading(value=value, version=reference.version)


def test_the_current_version_is_used_and_named(moto: Moto) -> None:
    secrets, settings = moto.clients("secretsmanager"), Settings(moto.clients)
    secrets.create_secret(Name="rotated", SecretString="first")
    before = settings.read("secret:rotated", "us-west-2", None)
    secrets.put_secret_value(SecretId="rotated", SecretString="second")
    after = settings.read("secret:rotated", "us-west-2", None)
    assert before.value != after.value  # so `settings.changed` sees it
    for reference in (before.value, after.value):
        assert settings.secret(reference) == Reading(value="second", version=after.version)


@pytest.mark.parametrize(
    ("source", "name", "category", "text"),
    [
        ("ssm:/aurora/nowhere", "ParameterNotFound", "not_found", "aws ssm put-parameter --name /aurora/nowhere"),
        ("secret:nowhere", "ResourceNotFoundException", "not_found", "aws secretsmanager create-secret --name nowhere"),
        ("secret:aurora/app#pasword", "InvalidSecret", "config", "no field pasword; its fields: app_password, port"),
        ("secret:aurora/plain#field", "InvalidSecret", "config", "not a JSON object"),
        ("secret:aurora/users#field", "InvalidSecret", "config", "not a JSON object"),
        ("secret:aurora/binary", "InvalidSecret", "config", "binary"),
        ("env:HOME", "InvalidSetting", "config", "`ssm:/path`"),
        ("ssm:", "InvalidSetting", "config", "`ssm:/path`"),
        ("plain", "InvalidSetting", "config", "`ssm:/path`"),
    ],
)
def test_an_unreadable_setting_says_what_to_do(
    there: Settings, source: str, name: str, category: str, text: str
) -> None:
    found = problem(there, source)
    assert (found.name, found.category) == (name, category)
    assert found.message.startswith(f"{source} (us-west-2, account {ACCOUNT}): ")
    assert text in found.message
    assert VALUE not in found.message


def test_a_secret_marked_for_deletion_says_how_to_restore_it(moto: Moto) -> None:
    secrets = moto.clients("secretsmanager")
    secrets.create_secret(Name="going", SecretString=VALUE)
    secrets.delete_secret(SecretId="going")
    with pytest.raises(EffectFailed, match="aws secretsmanager restore-secret"):
        Settings(moto.clients).read("secret:going", "us-west-2", None)


@pytest.mark.parametrize(
    ("fault", "source", "text"),
    [
        ("AccessDeniedException", "ssm:/a", "allow ssm:GetParameter"),
        ("AccessDeniedException", "secret:a", "allow secretsmanager:GetSecretValue"),
        ("DecryptionFailure", "secret:a", "kms:Decrypt"),
    ],
)
def test_a_denied_setting_names_the_permission(fault: str, source: str, text: str) -> None:
    sandbox = Sandbox({"ssm:/a": "text", "secret:a": "text"})
    sandbox.fault(Fault(kind="error", code=fault))
    with pytest.raises(EffectFailed) as failed:
        Settings(sandbox.clients).read(source, "us-west-2", None)
    assert failed.value.problem.category == "denied"
    assert text in failed.value.problem.message
    assert failed.value.problem.message.startswith(f"{source} (us-west-2): ")


@pytest.mark.parametrize("kind", ["throttle", "credentials", "unsent"])
def test_a_setting_whose_request_was_not_sent_stops_the_runner(kind: Any) -> None:
    sandbox = Sandbox({"ssm:/a": "text"})
    sandbox.fault(Fault(kind=kind, times=None))
    with pytest.raises(EffectNotSent):
        Settings(sandbox.clients).read("ssm:/a", "us-west-2", None)


def test_only_declared_calls_are_made() -> None:
    sandbox = Sandbox({"ssm:/a": "text", "secret:a": "text"})
    settings = Settings(sandbox.clients)
    settings.read("ssm:/a", "us-west-2", None)
    settings.secret(settings.read("secret:a", "us-west-2", None).value)
    assert {call.name for call in sandbox.journal} == set(CALLS)
