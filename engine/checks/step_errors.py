"""Which errors a step can raise, by name: from what the registry knows of each name, and from the step's calls."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from engine.checks.subject import StepPlace, Subject, computed_once
from engine.errors import CATEGORIES, PASSING
from engine.language.model import Call, Check, Ensure, Notify, Remove
from engine.registry import Action, KnownError, ResourceKind

ANY: Final = "any"
_SUFFIXES: Final = ("Fault", "Exception", "Error")


@computed_once
def known_names(subject: Subject) -> Mapping[str, KnownError]:
    """Every error name that the registry knows, with its category and the calls that return it."""
    return subject.catalogue.registry.known_errors()


def own_names(subject: Subject, place: StepPlace) -> tuple[str, ...]:
    """The error names that the step's kind or action declares."""
    return tuple(getattr(_declaration(subject, place), "errors", ()))


def is_own(subject: Subject, place: StepPlace, name: str) -> bool:
    """Does the step's kind or action declare it, by name or as a code?"""
    codes = getattr(_declaration(subject, place), "error_codes", "")
    return name in own_names(subject, place) or (codes != "" and re.fullmatch(codes, name) is not None)


def _declaration(subject: Subject, place: StepPlace) -> ResourceKind | Action | None:
    """The kind or action that the step uses; a `notify` calls an action too."""
    if isinstance(place.step.body, Notify):
        return subject.catalogue.action("sns.publish")
    return place.kind if place.kind is not None else place.action


def calls_of(subject: Subject, place: StepPlace) -> tuple[str, ...]:
    """The AWS calls that the step may make, including those of its `until`."""
    thing = _declaration(subject, place)
    calls = tuple(thing.calls) if thing is not None else ()
    until = place.step.body.until if isinstance(place.step.body, Call) else None
    if until is not None and isinstance(until.body, Check):
        kind = subject.catalogue.kind(until.body.kind)
        calls += tuple(kind.calls) if kind is not None else ()
    return calls


@computed_once
def every_name(subject: Subject) -> frozenset[str]:
    """Every error name that any registered kind or action can raise."""
    registry = subject.catalogue.registry
    things = (*registry.kinds.values(), *registry.actions.values())
    return frozenset(known_names(subject)).union(*(getattr(thing, "errors", ()) for thing in things))


def exists(subject: Subject, place: StepPlace, name: str) -> bool:
    """Is it `any`, a category, or a name that something raises?"""
    return name == ANY or name in CATEGORIES or name in every_name(subject) or is_own(subject, place, name)


def aws_error_code(subject: Subject, name: str) -> str | None:
    """AWS's error code where the name of a boto3 exception was written: DBInstanceNotFound for DBInstanceNotFoundFault."""
    stems = [name.removesuffix(suffix) for suffix in _SUFFIXES]
    candidates = [*stems, *(f"{stem}{suffix}" for stem in stems for suffix in _SUFFIXES)]
    return next((one for one in candidates if one != name and one in known_names(subject)), None)


def why_never(subject: Subject, place: StepPlace, name: str) -> str:
    """The reason why the step can never raise it; "" if it can."""
    if name == ANY:
        return ""
    if name in CATEGORIES:
        return _category_never(place, name)
    if is_own(subject, place, name):
        return ""
    own = own_names(subject, place)
    known = known_names(subject)
    if any(name in known[one].also for one in own if one in known):
        return ""
    entry = known.get(name)
    calls = calls_of(subject, place)
    if entry is None or (not calls and own):
        return f"{place.name or 'this kind of step'} does not raise it"
    if entry.category == "credentials":
        return _CREDENTIALS
    if entry.calls is None or not calls or set(entry.calls) & set(calls):
        return ""
    return f"none of the calls that {place.name} makes returns it"


def raised(subject: Subject, place: StepPlace) -> list[str]:
    """The error names that the step or one of its calls is known to raise."""
    calls = set(calls_of(subject, place))
    known = (name for name, one in known_names(subject).items() if calls.intersection(one.calls or ()))
    return sorted({*own_names(subject, place), *known})


_CREDENTIALS: Final = "missing or expired credentials stop the runner"


def _category_never(place: StepPlace, name: str) -> str:
    if name == "credentials":
        return _CREDENTIALS
    if isinstance(place.step.body, Check) and name in PASSING:
        return "a transient error of a look counts as the status `unknown`"
    if isinstance(place.step.body, (Ensure, Remove)) and name == "exists":
        return "a resource that already exists is observed again"
    return ""


def covering(subject: Subject, name: str) -> tuple[str, ...]:
    """The names and categories whose rescue matches everything that a rescue for `name` matches."""
    entry = known_names(subject).get(name)
    return (ANY, name, entry.category) if entry is not None and not entry.also else (ANY, name)
