"""The sandbox over HTTP, for other processes."""
