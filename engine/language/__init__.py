"""The language: the text of a runbook → `model.Runbook`. `parse.document` is the way in, and explains how it works.

`yaml` reads text as nodes, `parse` builds the runbook from them, `expressions` evaluates `${ }`, `inputs` and `patterns`
check the values that an operation is given, `fmt` formats a text, `reference` generates the schema and docs/language.md.
"""
