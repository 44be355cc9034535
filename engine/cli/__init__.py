"""The command line: commands, their output, and the composition of the engine that they use."""
