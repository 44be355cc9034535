"""The key of a store, from the value of `RUNBOOK_STORE_KEY` or `store_key`: base64 of the key itself, or `kms:ARN`.

A key of AWS KMS never leaves it: KMS computes and verifies each HMAC (GenerateMac and VerifyMac; the key's spec is
HMAC_256). This module does not know what is authenticated.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from engine.errors import EnvironmentProblem, UsageError
from engine.stores.authenticated_store import StoreKey
from engine.stores.port import StoreUnavailable

SHORTEST: Final = 32
"""Bytes of a key: as many as an HMAC-SHA-256 has."""

KMS: Final = "kms:"
KMS_KEY: Final = re.compile(r"arn:[a-z0-9-]+:kms:([a-z0-9-]+):\d{12}:(?:key|alias)/[A-Za-z0-9/_-]+")
ALGORITHM: Final = "HMAC_SHA_256"

Clients = Callable[..., Any]
"""From the name of an AWS service and a region to its boto3 client."""


def open_key(text: str, clients: Clients) -> StoreKey:
    """The key; UsageError for a text that is none. The message does not repeat it: it may be a secret."""
    if text.startswith(KMS):
        return KmsStoreKey(check_kms_key(text), clients)
    try:
        secret = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        secret = b""
    if len(secret) < SHORTEST:
        message = (
            f"RUNBOOK_STORE_KEY must be base64 of at least {SHORTEST} random bytes, such as `openssl rand -base64 32` "
            f"prints, or kms:ARN"
        )
        raise UsageError(message)
    return LocalKey(secret)


def check_kms_key(text: str) -> str:
    """The ARN in `kms:ARN`. UsageError if it is none."""
    arn = text.removeprefix(KMS)
    if not text.startswith(KMS) or KMS_KEY.fullmatch(arn) is None:
        message = "a store key of KMS is written kms:arn:aws:kms:REGION:ACCOUNT:key/ID, or alias/NAME at its end"
        raise UsageError(message)
    return arn


class LocalKey:
    """A key that this process knows. Its name is a digest, from which the key cannot be found."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.name = "sha256:" + hashlib.sha256(b"runbook store key " + secret).hexdigest()[:12]

    def sign(self, message: bytes) -> str:
        return hmac.digest(self._secret, message, "sha256").hex()

    def verify(self, message: bytes, mac: str) -> bool:
        return hmac.compare_digest(self.sign(message).encode(), mac.encode("utf-8", "replace"))


class KmsStoreKey:
    """A key of AWS KMS."""

    def __init__(self, arn: str, clients: Clients) -> None:
        self.name = f"{KMS}{arn}"
        self._arn = arn
        self._clients = clients

    def sign(self, message: bytes) -> str:
        return bytes(self._request("generate_mac", message)["Mac"]).hex()

    def verify(self, message: bytes, mac: str) -> bool:
        try:
            given = bytes.fromhex(mac)
        except ValueError:
            given = b""
        # KMS answers with an error where the HMAC is not of the message, and refuses an empty one as invalid.
        return bool(given) and bool(self._request("verify_mac", message, Mac=given).get("MacValid"))

    def _request(self, name: str, message: bytes, **arguments: Any) -> Mapping[str, Any]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            client = self._clients("kms", self._arn.split(":")[3])
            reply: Mapping[str, Any] = getattr(client, name)(
                KeyId=self._arn, MacAlgorithm=ALGORITHM, Message=message, **arguments
            )
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == "KMSInvalidMacException":
                return {"MacValid": False}
            raise self._problem(error) from error
        except BotoCoreError as error:
            raise self._problem(error) from error
        expected = "Mac" if name == "generate_mac" else "MacValid"
        if expected not in reply:
            raise StoreUnavailable(f"a reply from KMS for the store key {self.name} was cut off")
        return reply

    def _problem(self, error: Exception) -> EnvironmentProblem:
        """What an error of KMS means for the store."""
        from engine.stores.dynamodb_client import CREDENTIALS, CREDENTIALS_CLASSES, TRANSIENT, TRANSIENT_CLASSES

        response = getattr(error, "response", None) or {}
        code = str(response.get("Error", {}).get("Code", ""))
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        classes = {one.__name__ for one in type(error).__mro__}
        passes = code in (*TRANSIENT, "KeyUnavailableException", "KMSInternalException") or status >= 500
        if passes or classes & TRANSIENT_CLASSES:
            return StoreUnavailable(f"KMS does not answer for the store key {self.name}: {error}")
        if code in CREDENTIALS or classes & CREDENTIALS_CLASSES:
            return EnvironmentProblem(
                f"the credentials for the store key {self.name} are missing or have expired ({error}). No progress is lost; "
                f"log in again (`aws sso login`, or new keys) and repeat the command"
            )
        return EnvironmentProblem(
            f"the store key {self.name} cannot be used: {error}. No progress is lost; check that the key is enabled, and that "
            f"your role has kms:GenerateMac and kms:VerifyMac on it"
        )
