"""Whatever the input: findings with places, never an exception, and never more than two seconds of the processor."""

from __future__ import annotations

import time

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.checks import validate
from engine.checks.formats import NAMES, rendered
from engine.errors import Finding
from tests.validate.corpus import registry, runbooks, shipped

TEXTS = [file.read_text("utf-8") for file in (*runbooks("good"), *runbooks("bad"), *shipped())]
LINES = sorted({line for text in TEXTS for line in text.split("\n") if line.strip()})
WORDS = sorted({word for line in LINES for word in line.replace(",", " ").split()})


def checked(text: bytes | str) -> list[Finding]:
    """Validated, rendered in every format, and twice the same."""
    runbook, found = validate(text, registry(), "fuzz.yaml")
    shown = text if isinstance(text, str) else text.decode("utf-8", "replace")
    lines = shown.split("\n")
    for one in found:
        assert one.rule.startswith("RB")
        assert one.message
        assert 1 <= one.line <= len(lines) + 1, one
        assert one.column >= 1
        assert (one.end_line, one.end_column) > (one.line, one.column) or one.end_line > one.line, one
    for name in NAMES:
        rendered(name, found, {"fuzz.yaml": shown})
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
def test_lines_of_runbooks_in_any_order(lines: list[str]) -> None:
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
    """A runbook of the corpus, with lines taken away, doubled, moved, or put in from another one, and words changed."""
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
def test_runbooks_that_were_spliced(text: str) -> None:
    checked(text)


@given(VALUES, st.sampled_from(["inputs", "settings", "vars", "steps", "outputs", "tags", "accounts", "schedules", "retry",
                                "monitor", "region", "on_hold"]))  # fmt: skip
def test_values_of_any_form(value: object, key: str) -> None:
    import json

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
    import json

    try:
        text = json.dumps(value, ensure_ascii=False)
    except UnicodeEncodeError:
        return
    checked(f"runbook: a\nsteps:\n  - id: b\n    {step}\n    {key}: {text}\n")


STEP = '  - {{id: s{0}, check: rds.cluster, with: {{name: "${{{1}}}"}}, requires: [{2}]}}\n'
HOSTILE = {
    "thousands of names that nothing has": "".join(STEP.format(n, f"x{n}", f"y{n}") for n in range(6_000)),
    "thousands of steps, each using the one before": "".join(
        STEP.format(n, f"s{n - 1}.arn" if n else "operation.id", f"s{n - 1}" if n else "s0") for n in range(6_000)
    ),
    "thousands of keys that are none": "  - {id: a, wait: 1s, " + ", ".join(f"k{n}: 1" for n in range(20_000)) + "}\n",
    "thousands of parameters": "  - {id: a, check: rds.cluster, with: {" + ", ".join(f"k{n}: 1" for n in range(20_000)) + "}}\n",
    "thousands of rows": "  - {id: a, check: rds.cluster, with: {name: a}, states: {"
    + ", ".join(f"=k{n}: hold" for n in range(20_000)) + "}}\n",
    "thousands of rescues": "  - id: a\n    call: sns.publish\n    with: {topic: 'arn:aws:sns:us-west-2:123456789012:t'}\n    rescue:\n"
    + "".join(f"      - {{error: k{n}, then: hold}}\n" for n in range(15_000)),
    "one long text of expressions": "  - {id: a, hold: '" + "${a.b} " * 20_000 + "'}\n",
    "a wide expression": "  - {id: a, hold: '${" + " or ".join(f"a{n}" for n in range(600)) + "}'}\n",
    "deep brackets": "  - {id: a, hold: '${" + "(" * 2_000 + "}'}\n",
    "a long word": "  - {id: a, check: " + "r" * 500_000 + "}\n",
    "a long pattern": "  - {id: a, check: rds.cluster, with: {name: " + "a-" * 200_000 + "}}\n",
    "comments": "".join(f"  # runbook: ignore RB601 because {n}\n" for n in range(15_000)) + "  - {id: a, wait: 1s}\n",
}  # fmt: skip


@pytest.fixture(scope="module")
def two_seconds() -> float:
    """As much of this machine as two seconds were where it was measured: six times YAML's C loader for 6,000 steps."""
    text = "".join(STEP.format(n, "a.b", "c") for n in range(6_000))
    began = time.process_time()
    yaml.load(f"steps:\n{text}", Loader=yaml.CSafeLoader)
    return 6 * (time.process_time() - began)


@pytest.mark.parametrize("steps", HOSTILE.values(), ids=HOSTILE)
def test_what_was_made_to_take_long(steps: str, two_seconds: float) -> None:
    text = f"runbook: a\nregion: us-west-2\nsteps:\n{steps}"
    assert len(text) < 1_000_000
    registry()
    began = time.process_time()
    validate(text, registry())
    assert time.process_time() - began < two_seconds
