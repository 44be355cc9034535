"""Everything that the command line prints: terminal, formats, and the documents of the commands."""
