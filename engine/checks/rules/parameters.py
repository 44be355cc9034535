"""RB25x: a step's `with`, against what its kind or action takes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from engine.checks.dataflow.flow import unfit
from engine.checks.rule import rule
from engine.checks.subject import Found, Place, Subject


@rule(
    id="RB251",
    title="A parameter that there is not",
    why="A kind or an action takes the parameters that it declares; `runbook actions NAME` lists them.",
)
def unknown_parameter(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        if place.written is None or (not place.params and not _takes_nothing(place)):
            continue
        for key, _ in place.written.entries:
            if key.text not in place.params:
                message = f"{place.name} takes no `{key.text}`"
                help = subject.guesses.meant(key.text, partial(iter, place.params), "it takes")
                yield Found(span=key.span, message=message, help=help)


def _takes_nothing(place: Place) -> bool:
    """Known, and without parameters; what is open (`aws.…`) takes what botocore says."""
    return (place.kind is not None or place.action is not None) and not place.name.startswith("aws.")


@rule(
    id="RB252",
    title="A parameter that is missing",
    why="Some parameters must be given: without its name nothing can be looked for.",
)
def missing_parameter(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        if "with" in place.node and place.written is None:
            continue  # it is no map, and that is told
        given = set(place.written) if place.written is not None else set()
        missing = [name for name, param in place.params.items() if param.required and name not in given]
        if missing and not (given - set(place.params)):
            listed = " and ".join(f"`{name}`" for name in missing)
            where = place.written.head if place.written is not None and given else place.key("with")
            yield Found(span=where, message=f"{place.name} needs {listed}", help=place.params[missing[0]].doc)


@rule(
    id="RB253",
    title="A parameter that cannot have this value",
    why="AWS would refuse it, or take it for something else, after half of the operation is done. Of `aws.…` the words, "
    "bounds and forms are those that the installed botocore knows: what AWS takes by now is kept with "
    "`# runbook: ignore RB253 because …`.",
)
def wrong_value(subject: Subject) -> Iterator[Found]:
    for param, one in unfit(subject).literals:
        yield Found(span=one.node.span, message=one.message, help=one.help or param.doc)
