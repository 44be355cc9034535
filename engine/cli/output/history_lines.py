"""One recorded event as a line of `runbook history`, as text or as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.cli.output import terminal
from engine.cli.output.event_lines import event_lines
from engine.cli.output.times import format_time
from engine.kernel.transition import Transition
from engine.stores.port import LogRecord


def format_event(record: LogRecord, raw: Mapping[str, Any], transition: Transition) -> str:
    """`  12  2024-03-20 00:06:00Z  copy-snapshot  …`: the record's number, time, step and text."""
    line = event_lines(transition)[0]
    step = terminal.escape(line.step).ljust(20)
    return f"{record.seq:>4}  {format_time(line.at)}  {step}  {terminal.escape(line.text)}".rstrip()


def format_event_json(record: LogRecord, raw: Mapping[str, Any], transition: Transition) -> str:
    """One JSON document on one line. `raw`: the event as it was stored."""
    import json

    from engine.kernel.codec import TAG
    from engine.kernel.rendering import iso

    line = event_lines(transition)[0]
    fields = {key: value for key, value in raw.items() if key not in (TAG, "at", "step")}
    document = {
        "format": 1, "operation_id": record.operation, "seq": record.seq, "at": iso(raw["at"]), "actor": record.actor,
        "host": record.host, "process": record.process, "step": line.step, "event": raw[TAG], "text": line.text,
        "fields": fields,
    }  # fmt: skip
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
