"""What follows values through a runbook: the type of every expression, and whether a result is there where it is used."""
