"""Kinds and actions of EC2, KMS, STS and SNS, and the check of an endpoint."""
