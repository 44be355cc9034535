"""The registry: the parameters and attributes of kinds, and kinds and actions of installed packages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import actions
from actions import build_registry
from engine.errors import UsageError
from engine.registry import Registry
from tests.actions.rds_world import REGISTRY

KINDS = {
    "rds.cluster_snapshot": (
        "name latest_of copy_of kms_key copy_tags",
        "name arn id status cluster cluster_id engine engine_version encrypted kms_key created percent source_arn type tags",
    ),
    "rds.cluster_snapshots": ("cluster owner status", "items"),
    "rds.cluster": (
        """
        name from_snapshot engine engine_version subnet_group security_groups kms_key parameter_group port serverless
        iam_auth protected restore_to from_cluster final_snapshot unprotect detach
        """,
        """
        name arn id status endpoint reader_endpoint port database engine engine_version encrypted kms_key instances
        subnet_group security_groups vpc protected global replica_of replicas created settled tags
        """,
    ),
    "rds.instance": (
        "name cluster class zone tier public parameter_group engine",
        "name arn id status cluster class writer endpoint port zone created tags",
    ),
}
"""The parameters and attributes of each kind, as in docs/kinds.md."""

WATCHED = {
    "rds.cluster_snapshot": (30, 24 * 3600, "copy"),
    "rds.cluster": (60, 4 * 3600, "live"),
    "rds.instance": (30, 3600, "none"),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_kind_has_its_parameters_and_attributes(name: str) -> None:
    kind = REGISTRY.kinds[name]
    params, attributes = KINDS[name]
    assert set(kind.params) == set(params.split())
    assert set(kind.attributes) == set(attributes.split())
    assert set(kind.facts.identity) <= set(kind.params)
    assert kind.facts.name == kind.name == name


@pytest.mark.parametrize("name", WATCHED)
def test_a_kind_has_its_polling_intervals(name: str) -> None:
    facts = REGISTRY.kinds[name].facts
    assert (facts.monitor.every, facts.monitor.longest, facts.data) == WATCHED[name]
    assert facts.monitor.grace == 60
    removal = facts.removal or facts.monitor
    assert (removal.every, removal.longest) == (30, 3600)


def test_every_kind_and_action_declares_doc_name_and_classes() -> None:
    assert len(REGISTRY.kinds) >= 9
    for kind in REGISTRY.kinds.values():
        assert kind.doc
        assert kind.facts.name == kind.name
        assert {status.cls for status in kind.statuses.values()} <= {
            "missing", "pending", "available", "blocked", "broken", "leaving"
        }  # fmt: skip
    for action in REGISTRY.actions.values():
        assert action.doc
        assert action.facts.name == action.name


def test_parameters_and_attributes_have_valid_schemas() -> None:
    from jsonschema import Draft202012Validator

    for kind in REGISTRY.kinds.values():
        for param in kind.params.values():
            Draft202012Validator.check_schema(param.schema)
        for schema in kind.attributes.values():
            Draft202012Validator.check_schema(schema)


def test_a_name_cannot_be_registered_twice() -> None:
    registry = Registry()
    kind = REGISTRY.kinds["rds.cluster"]
    actions.add(registry, SimpleNamespace(KINDS=(kind,)))
    with pytest.raises(UsageError, match="registered twice"):
        actions.add(registry, SimpleNamespace(KINDS=(kind,)))


def _package(folder: Path, body: str) -> None:
    """An installed distribution with entry points."""
    (folder / "theirs.py").write_text(body, encoding="utf-8")
    info = folder / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[runbook.actions]\ntheirs = theirs\n", encoding="utf-8")


THEIRS = """
from engine.language.model import ActionFacts
from engine.registry import Action
ACTIONS = (Action(name="theirs.greet", doc="Greets.", facts=ActionFacts(name="theirs.greet"), params={}, output={},
                  calls={}, errors=(), run=lambda params, ctx: {}),)
"""


def _run(folder: Path, code: str, root: Path) -> Any:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=root, env={"PYTHONPATH": f"{folder}:{root}"}, capture_output=True, text=True)


def test_installed_packages_are_found_by_entry_points(tmp_path: Path, root: Path) -> None:
    _package(tmp_path, THEIRS)
    code = "from actions import build_registry as b; print('theirs.greet' in b().actions, 'theirs.greet' in b(False).actions)"
    assert _run(tmp_path, code, root).stdout.split() == ["True", "False"]


def test_a_package_that_cannot_be_imported_is_named(tmp_path: Path, root: Path) -> None:
    _package(tmp_path, "import nothing_of_that_name")
    code = "from actions import build_registry as b\nfrom engine.errors import EnvironmentProblem\ntry: b()\nexcept EnvironmentProblem as e: print(e)"
    assert "`theirs`" in _run(tmp_path, code, root).stdout


def test_building_the_registry_imports_nothing_heavy(tmp_path: Path, root: Path) -> None:
    code = (
        "import sys; from actions import build_registry; r = build_registry(); r.known_errors();"
        "print([m for m in ('boto3', 'botocore', 'jinja2', 'jsonschema', 'pg8000', 'scramp', 'importlib.metadata')"
        " if m in sys.modules])"
    )
    assert _run(tmp_path, code, root).stdout.strip() == "[]"


def test_each_build_is_a_registry_of_its_own() -> None:
    assert build_registry(False) is not build_registry(False)
