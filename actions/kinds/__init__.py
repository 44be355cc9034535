"""Kinds and actions for single AWS services."""
