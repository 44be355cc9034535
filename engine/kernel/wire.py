"""How everything that is stored is named in a record: the tag of each class, and the names of its fields.

The names here are the log's, and never change: a class or a field may be renamed in the code, and its line keeps the
stored name. A field whose name in the code is another than in the log is written `attribute=stored`. A tag or a field
that is not here was written by a newer version. New fields have a default, which is what their absence means.

The tags of events are also `event` in `runbook history -o json`.
"""

from __future__ import annotations

from typing import Final

from engine.errors import Problem
from engine.kernel import effect, frame
from engine.kernel import events as ev
from engine.kernel import operation as op
from engine.language.model import Monitor
from engine.language.secret import Secret
from engine.values import Resources, Value


class Form(Resources):
    """How values of one class are stored. `fields`: the attribute in the code → its stored name."""

    cls: type[Value]
    tag: str
    fields: dict[str, str]


def _form(cls: type[Value], tag: str, fields: str = "") -> Form:
    pairs = (name.partition("=") for name in fields.split())
    return Form(cls=cls, tag=tag, fields={attribute: stored or attribute for attribute, _, stored in pairs})


def _event(cls: type[ev.Event], tag: str, fields: str = "") -> Form:
    """Every event has a time, and the key of the step that it is about."""
    return _form(cls, tag, f"at step {fields}")


STATE: Final = (
    _form(effect.Effect, "effect", "verb name key params region account tags target timeout removal sources token_until"),
    _form(effect.Maker, "maker", "operation known ended runbook ids"),
    _form(effect.SeenPart, "seen_part", "kind identity id status cls tags"),
    _form(effect.Seen, "seen", "at status cls id attributes tags parts in_the_way passes by_hand maker problem"),
    _form(frame.MainStep, "main_step", "path item"),
    _form(frame.NestedStep, "nested_step", "path item within"),
    _form(frame.EndStep, "end_step", "list path item"),
    _form(frame.EntryTurn, "entry_turn", "entry how"),
    _form(frame.UnsentNotice, "unsent_notice", "notice"),
    _form(frame.LedgerUndo, "ledger_undo", "why"),
    _form(frame.Entering, "entering"),
    _form(frame.Looking, "looking", "next seen proved source"),
    _form(frame.Proving, "proving", "then index next since status seen"),
    _form(frame.Acting, "acting", "effect sent failed unknown"),
    _form(frame.Waiting, "waiting", "until then"),
    _form(frame.InRow, "in_row"),
    _form(frame.InRescue, "in_rescue", "rescue"),
    _form(frame.Surveying, "surveying", "items index seen found"),
    _form(frame.InItems, "in_items", "items results"),
    _form(frame.InLedger, "in_ledger", "queue"),
    _form(frame.Refreshing, "refreshing", "rescue refreshed"),
    _form(frame.Address, "address", "identity region account"),
    _form(frame.Attempts, "attempts", "number spent granted first_failure"),
    _form(frame.Observed, "observed", "row status watching seen"),
    _form(frame.Removal, "removal", "routine sent delay"),
    _form(frame.Performed, "performed", "since unknown repeat perhaps_done output"),
    _form(
        frame.Frame, "frame",
        "position visit phase address attempts observed removal performed error settings_changed failed",
    ),
    _form(op.UndoRecord, "undo_record", "action params path until names awaits_result"),
    _form(
        op.Entry, "entry",
        "step path kind identity region account tag at id state undo monitor source source_id part_of live used why "
        "account_id",
    ),
    _form(op.SettingValue, "setting", "value source version"),
    _form(op.AccountIdentity, "account", "id partition"),
    _form(op.Target, "target", "id name region account"),
    _form(effect.Deletion, "deletion", "step kind id name region account within parts unprotects by_hand"),
    _form(op.StepRecord, "step", "path status visit attempt spent id params region account seen since error"),
    _form(op.Hold, "hold", "kind reason step since error found deletions"),
    _form(op.Ending, "ending", "status at error step undo past"),
    _form(op.Notice, "notice", "topic subject text key region account sent error"),
    _form(
        op.Operation, "operation",
        "id runbook digest started at since region inputs settings targets confirmed protected allowed frames results "
        "steps ledger deletes "
        "hold failing ending ended irreversible cleaning last_step taken_up notices troubles visits waited accounts "
        "store",
    ),
    _form(Problem, "problem", "name category message also trace"),
    _form(Monitor, "monitor", "every longest=for grace"),
    _form(Secret, "secret", "name field version region account"),
)  # fmt: skip
"""What a state is made of."""

EVENTS: Final = (
    _event(ev.Started, "started", "operation runbook digest inputs settings targets region engine confirmed protected allowed accounts store"),
    _event(ev.AccountsRecorded, "accounts_recorded", "accounts"),
    _event(ev.TakenUp, "taken_up", "runner released protected allowed"),
    _event(ev.Entered, "entered", "skipped identity region account items survey queue target until"),
    _event(ev.Looked, "looked", "seen"),
    _event(ev.Adopted, "adopted", "entry id"),
    _event(ev.TargetSettled, "target_settled", "target"),
    _event(ev.Confirmed, "confirmed", "deletions actor"),
    _event(ev.ItemSurveyed, "item_surveyed", "deletions"),
    _event(ev.ItemsBegun, "items_begun"),
    _event(ev.RowTaken, "row_taken", "row verb status within"),
    _event(ev.Watched, "watched", "next status"),
    _event(ev.Delayed, "delayed", "until why"),
    _event(ev.ReplaceBegun, "replace_begun", "delay"),
    _event(ev.Vanished, "vanished"),
    _event(ev.ProofBegun, "proof_begun"),
    _event(ev.Proved, "proved", "all source"),
    _event(ev.EntrySettled, "entry_settled", "entry state why"),
    _event(ev.Intended, "intended", "effect entry takes routine irreversible saw"),
    _event(ev.SentAgain, "sent_again"),
    _event(ev.Succeeded, "succeeded", "output id secrets"),
    _event(ev.Failed, "failed", "problem secrets"),
    _event(ev.Unknown, "unknown", "why problem again secrets"),
    _event(ev.NotSent, "not_sent", "problem"),
    _event(ev.Rescued, "rescued", "rescue problem within"),
    _event(ev.Refreshed, "refreshed", "settings changed"),
    _event(ev.NestedDone, "nested_done"),
    _event(ev.StepDone, "step_done", "result id status"),
    _event(ev.StepFailed, "step_failed", "problem status"),
    _event(ev.FailurePassedOn, "failure_passed_on"),
    _event(ev.TroubleRecorded, "trouble_recorded", "why deletions"),
    _event(ev.BrokenTakenBack, "broken_taken_back", "problem queue"),
    _event(ev.Held, "held", "kind reason error found status deletions"),
    _event(ev.Resumed, "resumed", "actor why reject outcome output settings"),
    _event(ev.RunbookEdited, "runbook_edited", "digest moves inputs settings actor"),
    _event(ev.Restarted, "restarted", "path actor settings protected allowed"),
    _event(ev.Cancelled, "cancelled", "actor undo past"),
    _event(ev.CleanupBegun, "cleanup_begun", "actor past protected allowed"),
    _event(ev.EndRecorded, "end_recorded", "status error"),
    _event(ev.EntryTaken, "entry_taken", "entry how"),
    _event(ev.Ended, "ended"),
)  # fmt: skip
"""What a record's events are."""

BY_CLASS: Final[dict[type, Form]] = {form.cls: form for form in (*STATE, *EVENTS)}
BY_TAG: Final[dict[str, Form]] = {form.tag: form for form in (*STATE, *EVENTS)}
