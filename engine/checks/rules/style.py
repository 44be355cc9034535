"""RB7xx: what is written and does nothing, and what is left to be guessed. Warnings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from engine.checks.dataflow.flow import flow_of
from engine.checks.dataflow.setting_sources import Settings
from engine.checks.rule import rule
from engine.checks.subject import Found, Subject, scalars
from engine.language.model import Ensure
from engine.language.yaml.nodes import MapNode, Node, Scalar


def _keys(node: Node | None) -> Iterator[Scalar]:
    if isinstance(node, MapNode):
        yield from (key for key, _ in node.entries)


@rule(
    id="RB701",
    title="An input that nothing uses",
    why="Whoever starts the operation is asked for it, and it changes nothing.",
    severity="warning",
)
def unused_input(subject: Subject) -> Iterator[Found]:
    used = flow_of(subject).used
    for key in _keys(subject.node("inputs")):
        if key.text not in used:
            yield Found(span=key.span, message=f"no expression uses the input `{key.text}`", help="leave it out")


@rule(
    id="RB702",
    title="A setting that nothing uses",
    why="It is looked up when the operation starts, and where it is not to be had the operation does not start.",
    severity="warning",
)
def unused_setting(subject: Subject) -> Iterator[Found]:
    flow = flow_of(subject)
    for key in _keys(subject.node("settings")):
        if f"settings.{key.text}" not in flow.used and not flow.whole_settings:
            yield Found(span=key.span, message=f"no expression uses `settings.{key.text}`", help="leave it out")


@rule(
    id="RB703",
    title="A var that nothing uses",
    why="It is worked out and read by nobody; most often another name was meant somewhere.",
    severity="warning",
)
def unused_var(subject: Subject) -> Iterator[Found]:
    used = flow_of(subject).used
    for key in _keys(subject.node("vars")):
        if key.text not in used:
            yield Found(span=key.span, message=f"no expression uses the var `{key.text}`", help="leave it out")


@rule(
    id="RB704",
    title="A schedule that nothing uses",
    why="No `retry` names it; most often the delays of another one count where this one was meant.",
    severity="warning",
)
def unused_schedule(subject: Subject) -> Iterator[Found]:
    nodes = [place.node.get("retry") for place in subject.steps] + [subject.root.get("retry")]
    used = {scalar.text for node in nodes for scalar in scalars(node)}
    for key in _keys(subject.node("schedules")):
        if key.text not in used:
            yield Found(span=key.span, message=f"no `retry` names the schedule `{key.text}`", help="leave it out")


@rule(
    id="RB705",
    title="An account that nothing uses",
    why="No step, setting or expression names it: what was meant to be done there is done somewhere else.",
    severity="warning",
)
def unused_account(subject: Subject) -> Iterator[Found]:
    flow = flow_of(subject)
    runbook = subject.runbook
    used = {place.step.account for place in subject.steps} | {one.account for one in runbook.settings.values()}
    for key in _keys(subject.node("accounts")):
        named = key.text in used or key.text == runbook.account
        if not named and f"accounts.{key.text}" not in flow.used and not flow.whole_accounts:
            yield Found(span=key.span, message=f"nothing uses the account `{key.text}`", help="leave it out")


UNTESTED: Final = "let a test of the file beside it say what comes of the step when it fails"


@rule(
    id="RB706",
    title="A step that no test names",
    why="The test file beside a runbook says what must come of it. A step that it does not mention is one whose failing "
    "nobody has thought about.",
    severity="warning",
)
def untested_step(subject: Subject) -> Iterator[Found]:
    if subject.tests is None:
        return
    words = set(re.findall(r"[a-z][a-z0-9_-]*", subject.tests))
    for place in subject.steps:
        id_ = place.step.id
        if place.step.path.count("/") == 1 and place.step.path.startswith("steps/") and id_ not in words:
            yield Found(span=place.value("id"), message=f"no test names the step `{id_}`", help=UNTESTED)


@rule(
    id="RB707",
    title="`retry`, and nothing said of what comes out broken",
    why="Most of what is made fails after AWS has said yes: a copy or a restore ends as `failed`. Without a row `broken` the "
    "step holds then, whatever `retry` says. `broken: replace` makes it anew, as the next attempt; `broken: hold` says that "
    "a person is wanted.",
    severity="warning",
)
def silent_about_broken(subject: Subject) -> Iterator[Found]:
    for place in subject.steps:
        body = place.step.body
        if not isinstance(body, Ensure) or place.step.retry is None or place.kind is None:
            continue
        broken = {word for word, status in place.kind.statuses.items() if status.cls == "broken"}
        written = {name for one in place.rows for name in one.row.names}
        if broken and "broken" not in written and not written & {f"={word}" for word in broken}:
            message = f"without a row `broken` an {body.kind} that comes out broken holds, whatever `retry` says"
            yield Found(span=place.key("retry"), message=message, help="`broken: replace`, or `broken: hold`")


@rule(
    id="RB708",
    title="A setting past the point of no return, and nothing that reads it again",
    why="Settings are read when the operation starts. Past the point of no return a refused one (a subnet group that is "
    "not there) holds the operation, and `resume` tries with the same value, although somebody has mended it by then. A "
    "rescue with `refresh: settings` reads it again, and the vars that are made of it.",
    severity="warning",
)
def setting_read_once(subject: Subject) -> Iterator[Found]:
    if not any(place.step.irreversible for place in subject.steps):
        return
    settings, past = Settings(subject), False
    for place in subject.steps:
        if len(place.path) != 2 or place.path[0] != "steps":
            continue
        if past and isinstance(place.step.body, Ensure) and not any(one.refresh for one in place.step.rescue):
            for scalar in scalars(place.written):
                setting = settings.behind(scalar)
                if setting:
                    message = f"`settings.{setting}` is not read again here, and past the point of no return a wrong one holds"
                    help = (
                        "`rescue: [{error: config, refresh: settings, then: {retry_if: settings.changed, else: hold}}]`"
                    )
                    yield Found(span=scalar.span, message=message, help=help)
                    break
        past = past or place.step.irreversible
