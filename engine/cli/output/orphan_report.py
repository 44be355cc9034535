"""The report of `runbook orphans`, as JSON or as text: each resource with its owner, age, reason and next command."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any, Final

from engine.cli.options import Options
from engine.cli.orphan_search import OrphanSearch
from engine.cli.output import terminal
from engine.kernel.ownership import ATTEMPT, OPERATION, RUNBOOK, STEP
from engine.kernel.rendering import iso
from engine.language.durations import format_duration
from engine.reports.orphans import ORPHANS, Assessment, runbook_of
from engine.runtime.protection import ProtectionPolicy
from engine.values import Resources

_UNTAG: Final = f"aws resourcegroupstaggingapi untag-resources --tag-keys {OPERATION} {RUNBOOK} {STEP} {ATTEMPT}"


class OrphanReport(Resources, kw_only=False):
    """`before`: the search before deleting, if something was to be deleted."""

    options: Options
    regions: list[str]
    search: OrphanSearch
    before: OrphanSearch | None = None

    def print(self) -> None:
        """Print the results on stdout; where was searched and the next command on stderr."""
        if self.options.as_json:
            terminal.out_json(self._document())
        else:
            for line in self._lines():
                terminal.out(line)
        if not self.options.quiet:
            terminal.err(terminal.escape(self._summary()))
        for trouble in self.search.troubles:
            terminal.err(terminal.escape(trouble))
        if self.before is None and self.search.with_verdict("left"):
            terminal.err(f"Next: {self._with_options('runbook orphans --delete')}")

    # -- text -----------------------------------------------------------------------------------------------

    def _lines(self) -> Iterator[str]:
        for one in self._deleted():
            yield terminal.escape(f"deleted: {self._describe(one)}")
        for one in self.search.with_verdict(*ORPHANS, "unknown"):
            yield terminal.style(terminal.escape(self._describe(one)), "strong")
            yield terminal.escape(f"  created by {_origin(one)}")
            yield terminal.escape(f"  {one.why}")
            if self._next(one):
                yield terminal.escape(f"  Next: {self._next(one)}")
        copied = self.search.with_verdict("copied")
        if copied:
            yield "not orphans, and never deleted: their tags are copies"
        for one in copied:
            yield terminal.escape(f"  {self._describe(one)}: {one.why}")

    def _describe(self, one: Assessment) -> str:
        resource, age = one.resource, self._age(one)
        old = f", {format_duration(age, units=2)} old" if age is not None else ""
        where = f"region {resource.region}, account {resource.account or 'of your credentials'}"
        return f"{resource.kind} {resource.name} (id {resource.id or 'unknown'}, {where}), {resource.status}{old}"

    def _summary(self) -> str:
        places = "; ".join(str(one) for one in self.search.places) or "no sandbox world of this store"
        resources = terminal.plural(len(self.search.found), "tagged resource")
        return f"searched {places}: {resources}, {terminal.plural(len(self.search.with_verdict(*ORPHANS)), 'orphan')}"

    # -- the document -----------------------------------------------------------------------------------------

    def _document(self) -> dict[str, Any]:
        return {
            "format": 1,
            "places": [{"region": one.region, "account": one.key[1] or None} for one in self.search.places],
            "orphans": [self._row(one) for one in self.search.with_verdict(*ORPHANS, "unknown")],
            "copied": [self._row(one) for one in self.search.with_verdict("copied")],
            "deleted": [self._row(one) for one in self._deleted()],
            "troubles": self.search.troubles,
        }

    def _row(self, one: Assessment) -> dict[str, Any]:
        resource = one.resource
        return {
            "kind": resource.kind, "name": resource.name, "id": resource.id, "arn": resource.arn, "region": resource.region,
            "account": resource.account, "status": resource.status, "operation_id": resource.operation,
            "operation_status": one.owner.status if one.owner is not None else None, "runbook": runbook_of(one),
            "store": resource.store or None, "step": resource.tags.get(STEP, ""), "attempt": resource.tags.get(ATTEMPT, ""),
            "created": iso(one.since) if one.since is not None else None, "age": self._age(one),
            "state": one.entry.state if one.entry is not None else None, "verdict": one.verdict, "why": one.why,
            "next": self._next(one),
        }  # fmt: skip

    def _age(self, one: Assessment) -> int | None:
        """Seconds."""
        return max(0, int(self.search.now - one.since)) if one.since is not None else None

    def _deleted(self) -> list[Assessment]:
        if self.before is None:
            return []
        remaining = {(one.resource.kind, one.resource.id) for one in self.search.found}
        return [
            one for one in self.before.with_verdict("left") if (one.resource.kind, one.resource.id) not in remaining
        ]

    # -- the next command -------------------------------------------------------------------------------------

    def _next(self, one: Assessment) -> str:
        """The command that removes the resource, or its tags; "" where there is none."""
        resource, owner = one.resource, one.owner
        cleanup = f"runbook cleanup {shlex.quote(resource.operation)}"
        match one.then:
            case "delete" if self._is_protected(resource.name):
                return self._with_options(f"runbook orphans --delete --yes-delete {shlex.quote(resource.name)}")
            case "delete" | "cleanup":
                return self.options.suggested_command(cleanup)
            case "past":
                point = owner.irreversible if owner is not None else ""
                return self.options.suggested_command(f"{cleanup} --past {point}")
            case "by_hand":
                return f"{resource.by_hand} --region {resource.region}" if resource.by_hand else ""
            case "untag":
                return f"{_UNTAG} --resource-arn-list {shlex.quote(resource.arn)} --region {resource.region}"
            case "":
                return ""

    def _is_protected(self, name: str) -> bool:
        policy = ProtectionPolicy(protected=self.options.protected, allowed=self.options.yes_delete)
        return bool(policy.pattern_for(name))

    def _with_options(self, command: str) -> str:
        regions = " ".join(f"--region {shlex.quote(one)}" for one in self.regions)
        return self.options.suggested_command(f"{command} {regions}".rstrip())


def _origin(one: Assessment) -> str:
    """`op-1 (leaves, FAILED), step copy, attempt 1.1`."""
    tags = one.resource.tags
    status = one.owner.status if one.owner is not None else "not in this store"
    step = f", step {tags.get(STEP, '?')}, attempt {tags.get(ATTEMPT, '?')}"
    return f"{one.resource.operation} ({runbook_of(one) or 'unknown runbook'}, {status}){step}"
