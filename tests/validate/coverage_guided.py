"""Coverage-guided fuzzing: atheris mutates texts of the corpus so that they reach new code.

`python -m tests.validate.coverage_guided SECONDS`; exits with a code other than 0 if something is raised or
exceeds its limits, and saves the input to a file `crash-…` in the current folder. `make fuzz` installs atheris.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["engine.language", "engine.checks", "actions.aws.service_models"]):
    from engine.checks import validate
    from engine.checks.adopt.fix import apply_fixes
    from engine.errors import RunbookInvalid
    from engine.language.fmt.formatter import format_runbook
    from tests.validate.corpus import registry, runbooks, shipped

LONGEST = 20
"""Seconds for one input, including the overhead of tracing."""


def checked(data: bytes) -> None:
    """Validate, format and fix any bytes: there are findings with places, and no exception."""
    lines = data.count(b"\n") + 2
    for one in validate(data, registry(), "fuzz.yaml")[1]:
        assert one.message
        assert 1 <= one.line <= lines
        assert one.column >= 1
    try:
        made = format_runbook(data)
    except RunbookInvalid:
        return
    assert format_runbook(made.text.encode()).text == made.text
    if len(data) < 4_000:
        apply_fixes(made.text, registry(), "fuzz.yaml")


def main(seconds: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, file in enumerate([*runbooks("good"), *runbooks("bad"), *shipped()]):
            (Path(folder) / str(number)).write_bytes(file.read_bytes())
        words = ["-max_len=8000", f"-max_total_time={seconds}", f"-timeout={LONGEST}", "-rss_limit_mb=2000"]
        atheris.Setup([sys.argv[0], *words, folder], checked)
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1])
