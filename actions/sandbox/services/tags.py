"""Tags of RDS resources: their form, what AWS refuses, and the calls that list and change them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from actions.sandbox.calls import Refusal, Request
from actions.sandbox.services.rds_names import ARN_WORDS, NOT_FOUND, find_by_arn
from actions.sandbox.world import Resource, World

TAGS: Final = 50
_TAG: Final = re.compile(r"[\w .:/=+\-@]*")  # AWS: letters, digits, blanks, and _ . : / = + - @


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags in the form of RDS."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def given_tags(request: Request) -> dict[str, str]:
    """The call's `Tags`; refuses what AWS refuses, and keys that it reserves (`aws:`)."""
    tags = {entry["Key"]: entry.get("Value", "") for entry in request.get("Tags") or ()}
    if len(tags) > TAGS:
        raise Refusal("InvalidParameterValue", f"A resource has at most {TAGS} tags.")
    for key, text in tags.items():
        if key.lower().startswith("aws:"):
            raise Refusal("InvalidParameterValue", f"Tag keys beginning with aws: are reserved: {key}")
        if not key or len(key) > 128 or len(text) > 256:
            raise Refusal("InvalidParameterValue", f"A tag's key has 1 to 128 characters, its value at most 256: {key}")
        if _TAG.fullmatch(key) is None or _TAG.fullmatch(text) is None:
            raise Refusal("InvalidParameterValue", f"Invalid characters in the tag {key}: {text}")
    return tags


def add_tags(world: World, request: Request) -> dict[str, Any]:
    """AddTagsToResource."""
    resource = _tagged(world, request)
    resource.tags |= given_tags(request)
    request.resource = str(resource)
    return {}


def remove_tags(world: World, request: Request) -> dict[str, Any]:
    """RemoveTagsFromResource."""
    resource = _tagged(world, request)
    for key in request.params["TagKeys"]:
        resource.tags.pop(key, None)
    request.resource = str(resource)
    return {}


def list_tags(world: World, request: Request) -> dict[str, Any]:
    """ListTagsForResource."""
    return {"TagList": tag_list(_tagged(world, request).tags)}


def _tagged(world: World, request: Request) -> Resource:
    arn = request.params["ResourceName"]
    found = find_by_arn(world, arn)
    if found is not None and found.account == request.account and found.region in (request.region, "global"):
        return found
    kind = next(kind for kind, word in ARN_WORDS.items() if word == arn.split(":")[5])
    raise Refusal(NOT_FOUND.get(kind, "InvalidParameterValue"), f"{arn} not found.")


HANDLERS: Final = {
    "rds.AddTagsToResource": add_tags,
    "rds.RemoveTagsFromResource": remove_tags,
    "rds.ListTagsForResource": list_tags,
}
