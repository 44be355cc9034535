"""SCRAM-SHA-256 verifiers, the form in which PostgreSQL stores passwords. No server and no message gets a password.

Knows neither roles nor connections. Sources: RFC 5802, and PostgreSQL's src/common/scram-common.c.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from typing import Final

ITERATIONS: Final = 4096
SALT: Final = 16
"""PostgreSQL's defaults (src/include/common/scram-common.h): iterations, and bytes of salt."""

_STORED: Final = re.compile(r"SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$[A-Za-z0-9+/=]+:[A-Za-z0-9+/=]+")


class UnfitPassword(Exception):
    """A password that cannot be used to log in. The message says why without quoting it."""


def prepared(password: str) -> str:
    """The password in the form that SCRAM uses (SASLprep, RFC 4013); UnfitPassword if SASLprep refuses it."""
    from scramp.utils import ScramException, saslprep

    if not password:
        raise UnfitPassword("it is empty")
    try:
        result: str = saslprep(password)
    except ScramException as error:
        raise UnfitPassword(_reason(str(error), password)) from None
    if not result:
        raise UnfitPassword("it consists of characters that SCRAM ignores (SASLprep)")
    return result


def _reason(message: str, password: str) -> str:
    """scramp's message, which names a rule and no character, for an operator."""
    rule = message.partition(":")[0]
    if "control characters" in rule:
        where = "at its end" if password[-1:].isspace() else "in it"
        return f"it has a control character or line break {where}, which SCRAM does not allow (SASLprep)"
    return f"SCRAM does not allow it (SASLprep: {rule}); use other characters"


def verifier(password: str, salt: bytes | None = None, iterations: int = ITERATIONS) -> str:
    """`SCRAM-SHA-256$4096:salt$stored:server`; UnfitPassword if SASLprep refuses the password."""
    salt = secrets.token_bytes(SALT) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", prepared(password).encode(), salt, iterations)
    stored = hashlib.sha256(_hmac(salted, b"Client Key")).digest()
    server = _hmac(salted, b"Server Key")
    return f"SCRAM-SHA-256${iterations}:{_base64(salt)}${_base64(stored)}:{_base64(server)}"


def is_verifier_of(stored: str | None, password: str) -> bool:
    """Is the text that a server has stored the verifier of this password?"""
    match = _STORED.fullmatch(stored or "")
    if match is None:
        return False
    computed = verifier(password, base64.b64decode(match[2]), int(match[1]))
    return hmac.compare_digest(computed, stored or "")


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()
