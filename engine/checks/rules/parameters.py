"""RB251–RB253: a step's `with`, checked against the parameters of its kind or action."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from engine.checks.dataflow.flow import mismatches
from engine.checks.other_syntax import hint_for_braces
from engine.checks.rule import rule
from engine.checks.subject import Found, StepPlace, Subject
from engine.checks.tag_limits import wrong_tags
from engine.language.model import Ensure


@rule("RB251")
def unknown_parameter(subject: Subject) -> Iterator[Found]:
    """Unknown parameter

    A kind or an action accepts only the parameters that it declares; `runbook actions NAME` lists them.
    """
    for place in subject.steps:
        if place.written is None or (not place.params and not _has_no_params(place)):
            continue
        for key, _ in place.written.entries:
            if key.text not in place.params:
                message = f"{place.name} has no parameter `{key.text}`"
                help = subject.suggestions.did_you_mean(key.text, partial(iter, place.params), "its parameters")
                yield Found(span=key.span, message=message, help=help)


def _has_no_params(place: StepPlace) -> bool:
    """Is it known, and declared without parameters? Those of `aws.…` come from botocore's model."""
    return (place.kind is not None or place.action is not None) and not place.name.startswith("aws.")


@rule("RB252")
def missing_parameter(subject: Subject) -> Iterator[Found]:
    """Missing parameter

    A required parameter is not given: without a name, for example, a resource cannot be found. Some parameters are required
    only by an `ensure` that may create the resource, such as the `cluster` and `class` of an `rds.instance`.
    """
    for place in subject.steps:
        if "with" in place.node and place.written is None:
            continue  # not a map: RB203 reports it
        given = set(place.written) if place.written is not None else set()
        creates = isinstance(place.step.body, Ensure) and any(
            row.verb in ("create", "replace") for row in place.step.body.states
        )
        missing = [
            name
            for name, param in place.params.items()
            if (param.required or (creates and param.to_create)) and name not in given
        ]
        if missing and not (given - set(place.params)):
            listed = " and ".join(f"`{name}`" for name in missing)
            where = place.written.head if place.written is not None and given else place.key("with")
            yield Found(span=where, message=f"{place.name} needs {listed}", help=place.params[missing[0]].doc)


@rule("RB253")
def invalid_value(subject: Subject) -> Iterator[Found]:
    """Invalid value for a parameter

    AWS would reject this value, or misunderstand it, halfway through the operation. For `aws.…`, the allowed values,
    bounds and patterns are those of the installed botocore. A tag has letters, digits, blanks and `_.:/=+-@`, its name at
    most 128 characters and its value 256; AWS takes 50 for a resource, of which the tool sets 5. If AWS accepts a newer value, keep it with `# runbook:
    ignore RB253 because …`.
    """
    for param, one in mismatches(subject).literals:
        help = " ".join(filter(None, (hint_for_braces(one.node), one.help or param.doc)))
        yield Found(span=one.node.span, message=one.message, help=help, expected=one.expected)
    yield from wrong_tags(subject)
