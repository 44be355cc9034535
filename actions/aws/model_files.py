"""botocore's data files, and what is kept in the user's cache of those that were read, so that a second run reads less.

What is kept is under a name that says which file it was made from. What cannot be read or written there is read from
botocore's again; nothing depends on it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

FORMAT: Final = 1
"""Of what is kept; another one is another name."""


def data_folder() -> Path | None:
    """botocore's data, found without importing it."""
    spec = find_spec("botocore")
    places = spec.submodule_search_locations if spec is not None else None
    return Path(next(iter(places))) / "data" if places else None


def file_of(folder: Path, name: str) -> Path | None:
    """`service-2` of a version's folder, packed or plain; None where there is none."""
    return next((one for one in (folder / f"{name}.json.gz", folder / f"{name}.json") if one.exists()), None)


def read(file: Path) -> dict[str, Any]:
    """All of it."""
    import gzip

    text = file.read_bytes()
    found: dict[str, Any] = json.loads(gzip.decompress(text) if file.suffix == ".gz" else text)
    return found


def place_of(file: Path, what: str) -> Path | None:
    """Where `what` of a file is kept: another botocore has other files, of another size or time. None without a home."""
    cache, home = Path(os.environ.get("XDG_CACHE_HOME", "")), Path(os.environ.get("HOME", ""))
    base = cache if cache.is_absolute() else home / ".cache"
    if not base.is_absolute():
        return None
    is_now = file.stat()
    service, version = file.parts[-3:-1]
    stamp = f"{FORMAT}-{is_now.st_size}-{is_now.st_mtime_ns}"
    return base / "runbook" / "models" / f"{service}-{version}-{what}-{stamp}.json"


def kept(place: Path) -> Mapping[str, Any] | None:
    """What was kept; None where nothing was, or it is damaged."""
    try:
        found = json.loads(place.read_bytes())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found else None


def keep(place: Path, found: Mapping[str, Any]) -> None:
    """Whole or not at all, though two write it at once."""
    beside = place.with_name(f"{place.name}.{os.getpid()}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside.write_text(json.dumps(found, separators=(",", ":")), encoding="utf-8")
        beside.replace(place)
    except OSError:
        with suppress(OSError):
            beside.unlink()
