"""Findings as text, JSON, GitHub's commands, SARIF and JUnit."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET  # of our own text

import jsonschema
import pytest

from engine.checks import validate
from engine.checks.formats import FORMATS, format_findings, summarize_findings
from engine.errors import Finding
from tests.validate.cases import REGISTRY

FILE = "runbooks/restore.yaml"
TEXT = """\
runbook: a
steps:
  - id: old
    check: rds.cluster
    with: {name: orders}
    states:
      avialable: done
"""


def found(text: str = TEXT, file: str = FILE) -> list[Finding]:
    return validate(text, REGISTRY, file)[1]


def test_text_is_as_the_design_has_it() -> None:
    told = format_findings("text", found(), {FILE: TEXT}).split("\n")
    assert told[0] == f"{FILE}:7:7: error RB404: `avialable` is neither a class nor a status of rds.cluster"
    assert told[1] == "    7 |       avialable: done"
    assert told[2] == "      |       ^^^^^^^^^"
    assert told[3].startswith("   help: did you mean `available`? A status is written `=backing-up`.")
    assert told[3].endswith(" More: runbook explain RB404")
    assert told[4:] == [""]


def one(**more: object) -> Finding:
    values = {"rule": "RB301", "message": "m", "file": FILE, "line": 1, "column": 1, "end_column": 2} | more
    return Finding(**values)  # type: ignore[arg-type]


LINES = {
    "a place in the middle": ("abcdef", 3, 5, ["    1 | abcdef", "      |   ^^"]),
    "wide characters": ("a: 日本 x", 7, 8, ["    1 | a: 日本 x", "      |         ^"]),
    "wide characters that are meant": ("a: 日本", 4, 6, ["    1 | a: 日本", "      |    ^^^^"]),
    "a combining character": ("e\u0301: x", 5, 6, ["    1 | e\u0301: x", "      |    ^"]),
    "what controls a terminal": ("a\x1b[31mb", 7, 8, ["    1 | a\\x1b[31mb", "      |          ^"]),
    "a tab": ("\ta", 2, 3, ["    1 | \\x09a", "      |     ^"]),
    "what turns the direction": ("a\u202eb", 3, 4, ["    1 | a\\u202eb", "      |        ^"]),
    "behind the end": ("ab", 5, 6, ["    1 | ab", "      |   ^"]),
    "an empty line": ("", 1, 2, ["    1 |", "      | ^"]),
    "a byte-order mark": ("\ufeffab", 1, 2, ["    1 | ab", "      | ^"]),
}


@pytest.mark.parametrize(("line", "column", "end", "expected"), LINES.values(), ids=LINES)
def test_carets_stand_below_what_is_meant(line: str, column: int, end: int, expected: list[str]) -> None:
    told = format_findings("text", [one(column=column, end_column=end)], {FILE: line})
    assert told.split("\n")[1:3] == expected


def test_of_a_long_line_the_part_around_it_is_shown() -> None:
    line = "x" * 400 + "wrong" + "y" * 400
    told = format_findings("text", [one(column=401, end_column=406)], {FILE: line}).split("\n")
    start = told[2].index("^")
    assert told[1][start : start + 5] == "wrong"
    assert len(told[1]) < 200


def test_of_several_lines_the_first_is_shown() -> None:
    told = format_findings("text", [one(column=4, end_line=2, end_column=3)], {FILE: "a: bc\n  d"}).split("\n")
    assert told[1:3] == ["    1 | a: bc", "      |    ^^"]


def test_a_line_that_is_not_there_is_left_out() -> None:
    told = format_findings("text", [one(line=7)], {})
    assert told == f"{FILE}:7:1: error RB301: m\n   help: runbook explain RB301\n"


def test_foreign_text_controls_nothing() -> None:
    told = one(message="\x1b]0;title\x07", help="a\x00b", file="a\nb.yaml")
    for name in FORMATS:
        text = format_findings(name, [told], {"a\nb.yaml": "\x1b[2J"})
        assert "\x1b" not in text, name
        assert "\x00" not in text, name
        assert "\x07" not in text, name
    assert format_findings("github", [told], {}).count("\n") == 1


def test_json() -> None:
    document = json.loads(format_findings("json", found(), {FILE: TEXT}))
    assert document["format"] == 1
    assert list(document["findings"][0]) == [
        "rule", "severity", "file", "line", "column", "end_line", "end_column", "message", "help"
    ]  # fmt: skip
    assert document["findings"][0] | {"message": "", "help": ""} == {
        "rule": "RB404", "severity": "error", "file": FILE, "line": 7, "column": 7, "end_line": 7, "end_column": 16,
        "message": "", "help": "",
    }  # fmt: skip
    assert json.loads(format_findings("json", [], {})) == {"format": 1, "findings": []}


def test_github() -> None:
    told = format_findings("github", [one(message="100 % wrong\nindeed", file="a,b:c.yaml", severity="warning")], {})
    place = "file=a%2Cb%3Ac.yaml,line=1,endLine=1,col=1,endColumn=2,title=RB301"
    assert told == f"::warning {place}::100 %25 wrong\\x0aindeed\n"


OFFICIAL = Path(__file__).parents[2] / "node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"
"""The schema of SARIF 2.1.0 as its editors publish it, in a package of theirs."""


@pytest.mark.skipif(not OFFICIAL.exists(), reason="no node_modules/@microsoft/jest-sarif: run `make servers`")
def test_sarif_is_what_its_own_schema_says() -> None:
    schema = json.loads(OFFICIAL.read_text("utf-8"))
    official = jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)
    assert list(official.iter_errors({"version": "2.1.0", "runs": [{"results": []}]}))  # it does refuse
    for findings, sources in (([], {}), ([*found(), one(file="with blank.yaml", severity="warning")], {FILE: TEXT})):
        document = json.loads(format_findings("sarif", findings, sources))
        assert not [error.message for error in official.iter_errors(document)]


def test_sarif() -> None:
    document = json.loads(
        format_findings("sarif", [*found(), one(file="with blank.yaml", severity="warning")], {FILE: TEXT})
    )
    run = document["runs"][0]
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    assert [place["artifactLocation"]["uri"] for place in places] == [FILE, "with%20blank.yaml"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["RB301", "RB404"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["region"] == {
        "startLine": 7, "startColumn": 7, "endLine": 7, "endColumn": 16,
    }  # fmt: skip


def test_junit() -> None:
    told = [*found(), one(file="b.yaml", severity="warning", message="<&>")]
    suites = ET.fromstring(format_findings("junit", told, {FILE: TEXT, "b.yaml": "", "clean.yaml": ""}))
    assert suites.attrib["tests"] == "3"
    assert suites.attrib["failures"] == "1"
    by_name = {suite.attrib["name"]: suite for suite in suites}
    assert list(by_name) == [FILE, "b.yaml", "clean.yaml"]
    assert by_name[FILE][0][0].tag == "failure"
    assert by_name["b.yaml"][0][0].tag == "system-out"
    assert "<&>" in str(by_name["b.yaml"][0][0].text)
    assert len(by_name["clean.yaml"][0]) == 0


@pytest.mark.parametrize(
    ("severities", "files", "text"),
    [
        ([], 1, "no errors in 1 file"),
        (["error"], 2, "1 error in 2 files"),
        (["error", "error", "warning"], 1, "2 errors and 1 warning in 1 file"),
        (["warning", "warning"], 3, "2 warnings in 3 files"),
    ],
)
def test_summary(severities: list[str], files: int, text: str) -> None:
    assert summarize_findings([one(severity=severity) for severity in severities], files) == text


def test_findings_are_in_the_order_of_the_file_and_each_is_told_once() -> None:
    text = TEXT + '  - {id: x, hold: "${b} ${a} ${a}"}\n'
    first = found(text)
    assert first == found(text)
    assert [(one.line, one.column) for one in first] == sorted((one.line, one.column) for one in first)
    assert len(first) == len(set(first))
