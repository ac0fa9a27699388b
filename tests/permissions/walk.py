"""All addresses of the project, walked from the URL resolver, with a real object for every argument."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import LocalePrefixPattern, RegexPattern

from tests.permissions.city import PER_ROUTE

ARGUMENT = re.compile(r"<(?:(\w+):)?(\w+)>")


def routes() -> Iterator[str]:
    """Every address pattern, as written; regular expressions keep their form."""
    yield from sorted(set(_walk(get_resolver().url_patterns, "")))


def _walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
    for item in patterns:
        part = "" if isinstance(item.pattern, LocalePrefixPattern) else str(item.pattern)
        if prefix and isinstance(item.pattern, RegexPattern):
            part = part.removeprefix("^")
        if isinstance(item, URLResolver):
            yield from _walk(item.url_patterns, prefix + part)
        else:
            yield prefix + part


def address(route: str, known: dict[str, Any]) -> str:
    """The route with its arguments filled in."""
    course = known["course"]
    numbers = {"image_id": 1, "document_id": 1, "page_view_restriction_id": 1}

    def fill(match: re.Match[str]) -> str:
        kind, name = match.group(1) or "str", match.group(2)
        if name == "code":
            return next((value for start, value in PER_ROUTE.items() if route.startswith(start)), "AAA")
        if name in known:
            return str(known[name])
        if kind == "int" or name in {"pk", "object_id", "content_type_id"}:
            return str(numbers.get(name, course.pk))
        return {"uuid": str(course.uuid), "app_label": "cms", "model_name": "coursepage", "path": "x.png"}.get(name, "x")

    filled = ARGUMENT.sub(fill, route)
    return "/" + _unregex(filled)


def _unregex(route: str) -> str:
    """A plain address that a regular expression matches: our few kinds of groups, anchors and escapes."""
    route = re.sub(r"\(\?P<(\w+)>[^()]*(?:\([^()]*\)[^()]*)*\)", lambda m: {"uidb36": "1", "key": "1-x"}.get(m.group(1), "1"), route)
    route = re.sub(r"\(\(\?:[^)]*\)\*\)", "", route)
    return route.replace("^", "").replace("$", "").replace("\\.", ".").replace("\\Z", "").replace("\\", "")
