"""Regions of AWS, and those of one service, as botocore's data files have them; read without importing botocore.

Knows nothing of credentials: whether an account has enabled a region, AWS alone knows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from actions.aws.model_files import data_folder
from actions.aws.service_models import metadata_of

_GLOBAL: Final = "-global"
"""`aws-global`: a word of botocore's for what has no region."""


def regions(service: str | None = None) -> frozenset[str]:
    """Every region; or those in which botocore knows an endpoint of a service, by boto3's name of it.

    Empty where that is not known: a service that has one endpoint for all regions, and one that is newer than its data.
    """
    if service is None:
        return _all()
    return _served().get(str(metadata_of(service).get("endpointPrefix", service)), frozenset())


@cache
def _all() -> frozenset[str]:
    told = (region for partition in _partitions("partitions.json") for region in partition["regions"])
    return frozenset(region for region in told if not region.endswith(_GLOBAL))


@cache
def _served() -> Mapping[str, frozenset[str]]:
    """By the prefix of its endpoints. One that is anywhere without regions is left out."""
    found: dict[str, set[str]] = {}
    everywhere = set()
    for partition in _partitions("endpoints.json"):
        for prefix, service in partition["services"].items():
            if service.get("partitionEndpoint"):
                everywhere.add(prefix)
            found.setdefault(prefix, set()).update(_all().intersection(service.get("endpoints", ())))
    return {prefix: frozenset(names) for prefix, names in found.items() if prefix not in everywhere}


def _partitions(file: str) -> Iterator[Mapping[str, Any]]:
    folder = data_folder()
    path = folder / file if folder is not None else None
    if path is not None and path.exists():
        yield from json.loads(path.read_bytes())["partitions"]
