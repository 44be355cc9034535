"""Settings: `ssm:/path` and `secret:NAME`, `secret:NAME#field`, read where the runbook says.

A parameter's value is recorded as it is. A secret's never is: it is read once, to see that it is there and has the
field, and what goes on is a `Secret` with the version that was read; its value is fetched when an action needs it.

A SecureString is refused, and its value is not asked for: a parameter's value is recorded in the log and may be put into
text, where a secret may not be. Secrets Manager keeps secrets; what is none is a String.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, Protocol

from actions.aws.errors import calling
from actions.kinds.check_kind import told
from engine.errors import EffectFailed, Problem
from engine.language.secret import Secret
from engine.registry import Reading
from engine.values import Value

CALLS: Final = ("ssm.GetParameter", "secretsmanager.GetSecretValue")

NO_VERSION: Final = "InvalidRequestException"
"""The secret is marked for deletion (Secrets Manager, GetSecretValue)."""


class Clients(Protocol):
    """`Sessions.clients` of `actions.aws.sessions`, or the sandbox's."""

    def __call__(self, service: str, region: str | None = None, account: str | None = None) -> Any: ...


class _Place(Value):
    """Where a setting is read, for its messages."""

    source: str
    region: str
    account: str | None

    def failed(self, name: str, category: str, said: str) -> EffectFailed:
        return EffectFailed(Problem(name=name, category=category, message=f"{self}: {said}"))

    def __str__(self) -> str:
        account = f", account {self.account}" if self.account else ""
        return f"{self.source} ({self.region}{account})"


class Settings:
    """Reads settings and secrets through `clients`; keeps nothing."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients

    def read(self, source: str, region: str, account: str | None) -> Reading:
        """What is there now. EffectFailed names the setting and what to do; `not_found` where there is none."""
        place = _Place(source=source, region=region, account=account)
        store, _, rest = source.partition(":")
        match store:
            case "ssm" if rest:
                return self._parameter(rest, place)
            case "secret" if rest:
                return self._reference(rest, place)
            case _:
                said = "a setting comes from `ssm:/path` or from `secret:NAME`, perhaps with `#field`"
                raise place.failed("InvalidSetting", "config", said)

    def secret(self, secret: Secret) -> Any:
        """The value of the very version that was read: text, or of a whole secret in JSON its map or list."""
        place = _Place(
            source=f"secret:{secret.name}{'#' + secret.field if secret.field else ''}",
            region=secret.region or "", account=secret.account,
        )  # fmt: skip
        return self._value(secret.name, secret.field, secret.version, place)[0]

    def _parameter(self, path: str, place: _Place) -> Reading:
        region = _region_of(path) or place.region
        try:
            client = self._clients("ssm", region=region, account=place.account)
            with calling():
                found = told(client.get_parameter(Name=path), "ssm.GetParameter", "Parameter")
        except EffectFailed as error:
            raise _told(error, place, path, "ssm:GetParameter", _MAKE_PARAMETER.format(path=path)) from None
        match found["Type"]:
            case "String":
                return Reading(value=found["Value"], version=str(found.get("Version", "")))
            case "StringList":
                items = [item.strip() for item in found["Value"].split(",")]
                return Reading(value=[item for item in items if item], version=str(found.get("Version", "")))
            case _:
                said = (
                    "it is a SecureString, and what is read from ssm: is recorded as it is; keep a secret in Secrets "
                    "Manager and write `secret:NAME`; make it a String if it is none"
                )
                raise place.failed("SecureString", "config", said)

    def _reference(self, rest: str, place: _Place) -> Reading:
        name, _, field = rest.partition("#")
        region = _region_of(name) or place.region
        _, version = self._value(name, field or None, "", place)
        reference = Secret(name=name, field=field or None, version=version, region=region, account=place.account)
        return Reading(value=reference, version=version)

    def _value(self, name: str, field: str | None, version: str, place: _Place) -> tuple[Any, str]:
        """The value, and the version that it is of."""
        region = _region_of(name) or place.region or None
        asked = {"SecretId": name} | ({"VersionId": version} if version else {})
        try:
            client = self._clients("secretsmanager", region=region, account=place.account)
            with calling():
                found = client.get_secret_value(**asked)
        except EffectFailed as error:
            advice = _ROTATED if version else _MAKE_SECRET.format(name=name)
            raise _told(error, place, name, "secretsmanager:GetSecretValue", advice) from None
        text = found.get("SecretString")
        if text is None:
            raise place.failed("InvalidSecret", "config", "it is binary; put text or JSON there")
        return _part(text, field, place), str(found.get("VersionId", ""))


_MAKE_PARAMETER: Final = "make it (aws ssm put-parameter --name {path} --type String --value …), or correct the setting"
_MAKE_SECRET: Final = "make it (aws secretsmanager create-secret --name {name} …), or correct the setting"
_ROTATED: Final = "the version that was read is gone, so it has been rotated since: read the settings again (`refresh`)"


def _told(error: EffectFailed, place: _Place, name: str, permission: str, advice: str) -> EffectFailed:
    """The same no, with the setting and what to do."""
    problem = error.problem
    match problem.category:
        case "not_found":
            said = f"{name} is not there; {advice}"
        case "denied":
            said = f"{problem.message}; needed: {permission} on it, and where it has a key of its own kms:Decrypt"
        case _:
            said = problem.message
    if problem.name == NO_VERSION:
        said = f"{problem.message}; restore it (aws secretsmanager restore-secret), or name another"
    return EffectFailed(
        Problem(
            name=problem.name,
            category=problem.category,
            message=f"{place}: {said}",
            also=problem.also,
            trace=problem.trace,
        )
    )


def _part(text: str, field: str | None, place: _Place) -> Any:
    """A field of a JSON secret; of a whole one the map or list, if it is one, else its text."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if field is None:
        return value if isinstance(value, (dict, list)) else text
    if not isinstance(value, dict):
        said = f"it is no JSON map, so it has no field {field}: leave `#{field}` away, or store the secret as JSON"
        raise place.failed("InvalidSecret", "config", said)
    if field not in value:
        raise place.failed("InvalidSecret", "config", f"it has no field {field}; it has {_fields(value)}")
    return value[field]


def _fields(value: Mapping[str, Any]) -> str:
    """Names of fields are no secrets, and say what was mistyped."""
    return ", ".join(sorted(str(name) for name in value)) or "none"


def _region_of(name: str) -> str:
    """The region of an ARN; empty for a name."""
    parts = name.split(":")
    return parts[3] if parts[0] == "arn" and len(parts) > 5 else ""
