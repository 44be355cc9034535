"""Nodes → `Runbook`."""
