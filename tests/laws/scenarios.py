"""All scenarios with one runner: a restore in which one thing happens, from the first look to the last notification.

Each runs without crashes, then killed at every point. Those with `pairs` are also killed twice, at pairs of points.
"""

from __future__ import annotations

from tests.laws.confirmation_scenarios import CONFIRMED
from tests.laws.create_scenarios import COPY_AND_RESTORE, CREDENTIALS, PARTS
from tests.laws.drift_scenarios import MENDING
from tests.laws.failure_scenarios import EDITS, ENDS, ERRORS, KIN, UNREPEATABLE, WHOSE
from tests.laws.undo_scenarios import UNDO

SCENARIOS = (*COPY_AND_RESTORE, *CREDENTIALS, *PARTS, *WHOSE, *KIN, *ERRORS, *EDITS, *ENDS, *MENDING, *UNDO, *CONFIRMED)

__all__ = ["SCENARIOS", "UNREPEATABLE"]
