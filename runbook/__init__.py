"""The public package: `import runbook`, or `python -m runbook` for the command line.

    import runbook

    document = runbook.run("restore.yaml", {"snapshot": "daily", "cluster": "orders"}, store="dynamodb:runbooks", yes=True)

`run`, `resume` and `status` do what the commands of the same name do, and return the status document. They are loaded
when they are first used, so that importing this package costs nothing. Errors: see `engine.api`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine import __version__

if TYPE_CHECKING:
    from engine.api import resume, run, status

__all__ = ["__version__", "resume", "run", "status"]


def __getattr__(name: str) -> object:
    if name in ("run", "resume", "status"):
        from engine import api

        found: object = getattr(api, name)
        return found
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    return __all__
