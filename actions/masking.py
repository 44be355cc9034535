"""Secrets in the messages of servers: hidden in plain text and in the forms in which a server may quote what it was sent.

The forms are those of JSON, URLs, HTML and XML, also one within another, and base64, also as a part of a longer text.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

MASK: Final = "***"
_SHORTEST_IN_BASE64: Final = 5
"""Characters of base64 that only the secret decides. Fewer would hide what is not secret."""
_LONGEST: Final = 4_096
"""Characters of a secret that are looked for in every form. The rest of a longer one is looked for as it is."""
_NAMED: Final = {'"': "quot", "'": "apos", "&": "amp", "<": "lt", ">": "gt"}
_ESCAPES: Final = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}


def masked_text(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets, longest first, in any form."""
    for secret in sorted(set(filter(None, secrets)), key=len, reverse=True):
        text = text.replace(secret, MASK)
        for pattern in _patterns(secret[:_LONGEST]):
            text = re.sub(pattern, MASK, text)
    return text


def _patterns(secret: str) -> Iterator[str]:
    import html  # 1 ms, and only needed after an error

    yield "".join(map(_any_form, secret))
    for written in dict.fromkeys((secret, json.dumps(secret)[1:-1], html.escape(secret))):
        yield from _in_base64(written)


def _any_form(char: str) -> str:
    """A pattern for one character: as it is, and as JSON, URLs, HTML and XML write it."""
    octets = char.encode("utf-8", "surrogatepass")
    in_url = "".join(f"%(?:25)*{octet:02x}" for octet in octets)
    units = char.encode("utf-16-be", "surrogatepass")
    in_json = "".join(rf"\\+u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
    entities = [f"#0*{ord(char)}", f"#x0*{ord(char):x}", *([_NAMED[char]] if char in _NAMED else [])]
    escaped = r"\\*" if char in "\"'/" else ""
    forms = [f"(?i:{in_url})", f"(?i:{in_json})", f"(?i:{escaped}&(?:amp;)*(?:{'|'.join(entities)});)"]
    if char == "\\":
        forms.append(r"\\+")
    elif char in _ESCAPES:
        forms += [rf"\\+{_ESCAPES[char]}", re.escape(char)]
    elif char == "&":
        forms.append("&(?:amp;)*")
    elif char == " ":
        forms += [r"\+", " "]
    else:
        forms.append(escaped + re.escape(char))
    return f"(?:{'|'.join(forms)})"


def _in_base64(written: str) -> Iterator[str]:
    """Patterns for base64 of the text at each of the three places in a group of three bytes."""
    data = written.encode("utf-8", "surrogatepass")
    for before, shared in ((0, 0), (1, 2), (2, 3)):
        encoded = base64.b64encode(bytes(before) + data).decode("ascii")
        own = encoded[shared : (before + len(data)) * 8 // 6]
        if len(own) >= _SHORTEST_IN_BASE64:
            around = "[A-Za-z0-9+/_-]"
            yield f"{around}{{0,{shared}}}{''.join(map(_base64_form, own))}{around}?(?:=|%3[Dd]){{0,2}}"


def _base64_form(char: str) -> str:
    match char:
        case "+":
            return r"(?:\+|-|%2[Bb])"
        case "/":
            return r"(?:\\*/|_|%2[Ff])"
        case _:
            return char
