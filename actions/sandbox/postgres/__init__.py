"""The pretend PostgreSQL behind each cluster."""
