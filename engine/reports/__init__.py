"""Reports about operations and runbooks, as values."""
