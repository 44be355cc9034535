"""RB7xx: unused declarations, and cases that the runbook leaves open. All of them are warnings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from engine.checks.dataflow.flow import flow_of
from engine.checks.dataflow.setting_sources import SettingSources
from engine.checks.rule import rule
from engine.checks.subject import Found, Subject, scalars, test_file_of
from engine.language.model import Ensure
from engine.language.yaml.nodes import MapNode


def _unused(subject: Subject, section: str, is_used: Callable[[str], bool], message: str) -> Iterator[Found]:
    """The entries of a section that nothing uses."""
    node = subject.node(section)
    for key, _ in node.entries if isinstance(node, MapNode) else ():
        if not is_used(key.text):
            yield Found(span=key.span, message=message.format(key.text), help="remove it")


@rule("RB701", severity="warning")
def unused_input(subject: Subject) -> Iterator[Found]:
    """Unused input

    Operators have to provide a value that has no effect.
    """
    used = flow_of(subject).used
    return _unused(subject, "inputs", lambda name: name in used, "no expression uses the input `{}`")


@rule("RB702", severity="warning")
def unused_setting(subject: Subject) -> Iterator[Found]:
    """Unused setting

    It is looked up when the operation starts, and if it cannot be read, the operation does not start.
    """
    flow = flow_of(subject)
    return _unused(subject, "settings", lambda name: flow.uses("settings", name), "no expression uses `settings.{}`")


@rule("RB703", severity="warning")
def unused_var(subject: Subject) -> Iterator[Found]:
    """Unused var

    It has no effect. Often another name was used by mistake where this one was meant.
    """
    used = flow_of(subject).used
    return _unused(subject, "vars", lambda name: name in used, "no expression uses the var `{}`")


@rule("RB704", severity="warning")
def unused_schedule(subject: Subject) -> Iterator[Found]:
    """Unused schedule

    No `retry` names it. Often a step uses another schedule where this one was meant.
    """
    nodes = [place.node.get("retry") for place in subject.steps] + [subject.root.get("retry")]
    used = {scalar.text for node in nodes for scalar in scalars(node)}
    return _unused(subject, "schedules", lambda name: name in used, "no `retry` names the schedule `{}`")


@rule("RB705", severity="warning")
def unused_account(subject: Subject) -> Iterator[Found]:
    """Unused account

    No step, setting or expression names it. A step that should run in this account may run in another one.
    """
    flow, runbook = flow_of(subject), subject.runbook
    named = {runbook.account} | {step.account for step in runbook.index.values()}
    named |= {setting.account for setting in runbook.settings.values()}
    return _unused(
        subject, "accounts", lambda name: name in named or flow.uses("accounts", name), "nothing uses the account `{}`"
    )


@rule("RB706", severity="warning")
def untested_step(subject: Subject) -> Iterator[Found]:
    """Untested step

    The runbook has a test file (`NAME.test.yaml` beside it), but no test mentions this step, so it is open what should
    happen when the step fails.
    """
    if subject.tests is None:
        return
    words = set(re.findall(r"[a-z][a-z0-9_-]*", subject.tests))
    for place in subject.steps:
        id_ = place.step.id
        if place.step.path.count("/") == 1 and place.step.path.startswith("steps/") and id_ not in words:
            help = f"add a test for this step to {test_file_of(subject.file)}; say what should happen when it fails"
            yield Found(span=place.value("id"), message=f"no test mentions the step `{id_}`", help=help)


@rule("RB707", severity="warning")
def retry_without_broken(subject: Subject) -> Iterator[Found]:
    """`retry` without a `broken` row

    Most failures happen after AWS has accepted the request: a copy or restore ends as `failed`. Without a `broken` row
    the step then holds, and `retry` has no effect. `broken: replace` deletes the resource and creates it again as the
    next attempt; `broken: hold` says that a person should decide.
    """
    for place in subject.steps:
        body = place.step.body
        if not isinstance(body, Ensure) or place.step.retry is None or place.kind is None:
            continue
        broken = {word for word, status in place.kind.statuses.items() if status.cls == "broken"}
        written = {name for one in place.rows for name in one.row.names}
        if broken and "broken" not in written and not written & {f"={word}" for word in broken}:
            message = f"no `broken` row: `retry` has no effect if the {body.kind} ends up broken; the step holds"
            yield Found(span=place.key("retry"), message=message, help="add `broken: replace` or `broken: hold`")


@rule("RB708", severity="warning")
def setting_read_once(subject: Subject) -> Iterator[Found]:
    """A setting that cannot be corrected after the point of no return

    Settings are read when the operation starts, and again when a person resumes or restarts it. After an irreversible
    step, a wrong value (a subnet group that does not exist) holds the operation even if the setting has been corrected
    since the start. A rescue with `refresh: settings` reads the setting again, and the vars that depend on it, and
    continues without a person if it has changed.
    """
    if not any(place.step.irreversible for place in subject.steps):
        return
    settings, past = SettingSources(subject), False
    for place in subject.steps:
        if len(place.path) != 2 or place.path[0] != "steps":
            continue
        if past and isinstance(place.step.body, Ensure) and not any(one.refresh for one in place.step.rescue):
            for scalar in scalars(place.written):
                setting = settings.behind(scalar)
                if setting:
                    message = (
                        f"if `settings.{setting}` is wrong, this step holds even if it was corrected since the start"
                    )
                    branch = "{error: config, refresh: settings, then: {retry_if: settings.changed, else: hold}}"
                    help = f"read it again after an error: `rescue: [{branch}]`"
                    yield Found(span=scalar.span, message=message, help=help)
                    break
        past = past or place.step.irreversible


@rule("RB715", severity="warning")
def other_syntax(subject: Subject) -> Iterator[Found]:
    """Text that looks like an expression

    Other tools write `{{ name }}` or `$name`. In a runbook only `${name}` is an expression; anything else is sent as it
    stands. The finding is limited to names of inputs, vars and steps. If the text is meant, suppress the finding.
    """
    yield from flow_of(subject).found("RB715")
