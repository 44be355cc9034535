"""A connection to PostgreSQL whose server must prove by SCRAM that it knows the password.

It is for servers that TLS has not verified in full. Whoever stands between us and the server can ask for the password in the
clear, or as an MD5 hash, which is as good as the password. SCRAM shows the password to nobody, and its last message proves that
the server has the password's verifier. Sources: PostgreSQL, "Message Formats", Authentication…; RFC 5802.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

OK: Final = 0
SASL: Final = frozenset((10, 11))
SASL_FINAL: Final = 12
METHODS: Final = {3: "the password in the clear", 5: "the password as an MD5 hash"}


class UnprovenServer(Exception):
    """A server that is not verified in full, and does not prove by SCRAM that it knows the password. Says what it did."""


@cache
def scram_connection() -> Any:
    """The class: pg8000's `Connection`, which raises UnprovenServer before it answers anything but SCRAM."""
    from pg8000.native import Connection

    class ScramConnection(Connection):  # type: ignore[misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            self._proven = False
            super().__init__(*args, **options)

        def handle_AUTHENTICATION_REQUEST(self, data: bytes, context: Any) -> None:  # noqa: N802
            """Called by pg8000 with the body of each such message."""
            method = int.from_bytes(data[:4], "big")
            if method == OK and not self._proven:
                raise UnprovenServer("it accepts the login without a proof that it knows the password")
            if method not in (OK, *SASL, SASL_FINAL):
                raise UnprovenServer(f"it asks for {METHODS.get(method, f'another proof (method {method})')}")
            super().handle_AUTHENTICATION_REQUEST(data, context)
            self._proven = self._proven or method == SASL_FINAL

    return ScramConnection
