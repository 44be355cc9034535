"""YAML text → nodes with their places."""
