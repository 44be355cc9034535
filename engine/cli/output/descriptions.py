"""Kinds, actions, errors and rules as documents and as text, from their declarations and the table of AWS error codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine.checks.rule import Rule
from engine.cli.output import terminal
from engine.errors import CATEGORIES, PASSING
from engine.language.model import CLASSES
from engine.registry import Action, Registry, ResourceKind

MAX_CHOICES: Final = 8
"""The allowed values of a parameter that are listed."""


def summarize(name: str, category: str, doc: str) -> dict[str, Any]:
    """The name with the first line of its documentation."""
    return {"name": name, "is": category, "doc": doc.strip().partition("\n")[0]}


def describe_kind_or_action(registry: Registry, name: str) -> dict[str, Any] | None:
    """The declaration of a kind or an action; None where there is none."""
    kind = registry.kinds.get(name) or (registry.kind(name) if name not in registry.actions else None)
    if kind is not None:
        return _describe_kind(kind)
    action = registry.action(name)
    return _describe_action(action) if action is not None else None


def _describe_kind(kind: ResourceKind) -> dict[str, Any]:
    statuses = [{"status": name, "class": one.cls, "source": one.source} for name, one in kind.statuses.items()]
    return {
        "name": kind.name, "is": "kind", "doc": kind.doc.strip(), "steps": list(kind.facts.verbs),
        "identity": list(kind.facts.identity), "with": [_param(name, one) for name, one in kind.params.items()],
        "attributes": _attributes(kind.attributes), "statuses": statuses, "calls": list(kind.calls),
    }  # fmt: skip


def _describe_action(action: Action) -> dict[str, Any]:
    return {
        "name": action.name, "is": "action", "doc": action.doc.strip(), "repeatable": action.facts.repeatable,
        "with": [_param(name, one) for name, one in action.params.items()], "output": _attributes(action.output),
        "errors": list(action.errors), "calls": list(action.calls),
    }  # fmt: skip


def _attributes(schemas: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"name": name, "type": _type(schema), "doc": schema.get("description", "")} for name, schema in schemas.items()
    ]


def _param(name: str, param: Any) -> dict[str, Any]:
    return {
        "name": name, "required": param.required, "secret": param.secret, "type": _type(param.schema), "doc": param.doc
    }  # fmt: skip


def _type(schema: Mapping[str, Any]) -> str:
    type = schema.get("type")
    if isinstance(type, list):
        return " or ".join(str(one) for one in type)
    if "enum" in schema:
        choices = [str(one) for one in schema["enum"]]
        more = f" or {len(choices) - MAX_CHOICES} more" if len(choices) > MAX_CHOICES else ""
        return " or ".join(choices[:MAX_CHOICES]) + more
    return str(type or "any")


def format_description(found: Mapping[str, Any]) -> list[str]:
    """A kind or an action as lines of text."""
    lines = [f"{found['name']} ({found['is']})", *_paragraph(found["doc"])]
    if found["is"] == "kind":
        lines += ["", f"steps: {', '.join(found['steps'])}; identified by {', '.join(found['identity'])}"]
    elif found["repeatable"] is not None:
        lines += ["", "repeatable" if found["repeatable"] else "not repeatable unless the step has `until`"]
    lines += _section("with", [(one["name"], _marks(one), one["doc"]) for one in found["with"]])
    for part in ("attributes", "output"):
        lines += _section(part, [(one["name"], one["type"], one["doc"]) for one in found.get(part, [])])
    lines += _section("statuses", _by_class(found.get("statuses", [])))
    if found.get("errors"):
        lines += ["", f"errors: {', '.join(found['errors'])}"]
    if found["calls"]:
        lines += ["", f"calls: {', '.join(found['calls'])}"]
    return lines


def _paragraph(text: str) -> list[str]:
    """The text, wrapped to 80 columns."""
    import textwrap

    wrapped = [part for line in text.splitlines() for part in textwrap.wrap(line, 78, break_on_hyphens=False)]
    return [f"  {terminal.escape(line)}" for line in wrapped]


def _marks(param: Mapping[str, Any]) -> str:
    marks = [param["type"], "required" if param["required"] else "", "takes a secret" if param["secret"] else ""]
    return ", ".join(mark for mark in marks if mark)


def _section(title: str, rows: list[tuple[str, str, str]]) -> list[str]:
    return ["", f"{title}:", *terminal.align_columns(rows, indent="  ")] if rows else []


def _by_class(statuses: list[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    order = {name: number for number, name in enumerate(CLASSES)}
    ordered = sorted(statuses, key=lambda one: (order.get(one["class"], len(order)), one["status"]))
    return [(one["status"], one["class"], one["source"]) for one in ordered]


# -- errors -----------------------------------------------------------------------------------------------


def error_names(registry: Registry) -> list[str]:
    """Every error name that an error can have."""
    from actions.aws.error_codes import table
    from engine.cli.output.error_meanings import MEANINGS

    names = {*table(), *MEANINGS}
    for lines in table().values():
        for line in lines:
            names.update(line.also)
            names.update([line.name] if line.name else [])
    for action in registry.actions.values():
        names.update(action.errors)
    return sorted(names | set(registry.known_errors()))


def describe_error(registry: Registry, word: str) -> dict[str, Any] | None:
    """An error name or category, with the AWS error codes it stands for; None where there is none."""
    from actions.aws.error_codes import table
    from engine.cli.output.error_meanings import meaning_of_name

    meanings = [
        {
            "code": code, "name": line.name or code, "category": line.category, "also": list(line.also),
            "where": line.text, "advice": line.advice, "source": line.source,
        }
        for code, lines in table().items()
        for line in lines
        if word in (code, line.name, line.category, *line.also)
    ]  # fmt: skip
    raised = sorted(one.name for one in registry.actions.values() if word in one.errors)
    known = registry.known_errors().get(word) if not meanings else None
    meaning = meaning_of_name(word) if not meanings and not (known and known.meaning) else ""
    if not meanings and known is None and not raised and not meaning and word not in CATEGORIES:
        return None
    if known is not None and word not in CATEGORIES:
        meanings = [{
            "code": word, "name": word, "category": known.category, "also": list(known.also), "where": "",
            "advice": known.meaning, "source": known.source,
        }]  # fmt: skip
    return {
        "error": word, "is": "category" if word in CATEGORIES else "error", "meaning": meaning, "meanings": meanings,
        "actions": raised,
    }  # fmt: skip


def format_error(found: Mapping[str, Any]) -> list[str]:
    """An error as lines of text."""
    word = found["error"]
    lines = [f"{word} ({found['is']})"]
    if word in CATEGORIES:
        lines.append(f"  {_retry_note(word)}")
    lines += [f"  what it means: {found['meaning']}"] if found["meaning"] else []
    sources = [one["source"] for one in found["meanings"]]
    for number, one in enumerate(found["meanings"]):
        names = ", ".join(dict.fromkeys([one["name"], *one["also"], one["category"]]))
        lines.append(f"  {one['code']}: {one['category']}; {_retry_note(one['category'])}")
        lines.append(f"    a rescue may match: {names}")
        lines += [f"    if the message matches: {one['where']}"] if one["where"] else []
        label = "what to do" if one["source"] != "of this tool" else "what it means"
        lines += [f"    {label}: {one['advice']}"] if one["advice"] else []
        if one["source"] not in sources[:number]:  # said once, with the first code that has it
            lines.append(f"    source: {one['source']}")
    if found["actions"]:
        lines.append(f"  raised by {', '.join(found['actions'])}")
    return [terminal.escape(line) for line in lines]


def _retry_note(category: str) -> str:
    if category == "credentials":
        return "stops the run until the credentials are renewed; uses no attempt"
    if category in PASSING:
        return "transient: `retry` covers it"
    return "not transient: `retry` covers it only if its `errors` list it"


# -- rules ------------------------------------------------------------------------------------------------


def format_rule(rule: Rule, wrong: str, right: str) -> list[str]:
    """A rule as lines of text: what it finds, why, and a wrong and a right example."""
    lines = [f"{rule.id} ({rule.severity}): {rule.title}", "", *_paragraph(rule.why), "", "wrong:", ""]
    lines += [*_example(wrong), "", "right:", "", *_example(right)]
    if rule.suppressible:
        lines += ["", f"  To suppress it, write at that line: `# runbook: ignore {rule.id} because …`"]
    return lines


def _example(text: str) -> list[str]:
    from engine.checks.pages import visible_lines

    return [f"    {line}".rstrip() for line in visible_lines(text.strip("\n"))]
