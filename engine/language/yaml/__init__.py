"""YAML: text → nodes that know their places. `reader` is the way in; nothing here knows of runbooks."""
