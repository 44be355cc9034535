"""What `runbook orphans` tells: one JSON document, or text; what is left, whose it is, how old, why, what to type."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any, Final

from engine.cli.context import typed
from engine.cli.options import Options
from engine.cli.orphan_search import Scan
from engine.cli.output import terminal
from engine.cli.output.times import spoken
from engine.cli.protection import Policy
from engine.kernel.ownership import ATTEMPT, OPERATION, RUNBOOK, STEP
from engine.kernel.rendering import iso
from engine.reports.orphans import ORPHANS, Judged, runbook_of
from engine.values import Bundle

_UNTAG: Final = f"aws resourcegroupstaggingapi untag-resources --tag-keys {OPERATION} {RUNBOOK} {STEP} {ATTEMPT}"


class Telling(Bundle, kw_only=False):
    """`before`: what was there before it was deleted, where that was asked for."""

    options: Options
    regions: list[str]
    scan: Scan
    before: Scan | None = None

    def tell(self) -> None:
        """Results on stdout, where was looked and what to type on stderr."""
        if self.options.as_json:
            terminal.document(self._document())
        else:
            for line in self._lines():
                terminal.out(line)
        if not self.options.quiet:
            terminal.err(terminal.clean(self._looked()))
        for trouble in self.scan.troubles:
            terminal.err(terminal.clean(trouble))
        if self.before is None and self.scan.of("left"):
            terminal.err(f"Next: {self._typed('runbook orphans --delete')}")

    # -- text -----------------------------------------------------------------------------------------------

    def _lines(self) -> Iterator[str]:
        for one in self._deleted():
            yield terminal.clean(f"deleted: {self._named(one)}")
        for one in self.scan.of(*ORPHANS):
            yield terminal.dyed(terminal.clean(self._named(one)), "strong")
            yield terminal.clean(f"  made by {self._whose(one)}")
            yield terminal.clean(f"  {one.why}")
            if self._next(one):
                yield terminal.clean(f"  Next: {self._next(one)}")
        copied = self.scan.of("copied")
        if copied:
            yield "no orphans, and never deleted: they bear copied tags"
        for one in copied:
            yield terminal.clean(f"  {self._named(one)}: {one.why}")

    def _named(self, one: Judged) -> str:
        thing, age = one.thing, self._age(one)
        old = f", {spoken(age)} old" if age is not None else ""
        where = f"region {thing.region}, account {thing.account or 'of your credentials'}"
        return f"{thing.kind} {thing.name} (id {thing.id or 'not known'}, {where}), {thing.status}{old}"

    def _whose(self, one: Judged) -> str:
        tags = one.thing.tags
        status = one.owner.status if one.owner is not None else "not of this store"
        step = f", step {tags.get(STEP, '?')}, attempt {tags.get(ATTEMPT, '?')}"
        return f"{one.thing.operation} ({runbook_of(one) or 'of no runbook'}, {status}){step}"

    def _looked(self) -> str:
        places = "; ".join(str(one) for one in self.scan.places) or "no world of this store"
        count, orphans = len(self.scan.found), len(self.scan.of(*ORPHANS))
        return f"looked in {places}: {count} thing(s) with tags of operations, {orphans or 'no'} orphan(s)"

    # -- the document -----------------------------------------------------------------------------------------

    def _document(self) -> dict[str, Any]:
        return {
            "format": 1,
            "places": [{"region": one.region, "account": one.key[1] or None} for one in self.scan.places],
            "orphans": [self._row(one) for one in self.scan.of(*ORPHANS)],
            "copied": [self._row(one) for one in self.scan.of("copied")],
            "deleted": [self._row(one) for one in self._deleted()],
            "troubles": self.scan.troubles,
        }

    def _row(self, one: Judged) -> dict[str, Any]:
        thing, age = one.thing, self._age(one)
        return {
            "kind": thing.kind, "name": thing.name, "id": thing.id, "arn": thing.arn, "region": thing.region,
            "account": thing.account, "status": thing.status, "operation_id": thing.operation,
            "operation_status": one.owner.status if one.owner is not None else None, "runbook": runbook_of(one),
            "step": thing.tags.get(STEP, ""), "attempt": thing.tags.get(ATTEMPT, ""),
            "created": iso(one.since) if one.since is not None else None, "age": age,
            "state": one.entry.state if one.entry is not None else None, "verdict": one.verdict, "why": one.why,
            "next": self._next(one),
        }  # fmt: skip

    def _age(self, one: Judged) -> int | None:
        return max(0, int(self.scan.now - one.since)) if one.since is not None else None

    def _deleted(self) -> list[Judged]:
        if self.before is None:
            return []
        there = {(one.thing.kind, one.thing.id) for one in self.scan.found}
        return [one for one in self.before.of("left") if (one.thing.kind, one.thing.id) not in there]

    # -- what to type -----------------------------------------------------------------------------------------

    def _next(self, one: Judged) -> str:
        """The command for it; "" where there is none."""
        thing, owner = one.thing, one.owner
        cleanup = f"runbook cleanup {shlex.quote(thing.operation)}"
        match one.then:
            case "delete" if self._is_protected(thing.name):
                return self._typed(f"runbook orphans --delete --yes-delete {shlex.quote(thing.name)}")
            case "delete" | "cleanup":
                return typed(self.options, cleanup)
            case "past":
                return typed(self.options, f"{cleanup} --past {owner.irreversible if owner is not None else ''}")
            case "by_hand":
                return f"{thing.by_hand} --region {thing.region}" if thing.by_hand else ""
            case "untag":
                return f"{_UNTAG} --resource-arn-list {shlex.quote(thing.arn)} --region {thing.region}"
            case "":
                return ""

    def _is_protected(self, name: str) -> bool:
        return bool(Policy(protected=self.options.protected, allowed=self.options.yes_delete).pattern_for(name))

    def _typed(self, command: str) -> str:
        where = " ".join(f"--region {shlex.quote(one)}" for one in self.regions)
        return typed(self.options, f"{command} {where}".rstrip())
