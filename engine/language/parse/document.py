"""From a runbook's text to its values: everything that is wrong with text and shape, told at once.

`parse` never raises for a wrong document. What needs the registry's schemas, names, or paths through the steps is
for the checks, not here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from engine.errors import Finding, RunbookInvalid
from engine.language.model import Monitor, Notify, Runbook, Step, TakeBack
from engine.language.parse import declarations, schedules, state_tables, steps, values
from engine.language.parse.draft import Draft, Reader
from engine.language.parse.shapes import RUNBOOK
from engine.language.vocabulary import Vocabulary
from engine.language.yaml.nodes import MapNode, Node
from engine.language.yaml.reader import examine
from engine.values import Value

READERS: Final[Mapping[str, Reader]] = {
    **values.READERS, **schedules.READERS, **state_tables.READERS, **steps.READERS, **declarations.READERS,
}  # fmt: skip
"""The reader of every form that `shapes` names."""

ENDS: Final = ("on_success", "on_failure", "on_hold", "on_cancel")
_OWN_NAMES: Final = ("settings", "accounts", "seen", "each", "error", "operation", "attempt")
_WORDS: Final = ("true", "false", "none", "and", "or", "not", "in", "is", "if", "else")


class Parsed(Value):
    """A document, its runbook as far as it could be built, and what is wrong with text and shape."""

    file: str
    text: str
    root: Node | None
    runbook: Runbook | None
    findings: tuple[Finding, ...]
    places: Mapping[str, Node]


def load(text: bytes | str, vocabulary: Vocabulary, file: str = "-") -> Runbook:
    """The runbook. RunbookInvalid with every finding where there are errors."""
    parsed = parse(text, vocabulary, file)
    if parsed.runbook is None or parsed.findings:
        raise RunbookInvalid(list(parsed.findings))
    return parsed.runbook


def parse(text: bytes | str, vocabulary: Vocabulary, file: str = "-") -> Parsed:
    """The document with RB1xx and RB2xx findings; `runbook` is None only where nothing could be read."""
    root, findings = examine(text, file)
    shown = text if isinstance(text, str) else text.decode("utf-8", "replace")
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    if not isinstance(root, MapNode):
        return Parsed(file=file, text=shown, root=root, runbook=None, findings=tuple(findings), places={})
    d = Draft(file=file, vocabulary=vocabulary, readers=READERS, findings=findings)
    made = _runbook(d, root, shown, hashlib.sha256(raw).hexdigest())
    runbook = None if d.overdrawn else made
    if d.overdrawn:  # nothing else can be told of it
        d.findings = [one for one in d.findings if one.rule == "RB218" or one.rule.startswith("RB1")]
    return Parsed(file=file, text=shown, root=root, runbook=runbook, findings=in_order(d.findings), places=d.places)


def in_order(findings: list[Finding]) -> tuple[Finding, ...]:
    """As they stand in the file; each once."""
    return tuple(sorted(dict.fromkeys(findings), key=lambda one: (one.line, one.column, one.rule, one.message)))


def _runbook(d: Draft, root: MapNode, text: str, digest: str) -> Runbook:
    for word in _OWN_NAMES:
        d.names[word] = (f"the built-in name `{word}` of expressions", None)
    for word in _WORDS:
        d.names[word] = (f"the keyword `{word}` of expressions", None)
    _named_by_steps(d, root)
    found = d.fields(root, RUNBOOK, "", "a runbook")
    ends = {name: _end(d, root, name, found) for name in ENDS}
    _told_after_cleanup(d, root)
    retry: Mapping[str, Any] = found.get("retry") or {}
    return Runbook(
        name=found.get("runbook") or "", steps=tuple(found.get("steps") or ()), text=text, digest=digest,
        description=found.get("description") or "", inputs=found.get("inputs") or {},
        settings=found.get("settings") or {}, vars=found.get("vars") or {}, accounts=found.get("accounts") or {},
        account=found.get("account"), region=found.get("region"), lock=found.get("lock"),
        time_limit=found.get("time_limit"), notify=found.get("notify"), throttled=retry.get("throttled"),
        network=retry.get("network"), tags=found.get("tags") or {}, outputs=found.get("outputs") or {}, ends=ends,
        kinds=d.kinds, index=d.index, by_name=d.by_name,
    )  # fmt: skip


def _named_by_steps(d: Draft, root: MapNode) -> None:
    """What steps name, or go by, is read before them, wherever it stands; its findings come when it is read again."""
    before = len(d.findings)
    for key in ("schedules", "monitor"):
        node = root.get(key)
        if node is not None:
            value = READERS[key](d, node, key)
            if key == "schedules":
                d.schedules = value
            else:
                d.monitor = value or Monitor()
    del d.findings[before:]


def _end(d: Draft, root: MapNode, name: str, found: Mapping[str, Any]) -> tuple[Step, ...]:
    """The list as given, else the standard one: a failure takes all back, and each is told."""
    if name in root:
        return tuple(found.get(name) or ())
    made: list[Step] = []
    if name == "on_failure":
        made.append(Step(path=f"{name}/0", id=f"{name}/0", body=TakeBack(steps=None)))
    if "notify" in root:
        path = f"{name}/{len(made)}"
        made.append(Step(path=path, id=path, body=Notify()))
    for step in made:
        d.index[step.path] = step
        d.places[step.path] = _not_written(root)
    return tuple(made)


def _told_after_cleanup(d: Draft, root: MapNode) -> None:
    """`cleanup/1` follows the taking back of a cleanup, which is the kernel's own."""
    if "notify" in root:
        d.index["cleanup/1"] = Step(path="cleanup/1", id="cleanup/1", body=Notify())
        d.places["cleanup/1"] = _not_written(root)


def _not_written(root: MapNode) -> Node:
    """Where steps stand that nobody wrote: at the runbook's first word."""
    return next((key for key, _ in root.entries), root)
