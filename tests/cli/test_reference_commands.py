"""validate, graph, actions, explain, schema, store init: what says something of runbooks, and touches nothing."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from engine.checks.rules import BY_ID
from tests.cli.commands import FEW, RESTORE, ROOT, Ask, fits, written

BAD = FEW.replace("wait: 0s", "wiat: 0s", 1)

# -- validate -----------------------------------------------------------------------------------------------------


def test_what_is_right(ask: Ask) -> None:
    told = ask("validate", RESTORE)
    assert (told.code, told.out) == (0, "")
    assert "no errors in 1 file" in told.err


def test_what_is_wrong_with_its_place_and_line(ask: Ask, tmp_path: Path) -> None:
    written(tmp_path / "bad.yaml", BAD)
    told = ask("validate", "bad.yaml")
    assert told.code == 1
    assert re.search(r"^bad\.yaml:3:\d+: error RB2\d\d: ", told.out, re.MULTILINE)
    assert "    3 |   - {id: first, wiat: 0s}" in told.out


def test_all_files_of_a_folder(ask: Ask, tmp_path: Path) -> None:
    for name in ("a.yaml", "b/c.yml", "b/d.yaml"):
        file = tmp_path / "books" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        written(file, BAD if name == "b/d.yaml" else FEW)
    for name, text in {
        "a.test.yaml": "runbook: x",
        "world.yaml": "world: {}",
        ".hidden/e.yaml": BAD,
        "f.txt": BAD,
    }.items():
        file = tmp_path / "books" / name
        file.parent.mkdir(exist_ok=True)
        written(file, text)
    told = ask("validate", "books")
    assert told.code == 1
    assert {line.split(":")[0] for line in told.out.splitlines() if ": error" in line} == {"books/b/d.yaml"}
    assert "in 3 files" in told.err


def test_without_a_path_it_is_the_folder_of_runbooks(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "runbooks").mkdir()
    written(tmp_path / "runbooks" / "a.yaml", BAD)
    written(tmp_path / "elsewhere.yaml", BAD)
    assert "in 1 file" in ask("validate").err


def test_else_this_folder(ask: Ask, tmp_path: Path) -> None:
    written(tmp_path / "a.yaml", BAD)
    assert ask("validate").code == 1


def test_a_folder_without_runbooks(ask: Ask) -> None:
    told = ask("validate", ".")
    assert told.code == 2
    assert "there is no runbook in ." in told.err


def test_the_standard_input(process: Ask) -> None:
    told = process("validate", "-", stdin=BAD.encode())
    assert told.code == 1
    assert told.out.startswith("-:3:")


def test_no_absolute_path_is_said(ask: Ask, tmp_path: Path) -> None:
    file = written(tmp_path / "bad.yaml", BAD)
    assert ask("validate", file).out == ask("validate", "bad.yaml").out
    assert str(tmp_path) not in ask("validate", file, "-o", "json").out


def test_nor_of_a_file_elsewhere(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = written(tmp_path / "bad.yaml", BAD)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert ask("validate", file).out.startswith("bad.yaml:3:")


def test_findings_as_json(ask: Ask, tmp_path: Path) -> None:
    written(tmp_path / "bad.yaml", BAD)
    told = ask("validate", "bad.yaml", "-o", "json")
    fits("findings", told.document)
    assert told.document["findings"][0]["file"] == "bad.yaml"
    assert ask("validate", RESTORE, "-o", "json").document == {"format": 1, "findings": []}


def test_findings_for_code_scanning(ask: Ask, tmp_path: Path) -> None:
    written(tmp_path / "bad.yaml", BAD)
    document = ask("validate", "bad.yaml", "-o", "sarif").document
    assert document["version"] == "2.1.0"
    assert document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] == 3


def test_findings_for_pipelines_that_show_tests(ask: Ask, tmp_path: Path) -> None:
    written(tmp_path / "bad.yaml", BAD)
    root = ET.fromstring(ask("validate", "bad.yaml", "-o", "junit").out)
    assert root.tag == "testsuites"
    assert int(root.attrib["failures"]) > 0


def test_github_by_itself_under_github_actions(ask: Ask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path / "bad.yaml", BAD)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert ask("validate", "bad.yaml").out.startswith("::error file=bad.yaml,line=3,")
    assert ask("validate", "bad.yaml", "-o", "json").document["format"] == 1


def test_what_surely_can_be_mended_is(ask: Ask, tmp_path: Path) -> None:
    wrong = FEW.replace("wait: 0s}", "wait: 0s, descripton: short}", 1).replace(
        "runbook: few", "runbook: few\nvras: {}"
    )
    written(tmp_path / "bad.yaml", wrong)
    told = ask("validate", "--fix", "bad.yaml")
    assert told.code == 0
    assert re.search(r"^bad\.yaml:4:\d+: fixed RB201: descripton → description$", told.err, re.MULTILINE)
    assert (tmp_path / "bad.yaml").read_text("utf-8") == wrong.replace("descripton", "description").replace(
        "vras", "vars"
    )
    again = ask("validate", "--fix", "bad.yaml", "-o", "json")
    assert (again.document["findings"], again.err) == ([], "")


def test_what_cannot_is_told_and_the_file_stays(ask: Ask, tmp_path: Path) -> None:
    written(tmp_path / "bad.yaml", BAD)
    told = ask("validate", "--fix", "bad.yaml")
    assert told.code == 1
    assert "error RB2" in told.out
    assert (tmp_path / "bad.yaml").read_text("utf-8") == BAD
    (tmp_path / "bytes.yaml").write_bytes(BAD.encode() + b"# \xff\n")
    assert ask("validate", "--fix", "bytes.yaml").code == 1
    assert (tmp_path / "bytes.yaml").read_bytes() == BAD.encode() + b"# \xff\n"


def test_the_standard_input_is_no_file_to_be_mended(ask: Ask) -> None:
    assert ask("validate", "--fix", "-").code == 2


# -- graph --------------------------------------------------------------------------------------------------------


def test_the_restore_as_mermaid(ask: Ask) -> None:
    lines = [line.strip() for line in ask("graph", RESTORE).out.splitlines()]
    assert lines[0] == "flowchart TD"
    copy = next(line for line in lines if "<b>copy-snapshot</b>" in line)
    assert "broken: delete, then create again after 5m, 10m, 15m" in copy
    assert "pending: check every 30s, up to 1d" in copy
    assert 's4 ==>|"point of no return: failures hold"| s5' in lines
    assert 's7 -.->|"ConnectionTimeout"| s7e0' in lines
    assert any("1 check rds.cluster<br>2 check ec2.port_open<br>3 check net.endpoint" in line for line in lines)
    assert 's5e0 -.->|"settings.changed: retry"| s5' in lines


def test_every_step_and_stop_is_joined(ask: Ask) -> None:
    text = ask("graph", RESTORE).out
    drawn = text.partition("  subgraph")[0]
    nodes = {found[1] for found in re.finditer(r"^  (\w+)[\[({]", drawn, re.MULTILINE)}
    ends = {
        name
        for found in re.finditer(r"^  (\w+) [-=.]+>(?:\|.*\|)? (\w+)$", drawn, re.MULTILINE)
        for name in found.groups()
    }
    assert nodes == ends
    assert len(nodes) > 12


def test_the_restore_as_dot(ask: Ask) -> None:
    text = ask("graph", RESTORE, "-o", "dot").out
    assert text.startswith("digraph runbook {")
    assert text.count("{") == text.count("}")
    assert "s4 -> s5 [penwidth=3" in text
    assert 'label="copy-snapshot\\nensure rds.cluster_snapshot\\n' in text


NASTY = r"""a "quote", a <b>tag</b>, a `tick`, #35; a | pipe ]] end\n"""


def test_text_in_a_picture_is_text(ask: Ask, tmp_path: Path) -> None:
    file = written(tmp_path / "a.yaml", f"runbook: a\nsteps:\n  - id: b\n    hold: {json.dumps(NASTY)}\n")
    mermaid = ask("graph", file).out
    line = next(line for line in mermaid.splitlines() if "<b>b</b>" in line)
    inside = line[line.index('["') + 2 : line.rindex('"]')]
    assert '"' not in inside
    assert "<b>tag" not in inside
    assert "#lt;b#gt;tag" in inside
    dot = ask("graph", file, "-o", "dot").out
    assert r"a \"quote\"" in dot


# -- actions, explain, schema -------------------------------------------------------------------------------------


def test_all_kinds_and_actions(ask: Ask) -> None:
    told = ask("actions")
    names = [line.split()[0] for line in told.out.splitlines()]
    assert {
        "rds.cluster",
        "rds.cluster_snapshot",
        "postgres.setup_users",
        "sns.publish",
        "aws.SERVICE.OPERATION",
    } <= set(names)
    document = ask("actions", "-o", "json").document
    assert {one["name"] for one in document["actions"]} == set(names)


@pytest.mark.parametrize("name", ["rds.cluster", "postgres.setup_users", "net.endpoint", "sts.identity"])
def test_one_of_them(ask: Ask, name: str) -> None:
    told = ask("actions", name)
    assert told.out.startswith(f"{name} (")
    assert "with:" in told.out or name == "sts.identity"
    document = ask("actions", name, "-o", "json").document
    assert document["format"] == 1
    assert document["name"] == name
    assert ask("explain", name).out == told.out


@pytest.mark.parametrize("id", sorted(BY_ID))
def test_the_page_of_each_rule(ask: Ask, id: str) -> None:
    told = ask("explain", id.lower())
    assert told.code == 0
    assert told.out.startswith(f"{id} (")
    assert "wrong:" in told.out
    assert ask("explain", id, "-o", "json").document["id"] == id


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("InvalidVPCConfiguration", "DBSubnetGroupNotFoundFault"),
        ("ThrottlingException", "`retry` covers it"),
        ("config", "not transient"),
        ("credentials", "stops the run until the credentials are renewed"),
        ("ConnectionTimeout", "postgres.setup_users"),
    ],
)
def test_the_page_of_an_error(ask: Ask, word: str, said: str) -> None:
    told = ask("explain", word)
    assert told.code == 0
    assert said in told.out
    assert ask("explain", word, "-o", "json").document["error"] == word


def test_the_whole_table_of_a_step(ask: Ask) -> None:
    text = ask("explain", RESTORE, "copy-snapshot").out
    assert re.search(r"^  broken +replace$", text, re.MULTILINE)
    assert re.search(r"^  leaving +monitor +filled in$", text, re.MULTILINE)
    assert re.search(r"^  failed +broken +broken +replace +written +botocore rds", text, re.MULTILINE)
    assert "retry: 5m, 10m, 15m, 4 attempts, then fail" in text
    assert "delete-rds" not in text
    table = ask("explain", RESTORE, "copy-snapshot", "-o", "json").document["steps"][0]
    assert {one["verb"] for one in table["statuses"] if one["class"] == "pending"} == {"monitor"}


def test_the_times_of_a_runbook(ask: Ask) -> None:
    text = ask("explain", RESTORE, "--time").out
    assert re.search(r"^step +one attempt +attempts +delays +all attempts$", text, re.MULTILINE)
    assert re.search(r"^copy-snapshot +1d +4 +5m 10m 15m +4d30m$", text, re.MULTILINE)
    assert "time_limit: 1d12h" in text
    document = ask("explain", RESTORE, "--time", "-o", "json").document
    assert document["once"] == sum(one["once"] for one in document["steps"])
    copy = document["steps"][2]
    assert (copy["id"], copy["attempts"], copy["delays"]) == ("copy-snapshot", 4, [300, 600, 900])
    of_one = ask("explain", RESTORE, "copy-snapshot", "--time", "-o", "json").document
    assert of_one["steps"] == [copy]
    assert of_one["all"] == copy["all"]


def test_the_schema_is_the_one_beside_the_runbooks(ask: Ask) -> None:
    shipped = json.loads((ROOT / "schemas" / "runbook.schema.json").read_text(encoding="utf-8"))
    assert ask("schema").document == shipped


# -- help ---------------------------------------------------------------------------------------------------------


COMMANDS = (
    "validate fmt run resume restart status list history cancel cleanup orphans graph iam actions explain schema store"
).split()


def test_what_is_listed_is_there_and_nothing_else(ask: Ask) -> None:
    text = ask("--help").out.partition("Commands:")[2]
    assert re.findall(r"^  (\w+)", text, re.MULTILINE) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each(ask: Ask, command: str) -> None:
    told = ask(command, "--help")
    assert told.code == 0
    assert told.out.startswith(f"Usage: runbook {command}")


def test_without_words_it_says_what_there_is(ask: Ask) -> None:
    told = ask()
    assert "Commands:" in told.out + told.err
    assert told.code in (0, 2)


# -- the README's table ---------------------------------------------------------------------------------------------


def test_the_table_of_the_readme_lists_what_is_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Commands")[2].partition("##")[0]
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    named = {found for row in rows for found in re.findall(r"`(?:runbook )?(\w+)", row)}
    assert named == set(COMMANDS)
