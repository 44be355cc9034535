"""The cache of botocore's models: complete for one operation, written whole, and not required."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actions import build_registry
from actions.aws.generic_calls import _output_schemas, _params
from actions.aws.model_files import data_folder
from actions.aws.service_models import metadata_of, operation_model, service_model
from engine.checks import validate

RUNBOOK = """
runbook: describe
region: us-east-1
steps:
  - id: describe
    call: aws.rds.describe_db_clusters
    with: {DBClusterIdentifer: orders}
    repeatable: true
"""
SERVICES = ("dynamodb", "ec2", "lexv2-models", "rds", "route53", "s3", "secretsmanager", "wafv2")


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "cache"
    monkeypatch.setenv("XDG_CACHE_HOME", str(place))
    return place


def kept_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("service", SERVICES)
def test_the_cached_part_has_everything_about_the_operation(service: str) -> None:
    model = service_model(service)
    assert model is not None
    for name in list(model.operations)[::9]:
        whole = model.operations[name]
        for _ in range(2):  # made, and then read
            found = operation_model(service, name)
            assert found is not None
            assert (found.wire, found.name, found.doc) == (whole.wire, name, whole.doc)
            assert (found.required, found.tokens, found.errors) == (whole.required, whole.tokens, whole.errors)
            assert (found.paging, found.service.is_xml) == (whole.paging, model.is_xml)
            assert _params(found) == _params(whole)
            assert _output_schemas(found) == _output_schemas(whole)


def test_botocores_file_is_read_once(cache: Path) -> None:
    operation_model("rds", "describe_db_clusters")
    (kept,) = kept_in(cache)
    content = json.loads(kept.read_bytes()) | {"paginators": {"DescribeDBClusters": {"of": "the cache"}}}
    kept.write_text(json.dumps(content))
    found = operation_model("rds", "describe_db_clusters")
    assert found is not None
    assert found.paging == {"of": "the cache"}


@pytest.mark.parametrize("text", [b"", b"{", b"{}", b"[]", b"\xff"])
def test_a_damaged_cache_is_written_again(cache: Path, text: bytes) -> None:
    operation_model("rds", "describe_db_clusters")
    (kept,) = kept_in(cache)
    whole = kept.read_bytes()
    kept.write_bytes(text)
    assert operation_model("rds", "describe_db_clusters") is not None
    assert kept.read_bytes() == whole


def test_another_botocore_has_another_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "data" / "rds" / "2014-10-31"
    folder.mkdir(parents=True)
    monkeypatch.setattr("actions.aws.service_models._model_file", lambda service: folder / "service-2.json")
    for prefix in ("a", "bb"):
        (folder / "service-2.json").write_text(json.dumps({"metadata": {"endpointPrefix": prefix}}))
        service_model.cache_clear()
        assert metadata_of("rds") == {"endpointPrefix": prefix}
    service_model.cache_clear()


@pytest.mark.parametrize("place", ["", "relative", "file"])
def test_an_unwritable_cache_is_ignored(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file") if place == "file" else place)
    monkeypatch.setenv("HOME", "")
    assert operation_model("rds", "describe_db_clusters") is not None
    assert [path.name for path in kept_in(tmp_path)] == ["file"]


def test_an_unknown_operation_is_not_cached(cache: Path) -> None:
    assert operation_model("rds", "describe_db_custers") is None
    assert operation_model("sdr", "describe_db_clusters") is None
    assert metadata_of("sdr") == {}
    assert kept_in(cache) == []
    assert data_folder() is not None


def test_validation_finds_the_same_with_and_without_cache(cache: Path) -> None:
    from actions.aws.generic_calls import operation_of

    found = []
    for _ in range(2):
        service_model.cache_clear()
        operation_of.cache_clear()
        found.append(validate(RUNBOOK, build_registry(), "describe.yaml")[1])
    assert kept_in(cache)
    assert found[0] == found[1]
    assert any("DBClusterIdentifier" in one.message + one.help for one in found[0])
