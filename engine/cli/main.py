"""The entry point of the command line. `--version` is answered before anything else is imported, for a fast cold start."""

from __future__ import annotations

import sys

from engine import __version__


def main(argv: list[str] | None = None) -> int:
    """The exit code of `runbook ARGV`; what is asked for is told on stdout, all else on stderr."""
    words = sys.argv[1:] if argv is None else argv
    if words == ["--version"]:
        return _version()
    from engine.cli.invocation import answer

    return answer(words)


def _version() -> int:
    try:
        print(f"runbook {__version__}", flush=True)
    except OSError:  # nobody reads it
        sys.stdout = None
    return 0
