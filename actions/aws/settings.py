"""Reads settings: `ssm:/path`, and `secret:NAME` or `secret:NAME#field` from Secrets Manager.

A parameter's value is recorded in the operation's log. A secret's value never is: it is read once to check that the secret
exists and has the field, and what is recorded is a `Secret`, with the version that was read. An action that needs the
value fetches it then, in its current version: a password that was rotated meanwhile is the one that works.

A SecureString is refused and not decrypted, because parameters are recorded and may be put into texts, which a secret
must not be.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Protocol

from actions.aws.call_errors import aws_call, truncated_reply
from engine.errors import EffectFailed, Problem
from engine.language.secret import Secret
from engine.registry import Reading
from engine.values import Value, changed

CALLS: Final = {
    "ssm.GetParameter": ("InternalServerError", "InvalidKeyId", "ParameterNotFound", "ParameterVersionNotFound"),
    "secretsmanager.GetSecretValue": (
        "DecryptionFailure", "InternalServiceError", "InvalidParameterException", "InvalidRequestException",
        "ResourceNotFoundException",
    ),
}  # fmt: skip
"""The calls that read settings, with the error codes that they can return."""

_DELETED: Final = "InvalidRequestException"
"""The secret is marked for deletion (Secrets Manager, GetSecretValue)."""


class Clients(Protocol):
    """`Sessions.clients` of `actions.aws.sessions`, or the sandbox's."""

    def __call__(self, service: str, region: str | None = None, account: str | None = None) -> Any: ...


class _SettingSource(Value):
    """Where a setting is read, for its messages."""

    text: str  # "ssm:/path"
    region: str
    account: str | None

    def error(self, name: str, category: str, message: str) -> EffectFailed:
        return EffectFailed(Problem(name=name, category=category, message=f"{self}: {message}"))

    def __str__(self) -> str:
        account = f", account {self.account}" if self.account else ""
        return f"{self.text} ({self.region}{account})"


class Settings:
    """Reads settings and secrets through `clients`. Caches nothing."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def read(self, source: str, region: str, account: str | None) -> Reading:
        """The current value; EffectFailed names the setting and what to do, with `not_found` if it does not exist."""
        place = _SettingSource(text=source, region=region, account=account)
        store, _, rest = source.partition(":")
        match store:
            case "ssm" if rest:
                return self._parameter(rest, place)
            case "secret" if rest:
                return self._secret_reference(rest, place)
            case _:
                message = "not a source of a setting: write `ssm:/path`, `secret:NAME` or `secret:NAME#field`"
                raise place.error("InvalidSetting", "config", message)

    def secret(self, secret: Secret) -> Reading:
        """The current value, text or for a whole secret in JSON its map or list, and its version."""
        place = _SettingSource(
            text=f"secret:{secret.name}{'#' + secret.field if secret.field else ''}",
            region=secret.region or "", account=secret.account,
        )  # fmt: skip
        value, version = self._secret_value(secret.name, secret.field, place)
        return Reading(value=value, version=version)

    def _parameter(self, path: str, place: _SettingSource) -> Reading:
        region = _region_of(path) or place.region
        try:
            client = self._clients("ssm", region=region, account=place.account)
            with aws_call():
                reply = client.get_parameter(Name=path)
                if "Parameter" not in reply:
                    raise truncated_reply("ssm.GetParameter", "Parameter")
        except EffectFailed as error:
            advice = _CREATE_PARAMETER.format(path=path)
            raise _explained(error, place, path, "ssm:GetParameter", advice) from None
        parameter = reply["Parameter"]
        match parameter["Type"]:
            case "String":
                return Reading(value=parameter["Value"], version=str(parameter.get("Version", "")))
            case "StringList":
                items = [item.strip() for item in parameter["Value"].split(",")]
                return Reading(value=[item for item in items if item], version=str(parameter.get("Version", "")))
            case _:
                message = (
                    "it is a SecureString, and values of `ssm:` are recorded; store a secret in Secrets Manager and write "
                    "`secret:NAME`, or make it a String if it is not secret"
                )
                raise place.error("SecureString", "config", message)

    def _secret_reference(self, rest: str, place: _SettingSource) -> Reading:
        name, _, field = rest.partition("#")
        region = _region_of(name) or place.region
        _, version = self._secret_value(name, field or None, place)
        reference = Secret(name=name, field=field or None, version=version, region=region, account=place.account)
        return Reading(value=reference, version=version)

    def _secret_value(self, name: str, field: str | None, place: _SettingSource) -> tuple[Any, str]:
        """The current value and its version."""
        region = _region_of(name) or place.region or None
        try:
            client = self._clients("secretsmanager", region=region, account=place.account)
            with aws_call():
                reply = client.get_secret_value(SecretId=name)
        except EffectFailed as error:
            advice = _CREATE_SECRET.format(name=name)
            raise _explained(error, place, name, "secretsmanager:GetSecretValue", advice) from None
        text = reply.get("SecretString")
        if text is None:
            raise place.error("InvalidSecret", "config", "the secret is binary; store it as text or JSON")
        return _field_of(text, field, place), str(reply.get("VersionId", ""))


_CREATE_PARAMETER: Final = (
    "create it (aws ssm put-parameter --name {path} --type String --value …), or correct the setting"
)
_CREATE_SECRET: Final = "create it (aws secretsmanager create-secret --name {name} …), or correct the setting"


def _explained(error: EffectFailed, place: _SettingSource, name: str, permission: str, advice: str) -> EffectFailed:
    """The same error, with the setting and what to do."""
    problem = error.problem
    match problem.category:
        case "not_found":
            message = f"{name} does not exist; {advice}"
        case "denied":
            message = f"{problem.message}; allow {permission} on it, and kms:Decrypt if it has a key of its own"
        case _:
            message = problem.message
    if problem.name == _DELETED:
        message = f"{problem.message}; restore it (aws secretsmanager restore-secret), or name another secret"
    return EffectFailed(changed(problem, message=f"{place}: {message}"))


def _field_of(text: str, field: str | None, place: _SettingSource) -> Any:
    """A field of a secret in JSON. Without `field`: the map or list if the secret is one, else its text."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if field is None:
        return value if isinstance(value, (dict, list)) else text
    if not isinstance(value, dict):
        message = f"the secret is not a JSON object, so it has no field {field}: remove `#{field}`, or store it as JSON"
        raise place.error("InvalidSecret", "config", message)
    if field not in value:
        raise place.error("InvalidSecret", "config", f"the secret has no field {field}; its fields: {_fields(value)}")
    return value[field]


def _fields(value: Mapping[str, Any]) -> str:
    """Names of fields are not secret, and show what was mistyped."""
    return ", ".join(sorted(str(name) for name in value)) or "none"


def _region_of(name: str) -> str:
    """The region of an ARN; "" for a name."""
    parts = name.split(":")
    return parts[3] if parts[0] == "arn" and len(parts) > 5 else ""
