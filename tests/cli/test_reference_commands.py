"""Commands that only read: validate, graph, actions, explain, schema, and the help."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from engine.checks.rules import BY_ID
from tests.cli.commands import FEW, RESTORE, ROOT, Cli, assert_valid, write_file

BAD = FEW.replace("wait: 0s", "wiat: 0s", 1)

# -- validate -----------------------------------------------------------------------------------------------------


def test_a_valid_runbook(cli: Cli) -> None:
    result = cli("validate", RESTORE)
    assert (result.code, result.out) == (0, "")
    assert "no errors in 1 file" in result.err


def test_a_finding_shows_its_place_and_line(cli: Cli, tmp_path: Path) -> None:
    write_file(tmp_path / "bad.yaml", BAD)
    result = cli("validate", "bad.yaml")
    assert result.code == 1
    assert re.search(r"^bad\.yaml:3:\d+: error RB2\d\d: ", result.out, re.MULTILINE)
    assert "    3 |   - {id: first, wiat: 0s}" in result.out


def test_a_folder_is_checked(cli: Cli, tmp_path: Path) -> None:
    for name in ("a.yaml", "b/c.yml", "b/d.yaml"):
        file = tmp_path / "books" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        write_file(file, BAD if name == "b/d.yaml" else FEW)
    for name, text in {
        "a.test.yaml": "runbook: x",
        "world.yaml": "world: {}",
        ".hidden/e.yaml": BAD,
        "f.txt": BAD,
    }.items():
        file = tmp_path / "books" / name
        file.parent.mkdir(exist_ok=True)
        write_file(file, text)
    result = cli("validate", "books")
    assert result.code == 1
    assert {line.split(":")[0] for line in result.out.splitlines() if ": error" in line} == {"books/b/d.yaml"}
    assert "in 3 files" in result.err


def test_the_default_is_the_folder_runbooks(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "runbooks").mkdir()
    write_file(tmp_path / "runbooks" / "a.yaml", BAD)
    write_file(tmp_path / "elsewhere.yaml", BAD)
    assert "in 1 file" in cli("validate").err


def test_otherwise_the_default_is_the_working_directory(cli: Cli, tmp_path: Path) -> None:
    write_file(tmp_path / "a.yaml", BAD)
    assert cli("validate").code == 1


def test_a_folder_without_runbooks(cli: Cli) -> None:
    result = cli("validate", ".")
    assert result.code == 2
    assert "there is no runbook in ." in result.err


def test_stdin(process: Cli) -> None:
    result = process("validate", "-", stdin=BAD.encode())
    assert result.code == 1
    assert result.out.startswith("-:3:")


def test_findings_have_no_absolute_path(cli: Cli, tmp_path: Path) -> None:
    file = write_file(tmp_path / "bad.yaml", BAD)
    assert cli("validate", file).out == cli("validate", "bad.yaml").out
    assert str(tmp_path) not in cli("validate", file, "-o", "json").out


def test_a_file_elsewhere_is_shown_by_its_name(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = write_file(tmp_path / "bad.yaml", BAD)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert cli("validate", file).out.startswith("bad.yaml:3:")


def test_findings_as_json(cli: Cli, tmp_path: Path) -> None:
    write_file(tmp_path / "bad.yaml", BAD)
    result = cli("validate", "bad.yaml", "-o", "json")
    assert_valid("findings", result.document)
    assert result.document["findings"][0]["file"] == "bad.yaml"
    assert cli("validate", RESTORE, "-o", "json").document == {"format": 1, "findings": []}


def test_findings_as_sarif(cli: Cli, tmp_path: Path) -> None:
    write_file(tmp_path / "bad.yaml", BAD)
    document = cli("validate", "bad.yaml", "-o", "sarif").document
    assert document["version"] == "2.1.0"
    assert document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] == 3


def test_findings_as_junit(cli: Cli, tmp_path: Path) -> None:
    write_file(tmp_path / "bad.yaml", BAD)
    root = ET.fromstring(cli("validate", "bad.yaml", "-o", "junit").out)
    assert root.tag == "testsuites"
    assert int(root.attrib["failures"]) > 0


def test_github_format_is_the_default_in_github_actions(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_file(tmp_path / "bad.yaml", BAD)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert cli("validate", "bad.yaml").out.startswith("::error file=bad.yaml,line=3,")
    assert cli("validate", "bad.yaml", "-o", "json").document["format"] == 1


def test_fix_applies_certain_fixes(cli: Cli, tmp_path: Path) -> None:
    wrong = FEW.replace("wait: 0s}", "wait: 0s, descripton: short}", 1).replace(
        "runbook: few", "runbook: few\nvras: {}"
    )
    write_file(tmp_path / "bad.yaml", wrong)
    result = cli("validate", "--fix", "bad.yaml")
    assert result.code == 0
    assert re.search(r"^bad\.yaml:4:\d+: fixed RB201: descripton → description$", result.err, re.MULTILINE)
    assert (tmp_path / "bad.yaml").read_text("utf-8") == wrong.replace("descripton", "description").replace(
        "vras", "vars"
    )
    again = cli("validate", "--fix", "bad.yaml", "-o", "json")
    assert (again.document["findings"], again.err) == ([], "")


def test_fix_leaves_other_findings(cli: Cli, tmp_path: Path) -> None:
    write_file(tmp_path / "bad.yaml", BAD)
    result = cli("validate", "--fix", "bad.yaml")
    assert result.code == 1
    assert "error RB2" in result.out
    assert (tmp_path / "bad.yaml").read_text("utf-8") == BAD
    (tmp_path / "bytes.yaml").write_bytes(BAD.encode() + b"# \xff\n")
    assert cli("validate", "--fix", "bytes.yaml").code == 1
    assert (tmp_path / "bytes.yaml").read_bytes() == BAD.encode() + b"# \xff\n"


def test_fix_refuses_stdin(cli: Cli) -> None:
    assert cli("validate", "--fix", "-").code == 2


# -- graph --------------------------------------------------------------------------------------------------------


def test_the_restore_as_mermaid(cli: Cli) -> None:
    lines = [line.strip() for line in cli("graph", RESTORE).out.splitlines()]
    assert lines[0] == "flowchart TD"
    copy = next(line for line in lines if "<b>copy-snapshot</b>" in line)
    assert "broken: delete, then create again after 5m, 10m, 15m" in copy
    assert "pending: check every 30s, up to 1d" in copy
    assert 's4 ==>|"point of no return: failures hold"| s5' in lines
    assert 's7 -.->|"ConnectionTimeout"| s7e0' in lines
    assert any("1 check rds.cluster<br>2 check ec2.port_open<br>3 check net.endpoint" in line for line in lines)
    assert 's5e0 -.->|"settings.changed: retry"| s5' in lines


def test_every_node_has_an_edge(cli: Cli) -> None:
    text = cli("graph", RESTORE).out
    drawn = text.partition("  subgraph")[0]
    nodes = {found[1] for found in re.finditer(r"^  (\w+)[\[({]", drawn, re.MULTILINE)}
    ends = {
        name
        for found in re.finditer(r"^  (\w+) [-=.]+>(?:\|.*\|)? (\w+)$", drawn, re.MULTILINE)
        for name in found.groups()
    }
    assert nodes == ends
    assert len(nodes) > 12


def test_the_restore_as_dot(cli: Cli) -> None:
    text = cli("graph", RESTORE, "-o", "dot").out
    assert text.startswith("digraph runbook {")
    assert text.count("{") == text.count("}")
    assert "s4 -> s5 [penwidth=3" in text
    assert 'label="copy-snapshot\\nensure rds.cluster_snapshot\\n' in text


NASTY = r"""a "quote", a <b>tag</b>, a `tick`, #35; a | pipe ]] end\n"""


def test_text_in_a_graph_is_escaped(cli: Cli, tmp_path: Path) -> None:
    file = write_file(tmp_path / "a.yaml", f"runbook: a\nsteps:\n  - id: b\n    hold: {json.dumps(NASTY)}\n")
    mermaid = cli("graph", file).out
    line = next(line for line in mermaid.splitlines() if "<b>b</b>" in line)
    inside = line[line.index('["') + 2 : line.rindex('"]')]
    assert '"' not in inside
    assert "<b>tag" not in inside
    assert "#lt;b#gt;tag" in inside
    dot = cli("graph", file, "-o", "dot").out
    assert r"a \"quote\"" in dot


# -- actions, explain, schema -------------------------------------------------------------------------------------


def test_all_kinds_and_actions(cli: Cli) -> None:
    result = cli("actions")
    names = [line.split()[0] for line in result.out.splitlines()]
    assert {
        "rds.cluster",
        "rds.cluster_snapshot",
        "postgres.setup_users",
        "sns.publish",
        "aws.SERVICE.OPERATION",
    } <= set(names)
    document = cli("actions", "-o", "json").document
    assert {one["name"] for one in document["actions"]} == set(names)


@pytest.mark.parametrize("name", ["rds.cluster", "postgres.setup_users", "net.endpoint", "sts.identity"])
def test_one_kind_or_action(cli: Cli, name: str) -> None:
    result = cli("actions", name)
    assert result.out.startswith(f"{name} (")
    assert "with:" in result.out or name == "sts.identity"
    document = cli("actions", name, "-o", "json").document
    assert document["format"] == 1
    assert document["name"] == name
    assert cli("explain", name).out == result.out


@pytest.mark.parametrize("id", sorted(BY_ID))
def test_explain_each_rule(cli: Cli, id: str) -> None:
    result = cli("explain", id.lower())
    assert result.code == 0
    assert result.out.startswith(f"{id} (")
    assert "wrong:" in result.out
    assert cli("explain", id, "-o", "json").document["id"] == id


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("InvalidVPCConfiguration", "DBSubnetGroupNotFoundFault"),
        ("ThrottlingException", "`retry` covers it"),
        ("config", "not transient"),
        ("credentials", "stops the run until the credentials are renewed"),
        ("ConnectionTimeout", "postgres.setup_users"),
    ],
)
def test_explain_an_error(cli: Cli, word: str, expected: str) -> None:
    result = cli("explain", word)
    assert result.code == 0
    assert expected in result.out
    assert cli("explain", word, "-o", "json").document["error"] == word


def test_explain_the_state_table_of_a_step(cli: Cli) -> None:
    text = cli("explain", RESTORE, "copy-snapshot").out
    assert re.search(r"^  broken +replace$", text, re.MULTILINE)
    assert re.search(r"^  leaving +monitor +default$", text, re.MULTILINE)
    assert re.search(r"^  failed +broken +broken +replace +written +botocore rds", text, re.MULTILINE)
    assert "retry: 5m, 10m, 15m, 4 attempts, then fail" in text
    assert "delete-rds" not in text
    table = cli("explain", RESTORE, "copy-snapshot", "-o", "json").document["steps"][0]
    assert {one["verb"] for one in table["statuses"] if one["class"] == "pending"} == {"monitor"}


def test_explain_the_times_of_a_runbook(cli: Cli) -> None:
    text = cli("explain", RESTORE, "--time").out
    assert re.search(r"^step +one attempt +attempts +delays +all attempts$", text, re.MULTILINE)
    assert re.search(r"^copy-snapshot +1d +4 +5m 10m 15m +4d30m$", text, re.MULTILINE)
    assert "time_limit: 1d12h" in text
    document = cli("explain", RESTORE, "--time", "-o", "json").document
    assert document["once"] == sum(one["once"] for one in document["steps"])
    copy = document["steps"][2]
    assert (copy["id"], copy["attempts"], copy["delays"]) == ("copy-snapshot", 4, [300, 600, 900])
    of_one = cli("explain", RESTORE, "copy-snapshot", "--time", "-o", "json").document
    assert of_one["steps"] == [copy]
    assert of_one["all"] == copy["all"]


def test_schema_prints_the_shipped_schema(cli: Cli) -> None:
    shipped = json.loads((ROOT / "schemas" / "runbook.schema.json").read_text(encoding="utf-8"))
    assert cli("schema").document == shipped


# -- help ---------------------------------------------------------------------------------------------------------


COMMANDS = (
    "validate fmt run resume restart status list history cancel cleanup orphans graph iam actions explain schema store "
    "trust completion"
).split()


def test_help_lists_every_command(cli: Cli) -> None:
    text = cli("--help").out.partition("Commands:")[2]
    assert re.findall(r"^  (\w+)", text, re.MULTILINE) == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_each_command(cli: Cli, command: str) -> None:
    result = cli(command, "--help")
    assert result.code == 0
    assert result.out.startswith(f"Usage: runbook {command}")


@pytest.mark.parametrize("words", [(), ("store",)])
def test_without_arguments_help_is_shown(cli: Cli, words: tuple[str, ...]) -> None:
    result = cli(*words)
    assert result.err.startswith(f"Usage: {' '.join(('runbook', *words))} [OPTIONS] COMMAND")
    assert "Commands:" in result.err
    assert "error:" not in result.err
    assert result.code == 2


# -- the README's table ---------------------------------------------------------------------------------------------


def test_the_readme_lists_every_command() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Commands")[2].partition("##")[0]
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    named = {found for row in rows for found in re.findall(r"`(?:runbook )?(\w+)", row)}
    assert named == set(COMMANDS)
