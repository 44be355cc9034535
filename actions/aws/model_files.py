"""botocore's data files, and a cache of what was read from them, so that the next process reads less.

A cached part's file name identifies the file that it was taken from. If the cache cannot be read or written,
botocore's file is read instead (docs/decisions/0021-cache-of-aws-models.md).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

FORMAT: Final = 3
"""Of the cached parts. A new format gets new file names."""


def data_folder() -> Path | None:
    """botocore's data, found without importing it; None if botocore is not installed."""
    spec = find_spec("botocore")
    places = spec.submodule_search_locations if spec is not None else None
    return Path(next(iter(places))) / "data" if places else None


def find_file(folder: Path, name: str) -> Path | None:
    """The file `service-2` of a version's folder, compressed or not; None if there is none."""
    return next((one for one in (folder / f"{name}.json.gz", folder / f"{name}.json") if one.exists()), None)


def read_file(file: Path) -> dict[str, Any]:
    """The whole of one of botocore's files, with what its `sdk-extras` add, as botocore's own loader merges them."""
    import gzip

    text = file.read_bytes()
    content: dict[str, Any] = json.loads(gzip.decompress(text) if file.suffix == ".gz" else text)
    extras = file.with_name(f"{file.name.partition('.')[0]}.sdk-extras.json")
    if extras.exists():
        _merge(content, json.loads(extras.read_bytes()).get("merge", {}))
    return content


def _merge(into: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        if isinstance(value, Mapping) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = value


def cache_path(file: Path, part: str) -> Path | None:
    """Where a part of a file is cached; None without a home directory.

    The name contains the file's size and time, because another version of botocore has other files.
    """
    cache, home = Path(os.environ.get("XDG_CACHE_HOME", "")), Path(os.environ.get("HOME", ""))
    base = cache if cache.is_absolute() else home / ".cache"
    if not base.is_absolute():
        return None
    stat = file.stat()
    service, version = file.parts[-3:-1]
    stamp = f"{FORMAT}-{stat.st_size}-{stat.st_mtime_ns}"
    return base / "runbook" / "models" / f"{service}-{version}-{part}-{stamp}.json"


def read_cached(path: Path) -> Mapping[str, Any] | None:
    """The cached part; None if there is none or it is damaged."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and content else None


def write_cached(path: Path, content: Mapping[str, Any]) -> None:
    """Write the whole file or nothing, even if two processes write it at the same time."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary.write_text(json.dumps(content, separators=(",", ":")), encoding="utf-8")
        temporary.replace(path)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
