"""Protected names: patterns of what is deleted, or has its protection switched off, only if a person allows it by name."""

from __future__ import annotations

from fnmatch import fnmatchcase

from engine.kernel.effect import Deletion


def pattern_for(name: str, patterns: tuple[str, ...], allowed: tuple[str, ...]) -> str:
    """The pattern that protects the name; "" where none does, or it is allowed."""
    if name in allowed:
        return ""
    return next((pattern for pattern in patterns if fnmatchcase(name.lower(), pattern.lower())), "")


def protected_names(deletion: Deletion, patterns: tuple[str, ...], allowed: tuple[str, ...]) -> list[str]:
    """● The names in a deletion that a pattern protects, and that no `--yes-delete` allows."""
    found = []
    name = deletion.name or deletion.id
    parts = () if name in allowed else deletion.parts  # who allows the whole allows its parts
    for given in (name, *deletion.within, *parts):
        forms = forms_of(given)
        if not any(form in allowed for form in (given, *forms)):
            found += [form for form in forms if pattern_for(form, patterns, ())][-1:]
    return list(dict.fromkeys(found))


def forms_of(given: str) -> list[str]:
    """A name as it may be matched: of an ARN or an address, what it names, from the longest to the shortest."""
    if given.startswith("arn:"):
        resource = given.split(":", 5)[-1]
        return list(dict.fromkeys((resource, resource.replace(":", "/").rpartition("/")[2])))
    return [given.rstrip("/").rpartition("/")[2] if given.startswith(("http://", "https://")) else given]
