"""How a repository takes up the checks: automatic fixes, a baseline of known findings, and comments that suppress one."""
