"""Expressions: their grammar, their filters, and what they evaluate to. See `grammar` for what may be written."""
