"""What becomes of one call: performed or not, answered or not, as a fault says or as the world would have it.

Must not know which call it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from actions.sandbox.calls import Refusal
from actions.sandbox.faults import Fault, refusal_of
from engine.values import Bundle, changed


class Cut(Exception):
    """No reply. `kind` says what became of the call, `code` may name botocore's exception."""

    def __init__(self, kind: Literal["lost", "lost_unperformed", "unsent"], code: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.code = code


class Outcome(Bundle):
    """`word` is the journal's: `ok`, a code, or what became of the reply."""

    word: str = "ok"
    performed: bool = True
    answer: Any = None
    error: BaseException | None = None


def carry_out(service: str, fault: Fault | None, perform: Callable[[], Any]) -> Outcome:
    """Perform it, or not, as the fault says; what the world refuses, or a connection meets, is an outcome."""
    if fault is None:
        return _tried(perform)
    match fault.kind:
        case "unsent" | "lost_unperformed":
            return Outcome(word=fault.kind, performed=False, error=Cut(fault.kind, fault.code))
        case "lost":
            return changed(_tried(perform), word="lost", answer=None, error=Cut("lost", fault.code))
        case _:
            code, message, status = refusal_of(fault, service)
            performed = fault.performed and _tried(perform).performed
            return Outcome(word=code, performed=performed, error=Refusal(code, message, status))


def _tried(perform: Callable[[], Any]) -> Outcome:
    try:
        return Outcome(answer=perform())
    except Refusal as refusal:
        return Outcome(word=refusal.code, performed=False, error=refusal)
    except OSError as error:
        return Outcome(word=type(error).__name__, performed=False, error=error)
