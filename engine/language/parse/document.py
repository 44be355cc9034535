"""From the text of a runbook to a `Runbook`, with findings about its YAML (RB1xx) and its shape (RB2xx).

An example shows how a text is read. One key in it is misspelt:

    runbook: stop
    steps:
      - id: stop-cluster
        call: aws.rds.stop_db_cluster
        with: {DBClusterIdentifier: orders}
        repeatable: true
        timout: 30s

**Text to nodes.** `engine.language.yaml` reads the text as a tree of `MapNode`, `ListNode` and `Scalar`. A node knows
its place in the text, and a scalar has a value: `30s` is text, `true` is a boolean. YAML that misleads, such as
a duplicate key or an anchor, becomes a finding here. It knows nothing of runbooks.

**Nodes and shapes.** `parse` makes a `Draft`, which is handed to everything below and collects what is found out. The
tables in `shapes` give the keys of each map and the *form* of each value: `RUNBOOK["steps"]` has the form `main_steps`,
a `call` step's `timeout` has the form `duration`. `Draft.read_fields` goes through a map by its shape. It reports keys
that are unknown or missing, here `timout` in line 7 (RB201). For every other key it calls the reader of the form.

**Readers.** A reader gets the draft, the node of a value and the path of that value. It returns what the model holds, or
reports a finding and returns None. `READERS` has one for each form: simple ones are in `simple_values`, and those for
whole maps call `read_fields` again. `steps.steps` reads the list above. For its item it finds out the kind of step
(`call`), reads the fields by the shape of that kind, builds the value

    Step(path="steps/0", id="stop-cluster", body=Call(action="aws.rds.stop_db_cluster", ..., repeatable=True), ...)

and registers it in the draft: under its path `steps/0`, by which findings, the log and the kernel name it, and under
`stop_cluster`, its name in expressions.

**The runbook.** `_build_runbook` puts the fields of the top level together and adds what was left out. The runbook above
has no `on_failure`, so it gets the default, one `take_back` of all steps.

`parse` does not raise for a wrong document. It returns the runbook although line 7 is wrong, so that `engine.checks` can
check everything else: parameters, expressions, and paths through the steps. `load` raises if there is any finding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from engine.errors import Finding, RunbookInvalid
from engine.language.model import Monitor, Notify, Runbook, Step, TakeBack
from engine.language.parse import schedules, simple_values, state_tables, steps, top_level
from engine.language.parse.draft import Draft, Reader
from engine.language.parse.shapes import RUNBOOK
from engine.language.vocabulary import Vocabulary
from engine.language.yaml.nodes import MapNode, Node
from engine.language.yaml.reader import parse_yaml
from engine.values import Value

READERS: Final[Mapping[str, Reader]] = {
    **simple_values.READERS, **schedules.READERS, **state_tables.READERS, **steps.READERS, **top_level.READERS,
}  # fmt: skip
"""The reader of each form in `shapes`."""

ENDS: Final = ("on_success", "on_failure", "on_hold", "on_cancel")
_BUILT_IN_NAMES: Final = ("settings", "accounts", "seen", "each", "error", "operation", "attempt")
_KEYWORDS: Final = ("true", "false", "none", "and", "or", "not", "in", "is", "if", "else")


class Parsed(Value):
    """A document, its runbook as far as it could be built, and the findings about its text and shape."""

    file: str
    text: str
    root: Node | None
    runbook: Runbook | None
    findings: tuple[Finding, ...]
    nodes: Mapping[str, Node]  # by path: of steps, rows, rescues, inputs, settings, vars …


def load(text: bytes | str, vocabulary: Vocabulary, file: str = "-") -> Runbook:
    """The runbook. RunbookInvalid with all findings if there are any."""
    parsed = parse(text, vocabulary, file)
    if parsed.runbook is None or parsed.findings:
        raise RunbookInvalid(list(parsed.findings))
    return parsed.runbook


def parse(text: bytes | str, vocabulary: Vocabulary, file: str = "-") -> Parsed:
    """The document with its findings; `runbook` is None if nothing could be read, or if too many AWS APIs are named."""
    root, findings = parse_yaml(text, file)
    decoded = text if isinstance(text, str) else text.decode("utf-8", "replace")
    raw = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    if not isinstance(root, MapNode):
        return Parsed(file=file, text=decoded, root=root, runbook=None, findings=tuple(findings), nodes={})
    draft = Draft(file=file, vocabulary=vocabulary, readers=READERS, findings=findings)
    runbook: Runbook | None = _build_runbook(draft, root, decoded, hashlib.sha256(raw).hexdigest())
    if draft.too_many_apis:  # the kinds and actions beyond the limit were not looked up, so nothing more is certain
        runbook = None
        draft.findings = [one for one in draft.findings if one.rule == "RB218" or one.rule.startswith("RB1")]
    return Parsed(
        file=file,
        text=decoded,
        root=root,
        runbook=runbook,
        findings=tuple(sort_findings(draft.findings)),
        nodes=draft.nodes,
    )


def sort_findings(findings: list[Finding]) -> list[Finding]:
    """Sorted by place and rule, without duplicates."""
    return sorted(
        dict.fromkeys(findings), key=lambda one: (one.file, one.line, one.column, one.rule, one.message, one.help)
    )


def _build_runbook(draft: Draft, root: MapNode, text: str, digest: str) -> Runbook:
    for word in _BUILT_IN_NAMES:
        draft.names[word] = (f"the built-in name `{word}` of expressions", None)
    for word in _KEYWORDS:
        draft.names[word] = (f"the keyword `{word}` of expressions", None)
    _read_shared_first(draft, root)
    found = draft.read_fields(root, RUNBOOK, "", "a runbook")
    ends = {name: _end_steps(draft, root, name, found) for name in ENDS}
    _add_cleanup_notification(draft, root)
    retry: Mapping[str, Any] = found.get("retry") or {}
    return Runbook(
        name=found.get("runbook") or "", steps=tuple(found.get("steps") or ()), text=text, digest=digest,
        description=found.get("description") or "", inputs=found.get("inputs") or {},
        settings=found.get("settings") or {}, vars=found.get("vars") or {}, accounts=found.get("accounts") or {},
        account=found.get("account"), region=found.get("region"), lock=found.get("lock"),
        time_limit=found.get("time_limit"), notify=found.get("notify"), throttled=retry.get("throttled"),
        network=retry.get("network"), tags=found.get("tags") or {}, outputs=found.get("outputs") or {}, ends=ends,
        kinds=draft.kinds, index=draft.index, by_name=draft.by_name,
    )  # fmt: skip


def _read_shared_first(draft: Draft, root: MapNode) -> None:
    """Read `schedules` and `monitor` before the steps, which refer to them. They are read, and reported on, again in their turn."""
    before = len(draft.findings)
    for key in ("schedules", "monitor"):
        node = root.get(key)
        if node is not None:
            value = READERS[key](draft, node, key)
            if key == "schedules":
                draft.schedules = value
            else:
                draft.monitor = value or Monitor()
    del draft.findings[before:]


def _end_steps(draft: Draft, root: MapNode, name: str, found: Mapping[str, Any]) -> tuple[Step, ...]:
    """The list that is written, or the default: a failure takes everything back, and every end notifies the topic."""
    if name in root:
        return tuple(found.get(name) or ())
    default: list[Step] = []
    if name == "on_failure":
        default.append(Step(path=f"{name}/0", id=f"{name}/0", body=TakeBack(steps=None)))
    if "notify" in root:
        path = f"{name}/{len(default)}"
        default.append(Step(path=path, id=path, body=Notify()))
    for step in default:
        draft.index[step.path] = step
        draft.nodes[step.path] = _node_of_default_step(root)
    return tuple(default)


def _add_cleanup_notification(draft: Draft, root: MapNode) -> None:
    """Add `cleanup/1`, the notification after the undo of `runbook cleanup`. That undo is not a step but the kernel's own."""
    if "notify" in root:
        draft.index["cleanup/1"] = Step(path="cleanup/1", id="cleanup/1", body=Notify())
        draft.nodes["cleanup/1"] = _node_of_default_step(root)


def _node_of_default_step(root: MapNode) -> Node:
    """The node of a step that is not written: the first key of the runbook."""
    return next((key for key, _ in root.entries), root)
