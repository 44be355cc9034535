"""`runbook fmt`: one layout for every runbook."""
