"""Expressions, as in `${ cluster ~ '-copy' }`: text → tree (`template`, `tokens`, `grammar`), tree → value (`evaluation`)."""
