"""Random documents for the tests of the formatter: any indentation, comments anywhere, every style of scalar."""

from __future__ import annotations

from hypothesis import strategies as st

from engine.language.parse import shapes
from engine.language.yaml.nodes import FOLDED, LITERAL, ListNode, MapNode, Node, Scalar

FAMILIES = [
    sorted(shapes.RUNBOOK),
    sorted({key for shape in shapes.STEPS.values() for key in shape}),
    [*shapes.RETRY, *shapes.MONITOR],
    ["a", "b", "'c'", '"d"', "e f", "steps", "id"],
]
"""Keys of maps with a fixed order, and of one without."""
PLAIN = ["a", "5m", "${a}", "true", "7", "a b", "- b"[2:], "x#y", "é", "''", '"a # b"', "'it''s'", '"\\u00e9\\n"', "~"]
NUMBERS = st.integers(0, 4)
DEEPEST = 3


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A map in block style; all documents are valid YAML."""
    head = draw(st.sampled_from(["", "# first\n", "%YAML 1.2\n---\n", "\n# a\n\n\n# b\n"]))
    lines = _map(draw, 0, 0)
    tail = draw(st.sampled_from(["", "\n", "\n\n\n", "\n# the end\n", "\n  # the end\n\n"]))
    return head + "\n".join(lines) + tail


def _map(draw: st.DrawFn, indent: int, depth: int) -> list[str]:
    keys = draw(_keys(1, depth))
    lines: list[str] = []
    for number, key in enumerate(keys):
        lines += _free(draw) if number or depth == 0 else []
        lines += _entry(draw, " " * indent + key + draw(st.sampled_from([":", " :", ":", ":"])), indent, depth)
    return lines


@st.composite
def _keys(draw: st.DrawFn, least: int, depth: int) -> list[str]:
    family = draw(st.sampled_from(FAMILIES)) if depth or draw(NUMBERS) == 4 else FAMILIES[0]
    return draw(st.lists(st.sampled_from(family), min_size=least, max_size=5, unique=True))


def _entry(draw: st.DrawFn, head: str, indent: int, depth: int) -> list[str]:
    kind = draw(st.integers(0, 9)) if depth < DEEPEST else draw(st.integers(0, 6))
    if kind >= 8:
        inner = indent + 1 + draw(NUMBERS)
        return [head + _comment(draw), *_free(draw), *_map(draw, inner, depth + 1)]
    if kind == 7:
        inner = indent + draw(NUMBERS)
        return [head + _comment(draw), *_free(draw), *_list(draw, inner, depth + 1)]
    return _value(draw, head + " " * (1 + draw(NUMBERS)), indent, kind)


def _value(draw: st.DrawFn, head: str, indent: int, kind: int) -> list[str]:
    """A value in the line of its key or dash."""
    deeper = " " * (indent + 1 + draw(NUMBERS))
    match kind:
        case 0:
            return [head + _flow(draw, 0) + _comment(draw)]
        case 1:
            mark = draw(st.sampled_from(["|", ">", "|-", ">-", "|+", ">+", "|  # text"]))
            body = [deeper + one if one else one for one in draw(st.lists(BLOCK, min_size=1, max_size=4))]
            return [head + mark, deeper + "text", *body]
        case 2:
            return [head + "several", deeper + "lines of", "", deeper + "text" + _comment(draw)]
        case 3:
            return [head + '"several ', deeper + "lines \\", deeper + '  # of text"' + _comment(draw)]
        case 4:
            return [head + "[a,  # one", deeper + "{b: 'c", deeper + "d'} ]" + _comment(draw)]
        case _:
            return [head + draw(st.sampled_from(PLAIN)) + _comment(draw)]


BLOCK = st.sampled_from(["text", "# no comment", "", "  more", "a: b", "trailing  ", "    "])


def _list(draw: st.DrawFn, indent: int, depth: int) -> list[str]:
    lines: list[str] = []
    for number in range(draw(st.integers(1, 3))):
        lines += _free(draw) if number else []
        lines += _item(draw, indent, depth)
    return lines


def _item(draw: st.DrawFn, indent: int, depth: int) -> list[str]:
    dash = " " * indent + "-"
    kind = draw(st.integers(0, 10)) if depth < DEEPEST else draw(st.integers(0, 6))
    if kind <= 6:
        return _value(draw, dash + " " * (1 + draw(NUMBERS)), indent, kind)
    inner = indent + 2 + draw(NUMBERS)
    lines = _list(draw, inner, depth + 1) if kind == 10 else _map(draw, inner, depth + 1)
    if kind == 7:
        return [dash + _comment(draw), *_free(draw), *lines]
    return [dash + lines[0][len(dash) :], *lines[1:]]


def _flow(draw: st.DrawFn, depth: int) -> str:
    kind = draw(st.integers(0, 3)) if depth < 2 else 0
    blank = draw(st.sampled_from(["", " ", "  "]))
    if kind == 1:
        items = [_flow(draw, depth + 1) for _ in range(draw(st.integers(0, 3)))]
        return "[" + blank + (blank + "," + blank).join(items) + blank + "]"
    if kind == 2:
        keys = draw(_keys(0, 1))
        pairs = [f"{key}{blank}: {_flow(draw, depth + 1)}" for key in keys]
        return "{" + blank + (blank + "," + " ").join(pairs) + blank + "}"
    return draw(st.sampled_from(["a", "'b, c'", '"d # e"', "5", "true", "a b"]))


def _comment(draw: st.DrawFn) -> str:
    return draw(st.sampled_from(["", "", "", "  # why", " #why: not", "   # 'x"]))


def _free(draw: st.DrawFn) -> list[str]:
    """Comments, in any column, and blank lines between entries."""
    many = draw(st.lists(st.integers(-1, 9), max_size=3)) if draw(st.booleans()) else []
    return ["" if column < 0 else " " * column + f"# at {column}" for column in many]


# -- what is read -----------------------------------------------------------------------------------------------


def comments(text: str, root: Node) -> list[str]:
    """Every comment from its `#` on, sorted. A `#` in a text is not a comment."""
    text = text.replace("\r\n", "\n").removeprefix("\ufeff")
    covered = list(text)
    for one in _scalars(root):
        end = one.start + len(text[one.start : one.end].rstrip())
        header = text.find("\n", one.start) if one.style in (LITERAL, FOLDED) else one.start
        for at in range(header, end):
            covered[at] = "\n" if text[at] == "\n" else "x"
    found = []
    for line in "".join(covered).split("\n"):
        at = next((at for at, char in enumerate(line) if char == "#" and (at == 0 or line[at - 1] in " \t")), None)
        found += [line[at:].rstrip()] if at is not None else []
    return sorted(found)


def _scalars(node: Node) -> list[Scalar]:
    match node:
        case Scalar():
            return [node]
        case ListNode():
            return [one for item in node.items for one in _scalars(item)]
        case MapNode():
            return [one for key, value in node.entries for one in (key, *_scalars(value))]
