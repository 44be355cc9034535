"""AWS: sessions, errors, models, settings, and generic calls."""
