"""Nodes → `Runbook`: a reader for each form of value. `document` is the way in, and walks through an example."""
