"""AWS's regions, and those of one service, from botocore's data files, which are read without importing botocore.

Whether an account has enabled a region is not known here: only AWS knows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from actions.aws.model_files import data_folder
from actions.aws.service_models import metadata_of

_GLOBAL: Final = "-global"
"""The ending of `aws-global` and others, botocore's names for endpoints without a region."""


def regions(service: str | None = None) -> frozenset[str]:
    """Every region, or the regions with an endpoint of a service, by boto3's name for it.

    Empty if they are not known: the service has one endpoint for all regions, or it is newer than botocore's data.
    """
    if service is None:
        return _all()
    return _by_prefix().get(str(metadata_of(service).get("endpointPrefix", service)), frozenset())


@cache
def _all() -> frozenset[str]:
    names = (region for partition in _partitions("partitions.json") for region in partition["regions"])
    return frozenset(name for name in names if not name.endswith(_GLOBAL))


@cache
def _by_prefix() -> Mapping[str, frozenset[str]]:
    """Endpoint prefix of a service → its regions, without the services that have a global endpoint in a partition."""
    found: dict[str, set[str]] = {}
    global_services = set()
    for partition in _partitions("endpoints.json"):
        for prefix, service in partition["services"].items():
            if service.get("partitionEndpoint"):
                global_services.add(prefix)
            found.setdefault(prefix, set()).update(_all().intersection(service.get("endpoints", ())))
    return {prefix: frozenset(names) for prefix, names in found.items() if prefix not in global_services}


def _partitions(file: str) -> Iterator[Mapping[str, Any]]:
    folder = data_folder()
    path = folder / file if folder is not None else None
    if path is not None and path.exists():
        yield from json.loads(path.read_bytes())["partitions"]
