"""The stored form does not depend on names in the code: every class and field has its name in `engine.kernel.wire`."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.errors import EnvironmentProblem
from engine.kernel import effect, events, frame, operation, wire
from engine.kernel.operation import Halt, Perform, SleepUntil
from engine.kernel.operation import Record as RecordCommand
from engine.runtime.load import load
from engine.stores.port import LogRecord
from engine.values import Value, changed
from tests.golden.histories import FOLDER, read
from tests.laws.scenario_run import ID, parse

ROOT = Path(__file__).parents[2]
NEVER_STORED = {Perform, SleepUntil, RecordCommand, Halt, events.Event}
REENCODE = """
import json, sys
from pathlib import Path
from msgspec.structs import replace
import engine
from engine.kernel.codec import States, decode, encode
from engine.stores.serialization import StoredRecord, decode_record

assert engine.__file__.startswith(sys.argv[1]), engine.__file__
for file in sorted(Path(sys.argv[2]).glob("*.jsonl")):
    for number, line in enumerate(file.read_text().splitlines()[1:], start=1):
        digest, packed = json.loads(line)
        record = decode_record(StoredRecord(seq=number, packed=packed.encode(), digest=digest), "op-001", "golden")
        state = None if record.state is None else States().encoded(decode(record.state))
        again = replace(record, events=tuple(encode(decode(event)) for event in record.events), state=state)
        assert again.packed().decode() == packed, (file.name, number)
        print(number)
"""


def stored_classes() -> set[type[Value]]:
    found = set()
    for module in (effect, frame, operation, events):
        for one in vars(module).values():
            if isinstance(one, type) and issubclass(one, Value) and one.__module__ == module.__name__:
                found.add(one)
    return found - NEVER_STORED


def test_every_class_and_field_is_in_the_table() -> None:
    assert stored_classes() <= wire.BY_CLASS.keys()
    for form in wire.BY_CLASS.values():
        assert set(form.fields) == set(form.cls.__struct_fields__), form.tag
        assert len(set(form.fields.values())) == len(form.fields), form.tag


def test_tags_are_snake_case_and_no_tag_is_used_twice() -> None:
    forms = [*wire.STATE, *wire.EVENTS]
    assert len(wire.BY_TAG) == len(wire.BY_CLASS) == len(forms)
    assert [form.tag for form in forms if not re.fullmatch(r"[a-z]+(_[a-z]+)*", form.tag)] == []


def reencoded(package: Path) -> str:
    """What a process that imports the engine from `package` says of all golden records."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", REENCODE, str(package), str(FOLDER)],
        env=os.environ | {"PYTHONPATH": str(package)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.splitlines()[-1] if done.returncode == 0 else done.stderr


def renamed(folder: Path, *, in_the_table: bool) -> Path:
    """A copy of the engine in which a class and two fields have other names."""
    shutil.copytree(ROOT / "engine", folder / "engine", ignore=shutil.ignore_patterns("__pycache__"))
    for file in folder.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        changed_text = re.sub(r"\bTakenUp\b", "PickedUp", text)
        for field in ("perhaps_done", "irreversible"):
            stored = f"new_{field}={field}" if in_the_table and file.name == "wire.py" else f"new_{field}"
            changed_text = re.sub(rf"\b{field}\b", stored, changed_text)
        file.write_text(changed_text, encoding="utf-8")
    return folder


@pytest.mark.integration
def test_renaming_a_class_and_fields_changes_no_byte_of_a_log(tmp_path: Path) -> None:
    assert reencoded(renamed(tmp_path, in_the_table=True)).isdigit()


@pytest.mark.integration
def test_a_field_that_loses_its_stored_name_is_noticed(tmp_path: Path) -> None:
    assert "`operation` has no `irreversible` in this version" in reencoded(renamed(tmp_path, in_the_table=False))


def with_event(event: dict[str, Any]) -> Any:
    """A golden history, with one more record."""
    _, store = read(FOLDER / "the-copy-fails-once.jsonl")
    *_, last = store.records(ID)
    whole = LogRecord(operation=ID, seq=last.seq + 1, at=last.at, write_id="w", events=(event,))
    store.append(changed(whole, state=None).sealed(last.digest))
    return store


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ({"$": "crowded", "at": 2e9}, "`crowded` is not known to this version: it was written by a newer version"),
        (
            {"$": "ended", "at": 2e9, "branch": "a"},
            "`ended` has no `branch` in this version: it was written by a newer",
        ),
    ],
    ids=["a tag", "a field"],
)
def test_what_a_newer_version_wrote_is_refused(event: dict[str, Any], said: str) -> None:
    with pytest.raises(EnvironmentProblem, match=re.escape(said)) as refused:
        load(with_event(event), ID, parse)
    assert refused.value.exit_code == 4


def test_the_schema_and_the_page_list_every_event() -> None:
    tags = [form.tag for form in wire.EVENTS]
    schema = json.loads((ROOT / "schemas" / "event.schema.json").read_text(encoding="utf-8"))
    assert schema["properties"]["event"] == {"enum": tags}
    page = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE) == tags
