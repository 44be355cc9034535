"""What mypy must refuse: a copy of a value with a keyword that it does not have, or of another type.

`test_values.py` runs mypy on this file. Each line that is wrong says so in a comment, with mypy's error code.
"""

from __future__ import annotations

from engine.kernel.frame import Frame
from engine.kernel.operation import Operation
from engine.values import changed


def misspelt(operation: Operation, frame: Frame) -> tuple[object, ...]:
    return (
        changed(operation, hold=None),
        changed(operation, hoold=None),  # call-arg
        changed(operation, frames=[frame]),  # arg-type
        changed(frame, failed=None),
        changed(frame, fialed=None),  # call-arg
    )
