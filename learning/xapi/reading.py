"""What a statement says, apart from how it is written: for comparing, for finding, for showing."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC
from typing import Any

import msgspec

from learning.xapi.shape import IFIS, parse_time

SERVER_SET = ("id", "stored", "authority", "version", "timestamp")
HUNDREDTHS = re.compile(r"([.,]\d\d)\d+(?=S$)")
"""Durations are compared to the hundredth of a second."""
DEFAULT_TYPES = ("Activity", "Agent")
Json = dict[str, Any]


def agent_key(agent: Mapping[str, Any]) -> str:
    """The fingerprint by which statements about one agent are found, 128 bits of SHA-256 in hexadecimal; empty for a group without an
    identifier."""
    for name in IFIS:
        if name in agent:
            value = agent[name]
            said = (
                f"{value['homePage']}\x1f{value['name']}"
                if name == "account"
                else str(value).removeprefix("mailto:")
                if name == "mbox"
                else value
            )
            return fingerprint(name, said)
    return ""


def activity_key(iri: str) -> str:
    """The fingerprint of an activity."""
    return fingerprint("activity", iri)


def attachment_key(sha2: str) -> str:
    """The fingerprint by which statements with an attachment are found."""
    return fingerprint("attachment", sha2.lower())


def fingerprint(kind: str, value: object) -> str:
    """128 bits of SHA-256, in hexadecimal."""
    return hashlib.sha256(f"{kind}\x1f{value}".encode("utf-8", "surrogatepass")).hexdigest()[:32]


def terms_of(statement: Mapping[str, Any]) -> dict[str, bool]:
    """Fingerprint → is main, of every agent, activity and attachment in a statement: main are actor and object, the rest is related.

    The authority is left out: it follows from the key that wrote the statement.
    """
    found: dict[str, bool] = {}
    for part, main in _people(statement):
        for key in _with_members(part):
            found[key] = main or found.get(key, False)
    for part, main in _activities(statement):
        key = activity_key(part["id"])
        found[key] = main or found.get(key, False)
    for holder in (statement, statement["object"]):
        for attachment in holder.get("attachments", ()):
            found.setdefault(attachment_key(attachment["sha2"]), False)
    found.pop("", None)
    return found


def _with_members(agent: Mapping[str, Any]) -> Iterator[str]:
    yield agent_key(agent)
    for member in agent.get("member", ()):
        yield agent_key(member)


def _people(statement: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], bool]]:
    yield statement["actor"], True
    thing = statement["object"]
    if thing.get("objectType") in {"Agent", "Group"}:
        yield thing, True
    elif thing.get("objectType") == "SubStatement":
        yield from ((person, False) for person, _main in _people(thing))
    context = statement.get("context", {})
    yield from ((context[name], False) for name in ("instructor", "team") if name in context)
    yield from ((item["agent"], False) for item in context.get("contextAgents", ()))
    yield from ((item["group"], False) for item in context.get("contextGroups", ()))


def _activities(statement: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], bool]]:
    thing = statement["object"]
    if thing.get("objectType", "Activity") == "Activity":
        yield thing, True
    for value in statement.get("context", {}).get("contextActivities", {}).values():
        for item in value if isinstance(value, list) else [value]:
            yield item, False
    if thing.get("objectType") == "SubStatement":
        for item, _main in _activities(thing):
            yield item, False


def definitions_in(statement: Mapping[str, Any]) -> Iterator[tuple[str, Json]]:
    """(activity, definition) of every activity that is described in a statement."""
    for item, _main in _activities(statement):
        if item.get("definition"):
            yield item["id"], dict(item["definition"])


def said(statement: Mapping[str, Any]) -> str:
    """SHA-256 of what a statement says: without what the store sets, how a verb is shown, how activities are described, and the order of
    a group's members; times in one form."""
    content = {name: plain(value, name) for name, value in statement.items() if name not in SERVER_SET}
    return hashlib.sha256(canonical(content)).hexdigest()


def canonical(content: Any) -> bytes:
    """JSON with sorted names. Whole numbers beyond 64 bits are rare and written the slow way."""
    try:
        return msgspec.json.encode(content, order="sorted")
    except OverflowError:
        return json.dumps(content, sort_keys=True, ensure_ascii=False).encode("utf-8", "surrogatepass")


def plain(value: Any, name: str = "") -> Any:
    """A part without what does not count when statements are compared."""
    kind = type(value)
    if kind is dict:
        return _plain_object(value, name)
    if kind is list:
        items = [plain(item) for item in value]
        return sorted(items, key=canonical) if name == "member" else items
    if name == "duration":
        return HUNDREDTHS.sub(r"\1", str(value))
    if name == "timestamp":
        return parse_time(value, name).astimezone(UTC).isoformat()
    return value


def _plain_object(value: Json, name: str) -> Json:
    if name == "extensions":
        return value
    if name == "verb":
        return {key: item for key, item in value.items() if key != "display"}
    described = "id" in value
    simple = {key: plain(item, key) for key, item in value.items() if not (described and key == "definition")}
    if name == "contextActivities":
        simple = {key: item if type(item) is list else [item] for key, item in simple.items()}
    if simple.get("objectType") in DEFAULT_TYPES:
        del simple["objectType"]
    return simple


def as_sent(statement: Json) -> Json:
    """The statement as the store gives it back: context activities are always lists."""
    for holder in (statement, statement.get("object", {})):
        activities = holder.get("context", {}).get("contextActivities") if isinstance(holder, dict) else None
        if activities:
            for name, value in activities.items():
                if not isinstance(value, list):
                    activities[name] = [value]
    return statement


def only_ids(value: Any, name: str = "") -> Any:
    """The statement with nothing about agents, activities and verbs but what identifies them."""
    if isinstance(value, list):
        return [only_ids(item) for item in value]
    if not isinstance(value, Mapping) or name in {"extensions", "result", "attachments"}:
        return value
    if name == "verb":
        return {"id": value["id"]}
    if any(ifi in value for ifi in IFIS):
        return {key: item for key, item in value.items() if key in {*IFIS, "objectType"}}
    if value.get("objectType", "Activity") == "Activity" and "id" in value and "actor" not in value:
        return {"id": value["id"]}
    return {key: only_ids(item, key) for key, item in value.items() if not (key == "name" and "member" in value)}


def in_one_language(value: Any, languages: list[str], known: Mapping[str, Json], name: str = "") -> Any:
    """The canonical form: known definitions, and of every language map one language, the best of those accepted."""
    if isinstance(value, list):
        return [in_one_language(item, languages, known) for item in value]
    if not isinstance(value, Mapping) or name == "extensions":
        return value
    if name in {"display", "description"} or (name == "name" and value):
        return _best(value, languages)
    shown = dict(value)
    if isinstance(shown.get("id"), str) and shown["id"] in known:
        shown["definition"] = known[shown["id"]]
    return {key: in_one_language(item, languages, known, key) for key, item in shown.items()}


def _best(words: Mapping[str, Any], languages: list[str]) -> Json:
    for wanted in languages:
        near = [tag for tag in words if tag.lower().startswith(wanted + "-") or wanted.startswith(tag.lower() + "-")]
        exact = [tag for tag in words if tag.lower() == wanted]
        for tag in (*exact, *near):
            return {tag: words[tag]}
    first = next(iter(words), None)
    return {first: words[first]} if first is not None else {}
