"""What is sent to an address of the HTTP API so that it asks who sends it: the smallest request that its own description allows."""

from __future__ import annotations

import json
import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from config.api import api

JSON, FORM, MULTIPART = "application/json", "application/x-www-form-urlencoded", "multipart/form-data"
TEXTS = {
    "date": "2026-03-02", "date-time": "2026-03-02T08:00:00+08:00", "uuid": "00000000-0000-4000-8000-000000000000", "email": "x@example.org",
}  # fmt: skip

PATTERNED = ("1", "x", "AAA", "2026-03", "2026-03-02", "x@example.org", "0" * 64)
"""Texts of which one fits every pattern that the description names."""


def smallest_request(route: str, facts: dict[str, str]) -> dict[str, Any] | None:
    """Arguments for ``Client.post`` at this route, or nothing where the API describes no such operation; ``facts`` are values by name."""
    document = api.get_openapi_schema() | {"facts": facts}
    operation = document["paths"].get("/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route), {}).get("post")
    if operation is None:
        return None
    asked = [item for item in operation.get("parameters", ()) if item.get("required")]
    found: dict[str, Any] = {
        "headers": {item["name"]: str(_smallest(item["schema"], document)) for item in asked if item["in"] == "header"},
        "query_params": {item["name"]: _smallest(item["schema"], document) for item in asked if item["in"] == "query"},
    }
    content = operation.get("requestBody", {}).get("content", {})
    if JSON in content:
        return found | {"data": json.dumps(_smallest(content[JSON]["schema"], document)), "content_type": JSON}
    form = content.get(MULTIPART) or content.get(FORM)
    return found | {"data": _smallest(form["schema"], document) if form else {}}


def _smallest(schema: dict[str, Any], document: Any) -> Any:
    """The smallest value that a schema allows: what is not required is left out, and of several kinds the first is taken."""
    if "$ref" in schema:
        part = document
        for name in schema["$ref"].removeprefix("#/").split("/"):
            part = part[name]
        return _smallest(part, document)
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return _smallest(schema[several][0], document)
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    return _of_kind(schema, document)


def _of_kind(schema: dict[str, Any], document: Any) -> Any:
    kind = schema.get("type")
    if kind == "object":
        properties = schema.get("properties", {})
        return {name: document["facts"].get(name) or _smallest(properties[name], document) for name in schema.get("required", ())}
    if kind == "array":
        return [_smallest(schema["items"], document)] * schema.get("minItems", 0)
    if kind == "string":
        return _text(schema)
    return True if kind == "boolean" else schema.get("minimum", 1)


def _text(schema: dict[str, Any]) -> Any:
    if schema.get("format") == "binary":
        return SimpleUploadedFile("x.csv", b"x")
    if "pattern" in schema:
        return next(text for text in PATTERNED if re.search(schema["pattern"], text))
    return TEXTS.get(schema.get("format", ""), "x" * max(schema.get("minLength", 1), 1))
