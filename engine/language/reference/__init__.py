"""What is generated from the language's tables: its reference page and its JSON Schema."""
