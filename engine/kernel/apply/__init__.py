"""What an event changes: `evolve` and its folds."""
