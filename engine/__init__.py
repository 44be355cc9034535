"""runbook: recovery flows written as YAML, checked, run, and resumed from where they stood.

`from engine import run, resume, status`: the same as the commands, for other programs (engine/api.py).
"""

__version__ = "0.1.0"
__all__ = ["__version__", "resume", "run", "status"]  # noqa: F822 - looked up below, when they are asked for


def __getattr__(name: str) -> object:
    """The front is imported when somebody asks for it: everybody imports this package, and `--version` no more."""
    if name in ("run", "resume", "status"):
        from engine import api

        found: object = getattr(api, name)
        return found
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
