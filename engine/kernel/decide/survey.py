"""A `for_each` that deletes looks at every item before the first one goes, so that a person is asked once, for the whole list."""

from __future__ import annotations

from engine.kernel import events as ev
from engine.kernel.decide.address import address_of
from engine.kernel.decide.classes import row_for
from engine.kernel.decide.deletions import call_deletions, deletion_of, held_for_word, is_settled, needs_word
from engine.kernel.decide.intents import look_effect
from engine.kernel.decide.view import View, view_of
from engine.kernel.frame import Frame, InItems, Surveying, at_item
from engine.kernel.operation import Perform
from engine.kernel.rendering import rendered
from engine.language.model import Call, Remove, Step
from engine.values import changed


def must_survey(step: Step) -> bool:
    """● May the step delete what this operation has not made? Then no item goes before all of them were looked at."""
    body = step.body
    if isinstance(body, Call):
        return body.deletes is not None
    return isinstance(body, Remove) and (body.owner != "own" or body.target is not None)


def survey(view: View, phase: Surveying) -> ev.Event | Perform:
    """The look at the next item, what it came to, or the end of the survey."""
    if phase.index >= len(phase.items):
        unconfirmed = tuple(one for one in phase.found if not is_settled(view, one))
        return held_for_word(view, unconfirmed) if unconfirmed else ev.ItemsBegun(at=view.now)
    item = view_of_item(view, phase)
    if isinstance(item.step.body, Call):
        return ev.ItemSurveyed(
            at=view.now, deletions=call_deletions(item, rendered(item.step.body.params, item.names()))
        )
    if phase.seen is None:
        return Perform(effect=look_effect(item, item.frame.address.identity, {}))
    seen = phase.seen
    # A look that failed says nothing: the item looks again when its turn comes, and asks for itself.
    there = seen.problem is None and seen.cls != "missing" and row_for(item, seen, seen.cls).verb == "delete"
    return ev.ItemSurveyed(
        at=view.now, deletions=(deletion_of(item, seen),) if there and needs_word(item, seen) else ()
    )


def view_of_item(view: View, phase: Surveying) -> View:
    """The view as it will be when that item is entered."""
    items = changed(view.frame, phase=InItems(items=phase.items, results=(None,) * phase.index))
    frame = Frame(position=at_item(view.frame.position, phase.index))
    below = view.operation.frames[:-1]
    entering = view_of(view.runbook, changed(view.operation, frames=(*below, items, frame)), view.now)
    frame = changed(frame, address=address_of(entering)[0])
    return view_of(view.runbook, changed(view.operation, frames=(*below, items, frame)), view.now)
