"""`runbook orphans`: tagged resources that no active operation owns; `--delete` cleans up after their operations."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from engine.cli.confirmation import confirm_deletion, describe_entry
from engine.cli.context import CommandContext
from engine.cli.files import load_runbook
from engine.cli.operations import say_sources
from engine.cli.options import OUTPUT_OPTIONS, STORE_OPTIONS, Options, command
from engine.cli.orphan_search import OrphanSearch
from engine.cli.output import terminal
from engine.cli.output.orphan_report import OrphanReport
from engine.errors import Busy, UsageError
from engine.kernel import Operation
from engine.reports.orphans import ORPHANS, entries_left_by
from engine.runtime.driver import Interrupted
from engine.runtime.protection import ProtectionPolicy

ORPHAN_OPTIONS: Final = (*(name for name in STORE_OPTIONS if name != "region"), "no_input", "yes", "yes_delete")
"""`--region` has another meaning here."""


@command("orphans", *ORPHAN_OPTIONS, *OUTPUT_OPTIONS)
def orphans(
    options: Options,
    file: Annotated[
        str | None, typer.Argument(metavar="FILE", help="a runbook whose regions and accounts are searched too")
    ] = None,
    delete: Annotated[
        bool, typer.Option("--delete", help="clean up after ended operations whose ledger names the resource by id")
    ] = False,
    region: Annotated[
        list[str] | None, typer.Option("--region", metavar="NAME", help="search only this region; can be repeated")
    ] = None,
) -> int:
    """Find tagged resources that no active operation owns, with their owner, age and reason.

    Searches the regions and accounts of the operations in the store, those of FILE, and your default region; with
    --region, these regions in the same accounts. --delete runs `runbook cleanup` for ended operations of this store.
    It deletes only what a ledger names by id, and nothing that was kept or delivered. For everything else, the list
    shows the command to use. Backups to which AWS copied the tags are shown, but are not orphans and never deleted.

    Exit codes: 0 there are no orphans, or none are left; 1 there are orphans; 4 something could not be searched.
    """
    regions = list(region or ())
    before = _search(options, regions, file)
    if not delete:
        OrphanReport(options, regions, before).print()
        return _exit_code(before)
    say_sources(options)
    operations = _deletable(options, before)
    _confirm(options, operations)
    is_busy = False
    try:
        for operation in operations:
            is_busy = not _clean_up(options, operation.id) or is_busy
    except Interrupted as interruption:
        terminal.err("interrupted; recorded progress is kept. Repeat the command to continue")
        return interruption.code
    after = _search(options, regions, file)
    OrphanReport(options, regions, after, before).print()
    return 6 if is_busy and _exit_code(after) == 1 else _exit_code(after)


def _search(options: Options, regions: list[str], file: str | None) -> OrphanSearch:
    with CommandContext(options) as context:
        runbook = load_runbook(file, context.registry, quiet=True) if file is not None else None
        search = OrphanSearch(context)
        search.run(regions, runbook)
        return search


def _exit_code(search: OrphanSearch) -> int:
    if search.troubles:
        return 4
    return 1 if search.with_verdict(*ORPHANS) else 0


# -- deleting ------------------------------------------------------------------------------------------------


def _deletable(options: Options, search: OrphanSearch) -> list[Operation]:
    """The operations to clean up after. One with a protected name among its resources is skipped as a whole."""
    policy = ProtectionPolicy(protected=options.protected, allowed=options.yes_delete)
    owners = {one.owner.id: one.owner for one in search.with_verdict("left") if one.owner is not None}
    operations = []
    for id, owner in owners.items():
        obstacles = [policy.obstacle(str(name)) for entry in entries_left_by(owner) for name in entry.identity.values()]
        obstacle = next((one for one in obstacles if one is not None), None)
        if obstacle is None:
            operations.append(owner)
        else:
            terminal.err(terminal.escape(f"operation {id} is skipped: {obstacle}"))
    return operations


def _confirm(options: Options, operations: list[Operation]) -> None:
    """Raises UsageError unless a person, `--yes`, or `--yes-delete` for each name confirms."""
    entries = [(owner, entry) for owner in operations for entry in entries_left_by(owner)]
    names = [str(name) for _, entry in entries for name in entry.identity.values()]
    if not entries or all(name in options.yes_delete for name in names):
        return
    resources = [f"{describe_entry(entry)}, left by {owner.id}" for owner, entry in entries]
    confirm_deletion(options, resources, nothing="nothing was deleted")


def _clean_up(options: Options, id: str) -> bool:
    """Undo what the operation left; each resource is checked again before it is deleted. False if another runner is busy."""
    with CommandContext(options) as context:
        runbook, _ = context.load_operation(id)
        try:
            with context.running_engine(runbook, id, is_new=False) as engine:
                engine.cleanup(id)
        except Busy as error:
            terminal.err(terminal.escape(f"nothing of {id} was deleted: {error}"))
            return False
        except UsageError as error:  # it was restarted or cleaned up meanwhile
            terminal.err(terminal.escape(str(error)))
    return True
