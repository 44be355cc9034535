"""Runs operations: loads, drives, performs, and answers requests."""
