"""runbook: recovery flows written as YAML, validated, run, and resumed from their last checkpoint."""

__version__ = "0.1.0"
