"""Whether a call has taken effect, by the look of its `until`: what is to be there is available, what is to go is missing."""

from __future__ import annotations

from engine.kernel import events as ev
from engine.kernel.decide.classes import created_lately
from engine.kernel.decide.deletions import texts_in
from engine.kernel.decide.view import View
from engine.kernel.effect import Seen
from engine.kernel.queries import IN_THE_MAKING, looked_at
from engine.language.model import Call, Check
from engine.language.presence import shows_presence


def waits_until_gone(view: View, body: Call) -> bool:
    """● `until: {gone}`; or an undo that deletes what its `until` looks at: what is seen is not gone."""
    check = looked_at(view.step)
    return isinstance(check, Check) and (check.gone or (looks_at_deleted(view, body, check) and shows_presence(check)))


def before_deleting(view: View, seen: Seen) -> ev.Event | None:
    """● What was made a moment ago may be missing in lists; what is leaving, or is still being made, is waited for."""
    being_made = view.entry is not None and (seen.cls == "pending" or (seen.cls == "missing" and created_lately(view)))
    # As of an undo by removal, the row says by which `monitor` it is watched.
    row, taken = (IN_THE_MAKING if being_made else ""), view.frame.observed.row
    if row != taken and (being_made or taken == IN_THE_MAKING):
        verb = "monitor" if being_made else "delete"
        return ev.RowTaken(at=view.now, row=row, verb=verb, status=seen.status)
    return view.watch(seen) if being_made or seen.cls == "leaving" else None


def looks_at_deleted(view: View, body: Call, check: Check) -> bool:
    """● Of an undo: does its call delete the thing that its `until` looks at? Both name it."""
    deletes = body.deletes
    if view.entry is None or deletes is None or deletes.unprotects:
        return False
    named = {text for name in deletes.names for text in texts_in(body.params.get(name))}
    return not named.isdisjoint(texts_in(view.frame.address.identity))
