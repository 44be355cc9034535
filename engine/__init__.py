"""runbook: recovery flows written as YAML, checked, run, and resumed from where they stood."""

__version__ = "0.1.0"
