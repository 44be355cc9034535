"""docs/guide.md: its commands run in the sandbox, and their results are those on the page.

Each section has its own store, world and runbooks. The comments `sandbox:` and `hand:`, which a reader does not see, make
things go wrong; `aws ssm put-parameter` changes a setting in the sandbox.
"""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from actions.sandbox import Sandbox, read_file
from engine.cli.context import world_file
from tests.cli.commands import Result
from tests.seed.guide_page import PAGE, PART, SECTIONS, edited
from tests.seed.operator import ROOT
from tests.servers.moto import Moto

COMMANDS_OF_ONE_OPERATION = ("resume", "restart", "cancel", "cleanup")
COMMANDS_WITH_SANDBOX = (*COMMANDS_OF_ONE_OPERATION, "run", "orphans")


@dataclass(slots=True, kw_only=True)
class Reader:
    """A reader who runs the commands of the page."""

    cli: Callable[..., Result]
    folder: Path
    operation: str = ""
    output: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    def follow(self, section: str) -> None:
        for part in PART.finditer(section):
            kind, body = part["kind"] or part["about"].partition(" ")[0], part["body"] or part["value"]
            match kind:
                case "sandbox":
                    self.extra = json.loads(body)
                case "hand":
                    self.change_sandbox(part["about"].partition(" ")[2], json.loads(body))
                case "sh":
                    self.output = "".join(self.type(line) for line in body.splitlines())
                case "json":
                    self.compare(json.loads(body))
                case "text":
                    for line in body.splitlines():
                        assert line in self.output, line
                case "diff":
                    self.edit(body)
                case "yaml":
                    assert body in self.runbook.read_text(encoding="utf-8") or body.startswith("runbook: ")

    @property
    def runbook(self) -> Path:
        return self.folder / "runbooks" / "restore.yaml"

    def type(self, line: str) -> str:
        command, _, expected = line.partition("  # exit code ")
        words = shlex.split(command)
        if words[:2] == ["aws", "ssm"]:
            return self.by_hand(words)
        program, verb, *rest = words
        assert program == "runbook"
        self.operation = self.named(verb, rest)
        result = self.cli(verb, *rest, *([f"--sandbox={self.world()}"] if verb in COMMANDS_WITH_SANDBOX else []))
        assert result.code == int(expected or 0), f"{line}: {result.code}\n{result.err}"
        return result.err + result.out

    def named(self, verb: str, words: list[str]) -> str:
        if "--operation-id" in words:
            return words[words.index("--operation-id") + 1]
        return words[0] if verb in COMMANDS_OF_ONE_OPERATION else self.operation

    def by_hand(self, words: list[str]) -> str:
        said = dict(zip(words[3::2], words[4::2], strict=False))
        if words[2] == "put-parameter":
            self.change_sandbox(self.operation, {"put": [f"ssm:{said['--name']}", said["--value"]]})
        return ""

    def change_sandbox(self, id: str, doings: dict[str, list[Any]]) -> None:
        file = world_file(f"sqlite:{self.folder / 'operations.db'}", id)
        sandbox = Sandbox(file=file)
        for what, words in doings.items():
            getattr(sandbox, what)(*words)

    def world(self) -> str:
        """The shipped world with the page's additions."""
        world, script = read_file(ROOT / "runbooks" / "restore.world.yaml")
        changed = {"world": world | self.extra.get("world", {}), "script": script | self.extra.get("script", {})}
        file = self.folder / "world.yaml"
        file.write_text(json.dumps(changed), encoding="utf-8")
        return str(file)

    def compare(self, expected: dict[str, Any]) -> None:
        """Compare these keys of the status document."""
        result = self.cli("status", self.operation, "-o", "json").document
        assert {name: result[name] for name in expected} == expected

    def edit(self, diff: str) -> None:
        text = edited(self.runbook.read_text(encoding="utf-8"), diff)
        self.runbook.write_text(text, encoding="utf-8")
        result = self.cli("validate", str(self.runbook))
        assert result.code == 0, result.out


@pytest.fixture
def reader(cli: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    monkeypatch.setenv("RUNBOOK_STORE", f"sqlite:{tmp_path / 'operations.db'}")
    shutil.copytree(ROOT / "runbooks", tmp_path / "runbooks")
    return Reader(cli=cli, folder=tmp_path)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.splitlines()[0].strip("# "))
def test_the_commands_of_a_section_have_the_results_on_the_page(reader: Reader, section: str) -> None:
    reader.follow(section)


def test_every_section_of_the_guide_is_covered() -> None:
    wanted = [
        "1 ",
        "2 ",
        "2.A",
        "2.B",
        "2.C",
        "3 ",
        "3.A",
        "3.B",
        "4 ",
        "4.A",
        "4.B",
        "5 ",
        "6 ",
        *(f"7.{n}" for n in range(1, 5)),
    ]
    headings = [line.strip("# ") for line in PAGE.splitlines() if line.startswith("##")]
    assert [name for name in wanted if not any(f"{heading} ".startswith(name) for heading in headings)] == []


def test_a_stack_trace_is_only_in_the_record(reader: Reader) -> None:
    reader.extra = {"script": {"restore-snapshot": ["InvalidVPCConfiguration"]}}
    result = reader.type(
        "runbook run runbooks/restore.yaml -i snapshot=daily -i cluster=orders --operation-id x --yes  # exit code 5"
    )
    events = [json.loads(line) for line in reader.cli("history", "x", "-o", "json").out.splitlines()]
    (failed,) = [one for one in events if one["event"] == "failed"]
    assert "actions/rds/cluster.py" in failed["fields"]["problem"]["trace"]
    assert "cluster.py" not in result + reader.cli("history", "x").out + reader.cli("status", "x", "-o", "json").out


def test_the_alarm_watches_the_metrics_that_the_runbook_sends(reader: Reader, moto: Moto) -> None:
    """Against CloudWatch over HTTP: the alarm is created, and retries and the hold are counted."""
    (text,) = [part["body"] for part in PART.finditer(PAGE) if (part["body"] or "").startswith("runbook: ")]
    file = reader.folder / "watched.yaml"
    file.write_text(text, encoding="utf-8")
    assert reader.cli("validate", str(file)).code == 0
    result = reader.cli("run", str(file), "--operation-id", "op", "--endpoint-url", moto.url)
    assert result.code == 5, result.err
    watch = moto.clients("cloudwatch")
    (alarm,) = watch.describe_alarms(AlarmNames=["runbook-holds"])["MetricAlarms"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("Runbooks", "held")
    assert {name: counted(watch, name) for name in ("retries", "held")} == {"retries": 2, "held": 1}


def counted(watch: Any, name: str) -> float:
    found = watch.get_metric_statistics(
        Namespace="Runbooks", MetricName=name, Dimensions=[{"Name": "runbook", "Value": "watched"}], Period=86400,
        StartTime="2020-01-01T00:00:00Z", EndTime="2100-01-01T00:00:00Z", Statistics=["Sum"],
    )  # fmt: skip
    return float(sum(one["Sum"] for one in found["Datapoints"]))
