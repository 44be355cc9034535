"""Any input gives findings with places, never an exception, within two CPU seconds and 300 MB."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.checks import validate
from engine.checks.formats import FORMATS, format_findings
from engine.errors import Finding
from tests.validate.corpus import registry, runbooks, shipped
from tests.validate.hostile import HOSTILE, MEMORY

ROOT = Path(__file__).resolve().parents[2]

TEXTS = [file.read_text("utf-8") for file in (*runbooks("good"), *runbooks("bad"), *shipped())]
LINES = sorted({line for text in TEXTS for line in text.split("\n") if line.strip()})
WORDS = sorted({word for line in LINES for word in line.replace(",", " ").split()})


def checked(text: bytes | str) -> list[Finding]:
    """Validate twice with the same result, and render it in every format."""
    runbook, found = validate(text, registry(), "fuzz.yaml")
    shown = text if isinstance(text, str) else text.decode("utf-8", "replace")
    lines = shown.split("\n")
    for one in found:
        assert one.rule.startswith("RB")
        assert one.message
        assert 1 <= one.line <= len(lines) + 1, one
        assert one.column >= 1
        assert (one.end_line, one.end_column) > (one.line, one.column) or one.end_line > one.line, one
    for name in FORMATS:
        format_findings(name, found, {"fuzz.yaml": shown})
    assert (runbook is None) == any(one.severity == "error" for one in found)
    assert validate(text, registry(), "fuzz.yaml")[1] == found
    return found


@given(st.binary(max_size=300))
def test_bytes(data: bytes) -> None:
    checked(data)


@given(st.text(max_size=200))
def test_text(text: str) -> None:
    checked(text)


@given(st.lists(st.sampled_from(LINES), max_size=40))
def test_shuffled_lines(lines: list[str]) -> None:
    checked("\n".join(lines))


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False),
        st.sampled_from(WORDS),
        st.text(max_size=12),
    ),
    lambda inside: st.one_of(
        st.lists(inside, max_size=4),
        st.dictionaries(st.one_of(st.sampled_from(WORDS), st.text(max_size=8)), inside, max_size=4),
    ),
    max_leaves=12,
)


@st.composite
def spliced(draw: st.DrawFn) -> str:
    """A runbook of the corpus with lines removed, doubled, moved or taken from another one, and with changed words."""
    lines = draw(st.sampled_from(TEXTS)).split("\n")
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(lines) - 1)))
        match draw(st.integers(0, 4)):
            case 0:
                del lines[at : at + 1]
            case 1:
                lines[at:at] = lines[at : at + 1]
            case 2:
                lines.insert(at, draw(st.sampled_from(LINES)))
            case 3:
                words = lines[at].split(" ") if lines else [""]
                words[draw(st.integers(0, len(words) - 1))] = draw(st.sampled_from(WORDS))
                lines[at : at + 1] = [" ".join(words)]
            case _:
                cut = draw(st.integers(0, len(lines[at]) if lines else 0))
                lines[at : at + 1] = [lines[at][:cut] if lines else ""]
    return "\n".join(lines)


@settings(max_examples=300)
@given(spliced())
def test_spliced_runbooks(text: str) -> None:
    checked(text)


@given(VALUES, st.sampled_from(["inputs", "settings", "vars", "steps", "outputs", "tags", "accounts", "schedules", "retry",
                                "monitor", "region", "on_hold"]))  # fmt: skip
def test_values_of_any_form(value: object, key: str) -> None:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except UnicodeEncodeError:
        return
    steps = "steps: [{id: a, wait: 1s}]\n" if key != "steps" else ""
    checked(f"runbook: a\n{steps}{key}: {text}\n")


@given(VALUES, st.sampled_from(["with", "states", "rescue", "retry", "requires", "until", "undo", "for_each", "monitor", "if"]),
       st.sampled_from(["ensure: rds.cluster", "remove: rds.cluster_snapshot", "check: ec2.network", "call: postgres.run",
                        "call: aws.rds.modify_db_cluster", "check: aws.rds.describe_db_clusters", "notify: a"]))  # fmt: skip
def test_steps_of_any_form(value: object, key: str, step: str) -> None:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except UnicodeEncodeError:
        return
    checked(f"runbook: a\nsteps:\n  - id: b\n    {step}\n    {key}: {text}\n")


@pytest.mark.integration
def test_hostile_texts() -> None:
    """Each text runs in a process of its own, which is killed if it exceeds a limit."""
    command = [sys.executable, "-m", "tests.validate.hostile"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    taken = {one["name"]: one for one in map(json.loads, done.stdout.splitlines())}
    assert done.returncode == 0, (list(taken)[-1:], done.stderr[-2_000:])
    assert list(taken) == list(HOSTILE)
    assert {name: one for name, one in taken.items() if one["took"] >= one["limit"] or one["memory"] >= MEMORY} == {}
