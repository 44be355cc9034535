"""The entry point of the command line. `--version` is answered before anything else is imported, for a fast start."""

from __future__ import annotations

import sys

from engine import __version__


def main(argv: list[str] | None = None) -> int:
    """Run `runbook ARGV` and return its exit code. Results go to stdout, everything else to stderr."""
    args = sys.argv[1:] if argv is None else argv
    if args == ["--version"]:
        try:
            print(f"runbook {__version__}", flush=True)
        except OSError:  # stdout is closed
            sys.stdout = None
        return 0
    from engine.cli.invocation import invoke

    return invoke(args)
