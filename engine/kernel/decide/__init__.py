"""What happens next: `pending` and everything it asks."""
