"""The command line: commands, what they print, and how they are put together."""
