"""`runbook fmt`: one layout for every runbook. `formatter` is the way in."""
