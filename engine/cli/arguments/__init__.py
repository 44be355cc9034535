"""What is typed after a command: inputs, answers to a hold, and what the shell completes."""
