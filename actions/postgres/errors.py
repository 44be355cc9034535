"""What PostgreSQL, TLS and the network say no with, as errors of the engine (docs/kinds.md, "Errors of the database").

Messages hold the server's own sentence and what to do, and nothing that was told to hide. Must not know what was asked.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from actions.network import why_not
from engine.errors import EffectFailed, Problem

CODES: Final = {
    # SQLSTATE (PostgreSQL, appendix A): name, category
    "28P01": ("AuthenticationFailed", "denied"),
    "28000": ("AuthenticationFailed", "denied"),
    "3D000": ("DatabaseNotFound", "config"),
    "42501": ("InsufficientPrivilege", "denied"),
    "57P01": ("ConnectionTimeout", "timeout"),  # admin_shutdown: a failover
    "57P02": ("ConnectionTimeout", "timeout"),  # crash_shutdown
    "57P03": ("ConnectionTimeout", "timeout"),  # cannot_connect_now: starting up
    "53300": ("ConnectionTimeout", "timeout"),  # too_many_connections
    "08000": ("ConnectionTimeout", "timeout"),
    "08006": ("ConnectionTimeout", "timeout"),
}

SHORTEST: Final = 6

BUNDLE: Final = (
    "for RDS, name the file of AWS's certificates (global-bundle.pem, from truststore.pki.rds.amazonaws.com) with `ca:` "
    "or in RUNBOOK_DATABASE_CA"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where and as whom; `hidden` is what no message may hold."""

    host: str
    port: int
    database: str
    user: str
    source: str = ""  # where the setting `admin` came from
    hidden: tuple[str, ...] = field(default=(), repr=False)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}/{self.database} as {self.user}"


def failed(name: str, category: str, message: str, *also: str) -> EffectFailed:
    """A no, by its name."""
    return EffectFailed(Problem(name=name, category=category, message=message, also=also))


def problem_of(error: BaseException, place: Place) -> Problem:
    """What an exception of pg8000, ssl or the network says. It is walked to its cause, for pg8000 wraps them."""
    chain = list(_chain(error))
    told = next((fields for fields in map(_fields, chain) if fields), None)
    if told is not None:
        return _answered(told, place)
    for one in chain:
        if isinstance(one, ssl.SSLError):
            return _untrusted(one, place)
        if "refuses SSL" in str(one):
            return _problem(
                place, "TlsFailed", "config", "the server does not speak TLS; `tls: off` connects without it"
            )
    for one in chain:
        if isinstance(one, OSError):
            return _problem(place, "ConnectionTimeout", "timeout", why_not(one))
    if any(str(one) in ("network error", "connection is closed") for one in chain):
        return _problem(place, "ConnectionTimeout", "timeout", "the connection was lost")
    if any(type(one).__name__ == "ScramException" for one in chain):
        said = "the server does not prove that it knows the password: is it the right one?"
        return _problem(place, "AuthenticationFailed", "denied", said)
    said = f"what answers there does not speak PostgreSQL's protocol as it should ({type(error).__name__})"
    return _problem(place, "PostgresError", "internal", said)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__


def _fields(error: BaseException) -> dict[str, Any] | None:
    """The fields of the server's message, if it is one (pg8000's DatabaseError)."""
    told = error.args[0] if error.args else None
    return told if isinstance(told, dict) and "C" in told else None


def _answered(told: dict[str, Any], place: Place) -> Problem:
    code, said = str(told["C"]), str(told.get("M", ""))
    name, category = CODES.get(code, ("PostgresError", "internal"))
    if code == "28000" and "no encryption" in said:
        return _problem(place, "TlsFailed", "config", f"{said}: the server wants TLS; leave `tls: off` away", code)
    hint = str(told.get("H", "")) or _advice(name, said, place)
    sentence = f"{said} (SQLSTATE {code})" if name == "PostgresError" else said
    if name == "InsufficientPrivilege" and told.get("D"):
        sentence += f": {str(told['D']).rstrip('.')}"
    return _problem(place, name, category, f"{sentence}; {hint}" if hint else sentence, code)


def _advice(name: str, said: str, place: Place) -> str:
    match name:
        case "AuthenticationFailed":
            whose = f"`admin`, from {place.source}," if place.source else "`admin`"
            return f"is the password of {whose} the one that this cluster has? A restored one has its snapshot's"
        case "DatabaseNotFound":
            return "name another with `database:`"
        case "InsufficientPrivilege" if "create role" in said:
            return f'ALTER ROLE "{place.user}" CREATEROLE, or use another `admin`'
        case "InsufficientPrivilege" if "role" in said:
            return (
                "from PostgreSQL 16 on CREATEROLE is not enough for a role that another has made: its maker must "
                f'GRANT it TO "{place.user}" WITH ADMIN OPTION'
            )
        case "InsufficientPrivilege":
            return f'only the owner can grant: GRANT the owner\'s role TO "{place.user}", or use the owner as `admin`'
        case _:
            return ""


def _untrusted(error: ssl.SSLError, place: Place) -> Problem:
    if not isinstance(error, ssl.SSLCertVerificationError):
        reason = getattr(error, "reason", None) or type(error).__name__
        return _problem(place, "TlsFailed", "config", f"TLS cannot be set up: {reason}")
    said = error.verify_message or "the certificate is not to be trusted"
    if "mismatch" in said or "not valid for" in said:
        hint = "give the cluster's own endpoint as `host`, or say `tls: verify-ca`"
    else:
        hint = BUNDLE
    return _problem(place, "TlsFailed", "config", f"the server's certificate: {said}; {hint}")


def _problem(place: Place, name: str, category: str, said: str, *also: str) -> Problem:
    for secret in place.hidden:  # no server quotes a password; a short one would be told by the stars in its place
        said = said.replace(secret, "***") if len(secret) >= SHORTEST else said
    return Problem(name=name, category=category, message=f"{place}: {said}", also=also)
