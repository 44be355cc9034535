"""botocore's model of a service, read from its data files: the inputs, outputs and errors of each operation.

A runbook with `aws.SERVICE.OPERATION` is validated with it, without importing boto3, which takes longer than everything
else that `validate` does. Each service's file is read once, and what was read of an operation is cached for the next
process (`model_files`). The file format is that of botocore's parser, `botocore/model.py`. Schemas are JSON Schema. Knows
nothing about calls, secrets or the engine.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

from actions.aws.constraints import bounds, constraints
from actions.aws.model_files import cache_path, data_folder, find_file, read_cached, read_file, write_cached

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
    "timestamp": {"type": ["string", "number"], "format": "date-time", "description": "ISO 8601, or seconds"},
}
_SECRET_NAMES: Final = (
    "Password", "Passwords", "Passphrase", "PrivateKey", "PrivateKeyPlaintext", "SecretAccessKey", "SecretKey",
    "SecretString", "SecretBinary", "ClientSecret", "SharedSecret",
    *(f"{what}Token" for what in (
        "Access", "Auth", "Authentication", "Bearer", "Id", "Identity", "Jwt", "JWT", "Oauth", "OAuth", "Refresh", "Security",
        "Session",
    )),
)  # fmt: skip
"""How the names of members end that hold nothing but a secret, whether or not the model marks them: the password of DocumentDB is not marked.

Other members that a model marks as sensitive may hold one, such as a payload. Tokens of pages and of idempotency are none.
"""

DEEPEST: Final = 12
"""Levels of nested shapes that are read; a shape may contain itself."""


@dataclass(frozen=True, eq=False)
class ApiOperation:
    """One operation of a service. `wire` is AWS's name for it, `name` boto3's, `spec` its entry in the model."""

    wire: str
    name: str
    service: ServiceModel
    spec: Json

    @property
    def doc(self) -> str:
        """The first sentence of AWS's documentation."""
        return first_sentence(str(self.spec.get("documentation", "")))

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
        """Parameters that are required."""
        shape = self.spec.get("input", {}).get("shape")
        return tuple(self.service.shapes[shape].get("required", ())) if shape else ()

    @property
    def tokens(self) -> tuple[str, ...]:
        """Parameters that are idempotency tokens."""
        return tuple(name for name, member in self.inputs.items() if member.get("idempotencyToken"))

    @property
    def errors(self) -> tuple[str, ...]:
        """The error codes that the model lists for it."""
        return tuple(sorted(self.service.code_of(error["shape"]) for error in self.spec.get("errors", ())))

    @property
    def paging(self) -> Json | None:
        """Its entry in the model of paginators; None if its reply has no pages."""
        found: Json | None = self.service.paginators.get(self.wire)
        return found

    @property
    def merged_members(self) -> list[str]:
        """Paths of the reply's members that botocore's paginator merges or keeps; it drops all others.

        botocore/paginate.py, `PageIterator.build_full_result`.
        """
        paging = self.paging or {}
        keys = paging.get("result_key", [])
        return [*([keys] if isinstance(keys, str) else keys), *paging.get("non_aggregate_keys", ())]

    def _members(self, direction: str) -> Json:
        shape = self.spec.get(direction, {}).get("shape")
        members: Json = self.service.shapes[shape].get("members", {}) if shape else {}
        return members

    def length_of(self, parameter: str) -> tuple[int, int | None]:
        """The minimum and maximum length of a parameter, in characters."""
        shape = self.service.shapes[self.inputs[parameter]["shape"]]
        return int(shape.get("min", 0)), shape.get("max")


@dataclass(frozen=True, eq=False)
class ServiceModel:
    """botocore's model of one service. `spec` is the content of its file `service-2`."""

    name: str
    spec: Json
    paginators: Json

    @property
    def shapes(self) -> Json:
        found: Json = self.spec["shapes"]
        return found

    @property
    def is_xml(self) -> bool:
        """Are its replies XML?"""
        protocols = self.spec["metadata"].get("protocols") or [self.spec["metadata"].get("protocol")]
        return protocols[0] in ("query", "ec2", "rest-xml")

    @cached_property
    def operations(self) -> Mapping[str, ApiOperation]:
        """By boto3's name, such as `modify_db_cluster`."""
        from botocore import xform_name

        return {
            (name := xform_name(wire)): ApiOperation(wire=wire, name=name, service=self, spec=spec)
            for wire, spec in self.spec["operations"].items()
        }

    def code_of(self, shape: str) -> str:
        """The code of an error on the wire, which may differ from the name of its shape."""
        return str(self.shapes[shape].get("error", {}).get("code") or shape)

    def parameter_schema(self, name: str, member: Json) -> dict[str, Any]:
        """The JSON Schema of a member, marked with `secret` if it is nothing but a secret."""
        schema = self.schema(member)
        return {**schema, "secret": True} if self.must_be_secret(name, member) else schema

    def schema(self, member: Json, within: tuple[str, ...] = ()) -> dict[str, Any]:
        """The JSON Schema of a member. A shape within itself has the schema `{}`, which allows everything."""
        name = member["shape"]
        shape = self.shapes[name]
        if name in within or len(within) >= DEEPEST or shape.get("document"):
            return {}
        inside = (*within, name)
        match shape["type"]:
            case "structure":
                members = {key: self.schema(one, inside) for key, one in shape.get("members", {}).items()}
                for key, one in shape.get("members", {}).items():
                    if self.must_be_secret(key, one):
                        members[key] = {**members[key], "secret": True}
                schema = {"type": "object", "properties": members, "additionalProperties": False}
                return schema | ({"required": list(shape["required"])} if shape.get("required") else {})
            case "list":
                return {"type": "array", "items": self.schema(shape["member"], inside), **bounds(shape, "Items")}
            case "map":
                values = self.schema(shape["value"], inside)
                return {"type": "object", "additionalProperties": values, **bounds(shape, "Properties")}
            case kind:
                return {**_TYPES[kind], **constraints(shape)}

    def is_secret(self, name: str, member: Json) -> bool:
        """May this member itself be a secret: is it marked as sensitive, or is it one by its name? It is masked."""
        shape = self.shapes[member["shape"]]
        return bool(member.get("sensitive") or shape.get("sensitive")) or self.must_be_secret(name, member)

    def must_be_secret(self, name: str, member: Json) -> bool:
        """Is it, by its name, a password, a token or a private key, or a list of them?"""
        if not (name[:1].upper() + name[1:]).endswith(_SECRET_NAMES):
            return False
        shape = self.shapes[member["shape"]]
        if shape["type"] == "list":
            shape = self.shapes[shape["member"]["shape"]]
        return shape["type"] in ("string", "blob")

    def holds_secret(self, name: str, member: Json, within: tuple[str, ...] = ()) -> bool:
        """Is the member, or anything nested in it, secret?"""
        if self.is_secret(name, member):
            return True
        kind = member["shape"]
        if kind in within or len(within) >= DEEPEST:
            return False
        return any(self.holds_secret(key, one, (*within, kind)) for key, one in self._nested(kind))

    def _nested(self, kind: str) -> list[tuple[str, Json]]:
        """The names and members that a shape contains; elements of lists and maps have no name."""
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
        """A value of a reply with `***` in place of secrets, because replies are recorded."""
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


def first_sentence(documentation: str) -> str:
    """The first sentence of AWS's documentation, which is HTML, as text."""
    import html

    text = html.unescape(re.sub(r"<[^>]+>", "", documentation))
    text = re.sub(r"\s+", " ", text).strip()
    end = re.search(r"\.(?= [A-Z]|$)", text)
    return text[: end.end()] if end else text


@cache
def service_names() -> tuple[str, ...]:
    """Every service that botocore has a model of."""
    data = data_folder()
    return tuple(sorted(path.name for path in data.iterdir() if path.is_dir())) if data is not None else ()


def _model_file(service: str) -> Path | None:
    """The newest model of a service; None if botocore has none."""
    data = data_folder()
    if data is None or service not in service_names():
        return None
    versions = sorted((path for path in (data / service).iterdir() if path.is_dir()), reverse=True)
    return next((file for file in (find_file(version, "service-2") for version in versions) if file is not None), None)


@lru_cache(maxsize=64)
def service_model(name: str) -> ServiceModel | None:
    """The whole model of a service, from its newest file; None if botocore has no such service."""
    file = _model_file(name)
    if file is None:
        return None
    pages = find_file(file.parent, "paginators-1")
    paginators = read_file(pages).get("pagination", {}) if pages is not None else {}
    return ServiceModel(name=name, spec=read_file(file), paginators=paginators)


def operation_model(service: str, name: str) -> ApiOperation | None:
    """One operation by boto3's name for it, with the part of the model that it needs; None if there is none."""

    def build() -> Json | None:
        whole = service_model(service)
        operation = whole.operations.get(name) if whole is not None else None
        return _part_of_model(operation) if operation is not None else None

    part = _cached(service, name, build)
    if part is None:
        return None
    model = ServiceModel(name=service, spec=part["spec"], paginators=part["paginators"])
    wire = part["wire"]
    return ApiOperation(wire=wire, name=name, service=model, spec=model.spec["operations"][wire])


def metadata_of(service: str) -> Json:
    """The model's entry about the service itself; empty if botocore has no such service."""

    def build() -> Json | None:
        whole = service_model(service)
        return whole.spec["metadata"] if whole is not None else None

    return _cached(service, "the-service", build) or {}


def _cached(service: str, part: str, build: Callable[[], Json | None]) -> Json | None:
    """A part of a service's model, from the cache, or built and put there."""
    file = _model_file(service)
    path = cache_path(file, part) if file is not None else None
    content = read_cached(path) if path is not None else None
    if content is None:
        content = build()
        if content is not None and path is not None:
            write_cached(path, content)
    return content


def _part_of_model(operation: ApiOperation) -> Json:
    """The part of a service's model that one operation needs."""
    model, wire = operation.service, operation.wire
    shapes = dict.fromkeys(_shapes_within(model, operation.spec))
    spec = {
        "metadata": model.spec["metadata"],
        "operations": {wire: operation.spec},
        "shapes": {name: model.shapes[name] for name in shapes},
    }
    pages = {wire: model.paginators[wire]} if wire in model.paginators else {}
    return {"wire": wire, "spec": spec, "paginators": pages}


def _shapes_within(model: ServiceModel, spec: Json) -> Iterator[str]:
    """The names of all shapes that a part of the model refers to, directly or through other shapes."""
    seen: set[str] = set()
    pending: list[Any] = [spec]
    while pending:
        match pending.pop():
            case {"shape": str(name), **more} if name in model.shapes:
                pending += more.values()
                if name not in seen:
                    seen.add(name)
                    pending.append(model.shapes[name])
                    yield name
            case dict(more):
                pending += more.values()
            case list(more):
                pending += more
