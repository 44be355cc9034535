"""orphans: what bears the tool's tags and no live operation owns; on request it is taken back, by the undo of its owner."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import typer

from engine.cli.command_classes import Command
from engine.cli.confirmation import asked
from engine.cli.files import checked
from engine.cli.options import FINDING, SHOWING, Options, taking
from engine.cli.orphan_search import Scan, scanned
from engine.cli.output import terminal
from engine.cli.output.orphan_report import Telling
from engine.cli.protection import Policy
from engine.cli.session import located, surrounded
from engine.errors import Busy, UsageError
from engine.kernel import Operation
from engine.reports.orphans import ORPHANS, left_by
from engine.runtime.driver import Interrupted

app = typer.Typer(rich_markup_mode=None)
_FINDING: Final = tuple(name for name in FINDING if name != "region")


@app.command("orphans", cls=Command)
@taking(*_FINDING, "no_input", "yes", "yes_delete", *SHOWING)
def orphans(
    options: Options,
    file: Annotated[str | None, typer.Argument(metavar="FILE", help="a runbook: look where it works, too")] = None,
    delete: Annotated[
        bool, typer.Option("--delete", help="take back what the ledger of an ended operation names by id")
    ] = False,
    region: Annotated[
        list[str] | None,
        typer.Option("--region", metavar="NAME", help="look in this region alone; can be said several times"),
    ] = None,
) -> int:
    """What bears the tool's tags and no live operation owns: whose, how old, why.

    Looks in the regions and accounts of the operations in the store, in those of FILE, and in your own region; with
    --region in these regions, in the same accounts. --delete cleans up after operations of this store that have ended,
    as `runbook cleanup` does, and takes nothing that a ledger does not name by id, that is kept, or that has been
    delivered. The rest is listed with the command for it. Backups to which AWS has copied our tags are shown, are no
    orphans, and are never deleted.

    The exit code is 0 where there are none, or none is left, 1 where there are, 4 where not everything could be seen.
    """
    regions = list(region or ())
    before = _scan(options, regions, file)
    if not delete:
        Telling(options, regions, before).tell()
        return _code(before)
    going = _chosen(options, before)
    _confirm(options, going)
    busy = False
    try:
        for operation in going:
            busy = not _cleaned_up(options, operation.id) or busy
    except Interrupted as stopped:
        terminal.err("interrupted; what is recorded stands, and the same command goes on with it")
        return stopped.code
    after = _scan(options, regions, file)
    Telling(options, regions, after, before).tell()
    return 6 if busy and _code(after) == 1 else _code(after)


def _scan(options: Options, regions: list[str], file: str | None) -> Scan:
    with surrounded(options) as here:
        runbook = checked(file, here.registry, quiet=True) if file is not None else None
        return scanned(here, regions, runbook)


def _code(scan: Scan) -> int:
    if scan.troubles:
        return 4
    return 1 if scan.of(*ORPHANS) else 0


# -- deleting ------------------------------------------------------------------------------------------------


def _chosen(options: Options, scan: Scan) -> list[Operation]:
    """The owners of what may go; one with a protected name among what is left stays as it is."""
    policy = Policy(protected=options.protected, allowed=options.yes_delete)
    going: dict[str, Operation] = {}
    for one in scan.of("left"):
        if one.owner is not None:
            going[one.owner.id] = one.owner
    for id, owner in list(going.items()):
        names = [name for entry in left_by(owner) for name in map(str, entry.identity.values())]
        protected = next((why for name in names if (why := policy.in_the_way(name)) is not None), None)
        if protected is not None:
            terminal.err(terminal.clean(f"nothing of {id} is deleted: {protected}"))
            del going[id]
    return list(going.values())


def _confirm(options: Options, going: list[Operation]) -> None:
    """Each thing by name, id, account and region. UsageError where nobody says yes."""
    things = [
        f"{entry.kind} {next(iter(entry.identity.values()), '')} (id {entry.id or 'not known'}, "
        f"account {entry.account or 'of your credentials'}, region {entry.region}), left by {owner.id}"
        for owner in going
        for entry in left_by(owner)
    ]
    names = [str(name) for owner in going for entry in left_by(owner) for name in entry.identity.values()]
    if not things or options.yes or all(name in options.yes_delete for name in names):
        return
    can_ask = terminal.is_terminal(sys.stdin) and terminal.is_terminal(sys.stderr) and not options.no_input
    if not can_ask:
        message = f"not confirmed, and nothing was deleted: {'; '.join(things)}. To confirm it, add --yes"
        raise UsageError(message)
    for one in things:
        terminal.err(terminal.clean(f"deletes {one}"))
    if not asked("Delete it?" if len(things) == 1 else "Delete them?"):
        message = "not confirmed; nothing was deleted"
        raise UsageError(message)


def _cleaned_up(options: Options, id: str) -> bool:
    """By its own undo, which looks again before each delete. False where another runner, or another lock, is before us."""
    with surrounded(options) as here:
        runbook, _ = located(here, id)
        try:
            with here.driving(runbook, id, begins=False) as engine:
                engine.cleanup(id)
        except Busy as error:
            terminal.err(terminal.clean(f"nothing of {id} was deleted: {error}"))
            return False
        except UsageError as error:  # somebody has restarted it meanwhile, or cleaned up
            terminal.err(terminal.clean(str(error)))
    return True
