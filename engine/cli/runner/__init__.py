"""What a command needs to run an operation: its lease, signals, and what it shows and asks meanwhile."""
