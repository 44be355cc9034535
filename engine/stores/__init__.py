"""The log: the port, and its stores. Knows records and leases, nothing of runbooks."""
