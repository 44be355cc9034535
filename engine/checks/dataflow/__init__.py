"""Follows values through a runbook: the type of every expression, and whether a result may be missing where it is used.

An example, with line numbers:

    3  - id: old
    4    check: rds.cluster
    5    with: {name: orders}
    6    states: {missing: done}
    7  - id: backup
    8    check: rds.cluster_snapshot
    9    with: {name: "${old.name}-final"}

- `globals` collects the names of the whole runbook. `old` is the result of a `check`, so its type is that of an observed
  rds.cluster (`types`). It is null if line 6 applies, and the reason is kept with it.
- `flow` visits the places of the document in order. Each place has a `scope`; the scope of line 9 knows from the paths of
  the two steps that `old` is done before. The facts that an `if` proves are part of the scope (`facts`): with `if: old` in
  `backup`, the rest would be accepted.
- `checker` splits the text of line 9 into expressions, and `inference` infers the type of each. Here `old` may be null, and
  null has no attributes, so it reports RB305. `paths` explains how the operation gets there:
  "old (line 3) finds no resource → `missing: done` (line 6) → here".
- `conformity` compares the type of the value, text, with the JSON Schema of the parameter `name`.

`identity` answers another question: do two steps mean the same resource? `setting_sources` finds the setting that a value
depends on.
"""
