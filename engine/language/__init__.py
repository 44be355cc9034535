"""Text to `Runbook`: reading with positions, schema, model, expressions, durations."""
