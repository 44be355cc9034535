"""The stories of one runner: a restore with one thing that happens to it, from the first look to the last notice.

Each is told undisturbed, then killed at every point. `pairs` are killed twice, at every pair of points.
"""

from __future__ import annotations

from tests.laws.create_scenarios import COPY_AND_RESTORE, CREDENTIALS, PARTS
from tests.laws.drift_scenarios import MENDING
from tests.laws.failure_scenarios import EDITS, ENDS, ERRORS, KIN, UNREPEATABLE, WHOSE

STORIES = (*COPY_AND_RESTORE, *CREDENTIALS, *PARTS, *WHOSE, *KIN, *ERRORS, *EDITS, *ENDS, *MENDING)

__all__ = ["STORIES", "UNREPEATABLE"]
