"""Generated from the tables of the parser: docs/language.md (`page`), and the JSON Schema for editors (`json_schema`)."""
