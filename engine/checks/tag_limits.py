"""Tags that AWS refuses: botocore's model of RDS says which characters and lengths it takes (docs/aws.md)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Final

from engine.checks.dataflow.flow import flow_of
from engine.checks.subject import Found, Subject
from engine.errors import ExpressionError
from engine.language.expressions.template import split_template
from engine.language.yaml.nodes import MapNode, Scalar

MOST: Final = 45
"""Tags of a runbook: AWS takes 50 for a resource, and the tool sets 5."""
_LONGEST_NAME: Final = 128
_LONGEST_VALUE: Final = 256
_OTHER_CHARACTERS: Final = frozenset("_.:/=+-@")
_PREFIXES: Final = ("aws:", "rds:")
_HELP: Final = "a tag has letters, digits, blanks and `_ . : / = + - @`"


def wrong_tags(subject: Subject) -> Iterator[Found]:
    """Each name and value of `tags` that AWS would refuse, as far as it is known, and too many of them."""
    node = subject.node("tags")
    if not isinstance(node, MapNode):
        return
    if len(node.entries) > MOST:
        message = f"the runbook has {len(node.entries)} tags; AWS takes 50 for a resource, and the tool sets 5 of them"
        yield Found(span=subject.key("tags"), message=message, help=f"keep {MOST}")
    for key, value in node.entries:
        why = _why_refused(key.text, _LONGEST_NAME, "the name of a tag")
        if not why and key.text.lower().startswith(_PREFIXES) and not key.text.startswith("aws:"):  # RB206
            why = "the name of a tag cannot begin with `aws:` or `rds:`"
        if why:
            yield Found(span=key.span, message=why, help=_HELP)
        if isinstance(value, Scalar):
            yield from _wrong_value(subject, value)


def _wrong_value(subject: Subject, node: Scalar) -> Iterator[Found]:
    for text in _known_texts(subject, node):
        why = _why_refused(text, _LONGEST_VALUE, "the value of a tag")
        if why:
            yield Found(span=node.span, message=why, help=_HELP)
            return


def _known_texts(subject: Subject, node: Scalar) -> Iterator[str]:
    """The literal parts of a value; or, for one expression, the values that it is known to have."""
    try:
        pieces = split_template(node.text)
    except ExpressionError:
        return  # RB308 reports it
    if len(pieces) == 1 and isinstance(pieces[0], tuple):
        type = flow_of(subject).types.get(id(node))
        yield from (str(one) for one in (type.literals if type is not None else ()))
        found = subject.runbook.inputs.get(pieces[0][0])
        if found is not None and isinstance(found.default, str):
            yield found.default
        return
    yield "".join(piece for piece in pieces if isinstance(piece, str))


def _why_refused(text: str, longest: int, what: str) -> str:
    wrong = next((char for char in text if not _is_allowed(char)), None)
    if wrong is not None:
        return f"AWS refuses `{wrong}` in {what}" if wrong.isprintable() else f"AWS refuses {wrong!r} in {what}"
    return f"{what} has {len(text)} characters; AWS takes {longest}" if len(text) > longest else ""


def _is_allowed(char: str) -> bool:
    return char in _OTHER_CHARACTERS or unicodedata.category(char)[0] in "LNZ"
