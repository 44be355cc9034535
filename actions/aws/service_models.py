"""botocore's model of one service, read from its data files: what an operation takes, yields, and can be refused with.

So that a runbook with `aws.SERVICE.OPERATION` is checked without importing boto3. One service's file is read at a time,
once. Knows nothing of calls, secrets or the engine; the schemas are JSON Schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

from actions.aws.model_files import data_folder, file_of, keep, kept, place_of, read

Json = Mapping[str, Any]

_TYPES: Final[Mapping[str, Json]] = {
    "string": {"type": "string"},
    "character": {"type": "string"},
    "blob": {"type": "string"},
    "boolean": {"type": "boolean"},
    "integer": {"type": "integer"},
    "long": {"type": "integer"},
    "float": {"type": "number"},
    "double": {"type": "number"},
    "timestamp": {"type": ["string", "number"], "description": "ISO 8601, or seconds"},
}
_SECRET_NAMES: Final = re.compile(r"(Password|SecretAccessKey|SessionToken|SecretString|PrivateKey)$")
"""Models forget to mark some (STS's SessionToken)."""

DEEPEST: Final = 12


@dataclass(frozen=True, eq=False)
class Operation:
    """One operation of a service. `wire` is AWS's name of it, `name` boto3's."""

    wire: str
    name: str
    service: ServiceModel
    said: Json

    @property
    def doc(self) -> str:
        """The first sentence of AWS's documentation."""
        return first_sentence(str(self.said.get("documentation", "")))

    @cached_property
    def inputs(self) -> Json:
        """Parameter → its member in the model."""
        return self._members("input")

    @cached_property
    def outputs(self) -> Json:
        """Field of the reply → its member in the model."""
        return self._members("output")

    @property
    def required(self) -> tuple[str, ...]:
        """Parameters that must be given."""
        shape = self.said.get("input", {}).get("shape")
        return tuple(self.service.shapes[shape].get("required", ())) if shape else ()

    @property
    def tokens(self) -> tuple[str, ...]:
        """Parameters that are idempotency tokens."""
        return tuple(name for name, member in self.inputs.items() if member.get("idempotencyToken"))

    @property
    def errors(self) -> tuple[str, ...]:
        """The wire codes that the model has for it."""
        return tuple(sorted(self.service.code_of(error["shape"]) for error in self.said.get("errors", ())))

    @property
    def paging(self) -> Json | None:
        """How its pages are asked for, if it has pages."""
        found: Json | None = self.service.paginators.get(self.wire)
        return found

    def _members(self, way: str) -> Json:
        shape = self.said.get(way, {}).get("shape")
        members: Json = self.service.shapes[shape].get("members", {}) if shape else {}
        return members

    def length_of(self, parameter: str) -> tuple[int, int | None]:
        """The least and the most characters of a parameter."""
        shape = self.service.shapes[self.inputs[parameter]["shape"]]
        return int(shape.get("min", 0)), shape.get("max")


@dataclass(frozen=True, eq=False)
class ServiceModel:
    """One service of AWS, as botocore's data has it."""

    name: str
    said: Json
    paginators: Json

    @property
    def shapes(self) -> Json:
        found: Json = self.said["shapes"]
        return found

    @property
    def is_xml(self) -> bool:
        """Are its replies XML, in which even nothing has an element?"""
        protocols = self.said["metadata"].get("protocols") or [self.said["metadata"].get("protocol")]
        return protocols[0] in ("query", "ec2", "rest-xml")

    @cached_property
    def operations(self) -> Mapping[str, Operation]:
        """By boto3's name: `modify_db_cluster`."""
        from botocore import xform_name

        return {
            (name := xform_name(wire)): Operation(wire=wire, name=name, service=self, said=said)
            for wire, said in self.said["operations"].items()
        }

    def code_of(self, shape: str) -> str:
        """The wire code of an error; it may differ from the name of its shape."""
        return str(self.shapes[shape].get("error", {}).get("code") or shape)

    def schema(self, member: Json, within: tuple[str, ...] = ()) -> dict[str, Any]:
        """JSON Schema of a member; what contains itself is cut off where it does."""
        name = member["shape"]
        shape = self.shapes[name]
        if name in within or len(within) >= DEEPEST or shape.get("document"):
            return {}
        inside = (*within, name)
        match shape["type"]:
            case "structure":
                members = {key: self.schema(one, inside) for key, one in shape.get("members", {}).items()}
                schema = {"type": "object", "properties": members, "additionalProperties": False}
                return schema | ({"required": list(shape["required"])} if shape.get("required") else {})
            case "list":
                return {"type": "array", "items": self.schema(shape["member"], inside), **_bounds(shape, "Items")}
            case "map":
                values = self.schema(shape["value"], inside)
                return {"type": "object", "additionalProperties": values, **_bounds(shape, "Properties")}
            case kind:
                return {**_TYPES[kind], **_words(shape)}

    def is_secret(self, name: str, member: Json) -> bool:
        """Is that very member marked `sensitive`, or known to be?"""
        shape = self.shapes[member["shape"]]
        marked = bool(member.get("sensitive") or shape.get("sensitive"))
        return marked or (shape["type"] in ("string", "blob") and _SECRET_NAMES.search(name) is not None)

    def holds_secret(self, name: str, member: Json, within: tuple[str, ...] = ()) -> bool:
        """Is it, or anything in it, a secret?"""
        if self.is_secret(name, member):
            return True
        kind = member["shape"]
        if kind in within or len(within) >= DEEPEST:
            return False
        return any(self.holds_secret(key, one, (*within, kind)) for key, one in self._inside(kind))

    def _inside(self, kind: str) -> list[tuple[str, Json]]:
        shape = self.shapes[kind]
        match shape["type"]:
            case "structure":
                return list(shape.get("members", {}).items())
            case "list":
                return [("", shape["member"])]
            case "map":
                return [("", shape["value"])]
            case _:
                return []

    def masked(self, value: Any, name: str, member: Json) -> Any:
        """A value of a reply with `***` for what is secret: a reply is recorded."""
        if value is None:
            return None
        if self.is_secret(name, member):
            return "***"
        shape = self.shapes[member["shape"]]
        match shape["type"]:
            case "structure" if isinstance(value, Mapping):
                members = shape.get("members", {})
                return {
                    key: self.masked(one, key, members[key]) if key in members else one for key, one in value.items()
                }
            case "list" if isinstance(value, (list, tuple)):
                return [self.masked(one, "", shape["member"]) for one in value]
            case "map" if isinstance(value, Mapping):
                return {key: self.masked(one, str(key), shape["value"]) for key, one in value.items()}
            case _:
                return value


def _words(shape: Json) -> dict[str, Any]:
    """What a scalar may be: the words that there are, its bounds, and the form that the whole of it must have.

    AWS matches a pattern on the whole value, `^` and `$` or not: aws/aws-cli issue 790, where quotes around a name of
    `[a-zA-Z0-9_.-]+` are refused ("failed to satisfy constraint: Member must satisfy regular expression pattern").
    """
    found: dict[str, Any] = {"enum": shape["enum"]} if shape.get("enum") else {}
    if shape["type"] == "string":
        form = _form(shape["pattern"]) if shape.get("pattern") else None
        return found | _bounds(shape, "Length") | ({"wholly": form} if form is not None else {})
    if shape["type"] in ("integer", "long", "float", "double"):
        return found | _bounds(shape, "imum")
    return found


def _bounds(shape: Json, of: str) -> dict[str, Any]:
    """`min` and `max` of a shape, as JSON Schema has them: `minLength`, `maxItems`, `minimum`."""
    return {f"{end}{of}": shape[end] for end in ("min", "max") if shape.get(end) is not None}


_CODE_POINT: Final = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4}))")
_ESCAPED: Final = re.compile(r"\\.", re.DOTALL)
_CLASS: Final = re.compile(r"\[\^?\]?[^\]]*\]")
_OF_CLASSES: Final = re.compile(r"\[\^?\]?[^\]]*(?:\[|&&)")
"""A class in a class, or two of which both must hold: Java has them, RE2 does not."""


def _form(pattern: str) -> str | None:
    """A pattern as `engine.language.patterns` reads it; None where it is not certain what AWS means."""
    signs = _ESCAPED.sub("_", pattern)
    if _OF_CLASSES.search(signs):
        return None
    signs = _CLASS.sub("_", signs)
    anchored = signs.startswith("^"), signs.endswith("$")
    if anchored[0] != anchored[1] or set("^$") & set(signs.removeprefix("^").removesuffix("$")):
        return None  # an end, or an end of an alternative, is left open, perhaps on purpose
    return _CODE_POINT.sub(lambda found: _spelt(chr(int(found[1] or found[2], 16))), pattern)


def _spelt(char: str) -> str:
    return f"\\{char}" if char.isascii() and not char.isalnum() and not char.isspace() else char


def first_sentence(documentation: str) -> str:
    """The first sentence of AWS's HTML, as text."""
    import html

    text = html.unescape(re.sub(r"<[^>]+>", "", documentation))
    text = re.sub(r"\s+", " ", text).strip()
    end = re.search(r"\.(?= [A-Z]|$)", text)
    return text[: end.end()] if end else text


@cache
def service_names() -> tuple[str, ...]:
    """Every service that botocore knows."""
    data = data_folder()
    return tuple(sorted(path.name for path in data.iterdir() if path.is_dir())) if data is not None else ()


def _file_of(service: str) -> Path | None:
    """The newest model of a service."""
    data = data_folder()
    if data is None or service not in service_names():
        return None
    versions = sorted((path for path in (data / service).iterdir() if path.is_dir()), reverse=True)
    return next((file for file in (file_of(version, "service-2") for version in versions) if file is not None), None)


@lru_cache(maxsize=64)
def service_model(name: str) -> ServiceModel | None:
    """The newest model of a service; None where botocore has no such service."""
    file = _file_of(name)
    if file is None:
        return None
    pages = file_of(file.parent, "paginators-1")
    return ServiceModel(
        name=name, said=read(file), paginators=read(pages).get("pagination", {}) if pages is not None else {}
    )


def operation_model(service: str, name: str) -> Operation | None:
    """One operation, by boto3's name of it; what was read of its service once is kept for the next process."""

    def made() -> Json | None:
        whole = service_model(service)
        found = whole.operations.get(name) if whole is not None else None
        return _narrowed(found) if found is not None else None

    narrow = _once(service, name, made)
    if narrow is None:
        return None
    model = ServiceModel(name=service, said=narrow["said"], paginators=narrow["paginators"])
    return Operation(wire=narrow["wire"], name=name, service=model, said=model.said["operations"][narrow["wire"]])


def metadata_of(service: str) -> Json:
    """What the model says of the service itself; empty where botocore has no such service."""

    def made() -> Json | None:
        whole = service_model(service)
        return whole.said["metadata"] if whole is not None else None

    return _once(service, "the-service", made) or {}


def _once(service: str, what: str, made: Callable[[], Json | None]) -> Json | None:
    file = _file_of(service)
    place = place_of(file, what) if file is not None else None
    found = kept(place) if place is not None else None
    if found is None:
        found = made()
        if found is not None and place is not None:
            keep(place, found)
    return found


def _narrowed(operation: Operation) -> Json:
    """What there is to know of one operation: its own part of the model."""
    model, wire = operation.service, operation.wire
    shapes = dict.fromkeys(_shapes_within(model, operation.said))
    said = {
        "metadata": model.said["metadata"],
        "operations": {wire: operation.said},
        "shapes": {name: model.shapes[name] for name in shapes},
    }
    pages = {wire: model.paginators[wire]} if wire in model.paginators else {}
    return {"wire": wire, "said": said, "paginators": pages}


def _shapes_within(model: ServiceModel, said: Json) -> Iterator[str]:
    """The names of all shapes that a part of the model speaks of."""
    seen: set[str] = set()
    due: list[Any] = [said]
    while due:
        match due.pop():
            case {"shape": str(name), **more} if name in model.shapes:
                due += more.values()
                if name not in seen:
                    seen.add(name)
                    due.append(model.shapes[name])
                    yield name
            case dict(more):
                due += more.values()
            case list(more):
                due += more
