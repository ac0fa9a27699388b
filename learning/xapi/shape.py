"""What a statement may look like: every rule of xAPI 1.0.3 and 2.0.0 about its parts, checked by hand, naming the offending part.

Pure: parsed JSON in, ShapeError or nothing out. The ``path`` of an error is that of the part, for example ``context.team.member[0]``. A
check is given the name of its part alone; whoever holds the part puts its own name before it when an error passes, so that good
statements pay for no paths.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from typing import Any

VOIDED = "http://adlnet.gov/expapi/verbs/voided"
IFIS = ("mbox", "mbox_sha1sum", "openid", "account")
INTERACTIONS: dict[str, tuple[str, ...]] = {
    "choice": ("choices",), "sequencing": ("choices",), "likert": ("scale",), "matching": ("source", "target"), "performance": ("steps",),
    "true-false": (), "fill-in": (), "long-fill-in": (), "numeric": (), "other": (),
}  # fmt: skip
COMPONENTS = ("choices", "scale", "source", "target", "steps")
UUID_FORM = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\Z")
IRI_FORM = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s\x00-\x1f<>\"{}|\\^`]+\Z")
MAIL_FORM = re.compile(r"mailto:[^@\s]+@[^@\s]+\.[^@\s.]+\Z")
SHA1_FORM = re.compile(r"[0-9a-fA-F]{40}\Z")
SHA2_FORM = re.compile(r"[0-9a-fA-F]{56}\Z|[0-9a-fA-F]{64}\Z|[0-9a-fA-F]{96}\Z|[0-9a-fA-F]{128}\Z")
LANGUAGE_FORM = re.compile(
    r"(?:[A-Za-z]{2,3}(?:-[A-Za-z]{3}){0,3}|[A-Za-z]{4,8})(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|\d{3}))?(?:-(?:[A-Za-z0-9]{5,8}|\d[A-Za-z0-9]{3}))*"
    r"(?:-[0-9A-WY-Za-wy-z](?:-[A-Za-z0-9]{2,8})+)*(?:-x(?:-[A-Za-z0-9]{1,8})+)?\Z|x(?:-[A-Za-z0-9]{1,8})+\Z|i-[A-Za-z0-9-]{2,}\Z"
)
NUMBER = r"\d+(?:[.,]\d+)?"
DURATION_FORM = re.compile(
    rf"P{NUMBER}W\Z|P(?=[\dT])(?:{NUMBER}Y)?(?:{NUMBER}M)?(?:{NUMBER}D)?(?:T(?=\d)(?:{NUMBER}H)?(?:{NUMBER}M)?(?:{NUMBER}S)?)?\Z"
)
TIME_FORM = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s?([Zz]|[+-]\d\d(?::?\d\d)?)?\Z"
)  # fmt: skip
V2 = "2.0.0"


class ShapeError(Exception):
    """A part is not what the standard says; ``path`` names it."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = path
        self.message = message


Check = Callable[[Any, str], None]


def parse_time(text: Any, path: str) -> datetime:
    """A timestamp of ISO 8601; without a zone it is UTC. Raises ShapeError."""
    found = TIME_FORM.match(text) if isinstance(text, str) else None
    if found is None or (found[5] or "").replace(":", "") in {"-00", "-0000"}:
        raise ShapeError(path, "is not a timestamp")
    day, clock, second, fraction, zone = found.groups()
    zone = "+00:00" if zone is None or zone in "Zz" else (zone if ":" in zone else f"{zone[:3]}:{zone[3:] or '00'}")
    try:
        return datetime.fromisoformat(f"{day}T{clock}:{second or '00'}.{(fraction or '0')[:6]:0<6}{zone}")
    except ValueError as error:
        raise ShapeError(path, "is not a timestamp") from error


def _time(value: Any, path: str) -> None:
    parse_time(value, path)


def _form(pattern: re.Pattern[str], words: str) -> Check:
    def check(value: Any, path: str) -> None:
        if not isinstance(value, str) or not pattern.match(value):
            raise ShapeError(path, f"is not {words}")

    return check


def _kind(kinds: type | tuple[type, ...], words: str) -> Check:
    def check(value: Any, path: str) -> None:
        if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is not bool):
            raise ShapeError(path, f"is not {words}")

    return check


uuid, iri = _form(UUID_FORM, "a UUID"), _form(IRI_FORM, "an IRI")
mail, sha1, sha2 = _form(MAIL_FORM, "a mailto IRI"), _form(SHA1_FORM, "a SHA-1 in hexadecimal"), _form(SHA2_FORM, "a SHA-2 in hexadecimal")
language, duration = _form(LANGUAGE_FORM, "a language tag of RFC 5646"), _form(DURATION_FORM, "a duration of ISO 8601")
text, flag, number, whole = (
    _kind(str, "a text"),
    _kind(bool, "true or false"),
    _kind((int, float), "a number"),
    _kind(int, "a whole number"),
)


def scope_list(value: Any, path: str) -> None:
    """Names of scopes."""
    _list_of(text)(value, path)


def an_object(value: Any, path: str) -> Mapping[str, Any]:
    """Raises ShapeError for anything but a JSON object."""
    if type(value) is not dict:
        raise ShapeError(path, "is not an object")
    return value  # type: ignore[no-any-return]


def _list_of(check: Check) -> Check:
    def each(value: Any, path: str) -> None:
        if not isinstance(value, list):
            raise ShapeError(path, "is not a list")
        for place, item in enumerate(value):
            try:
                check(item, "")
            except ShapeError as error:
                raise ShapeError(f"{path}[{place}]{error.path}", error.message) from None

    return each


def parts(value: Any, path: str, known: Mapping[str, Check], *, needed: tuple[str, ...] = ()) -> Mapping[str, Any]:
    """Check an object's properties: none unknown, none null, none missing that is needed."""
    found = an_object(value, path)
    for name, item in found.items():
        check = known.get(name)
        if check is None:
            raise ShapeError(f"{path}.{name}", "is not a property here")
        try:
            check(item, name)
        except ShapeError as error:
            raise ShapeError(f"{path}.{error.path}", error.message) from None
    for name in needed:
        if name not in found:
            raise ShapeError(path, f"{name} is missing")
    return found


def language_map(value: Any, path: str) -> None:
    """Texts by language tag."""
    for tag, words in an_object(value, path).items():
        if not LANGUAGE_FORM.match(tag):
            raise ShapeError(f"{path}.{tag}", "is not a language tag of RFC 5646")
        if type(words) is not str:
            raise ShapeError(f"{path}.{tag}", "is not a text")


def extensions(value: Any, path: str) -> None:
    """Anything, by IRI."""
    for name in an_object(value, path):
        if not IRI_FORM.match(name):
            raise ShapeError(f"{path}.{name}", "is not an IRI")


def one_of(*words: str) -> Check:
    """A check for a closed list."""

    def check(value: Any, path: str) -> None:
        if value not in words:
            raise ShapeError(path, f"is not one of {', '.join(words)}")

    return check


ACCOUNT: dict[str, Check] = {"homePage": iri, "name": text}


def account(value: Any, path: str) -> None:
    """An account on a system."""
    parts(value, path, ACCOUNT, needed=("homePage", "name"))


IDENTIFIERS: dict[str, Check] = {"mbox": mail, "mbox_sha1sum": sha1, "openid": iri, "account": account}
AGENT: dict[str, Check] = {"objectType": one_of("Agent"), "name": text, **IDENTIFIERS}


def agent(value: Any, path: str) -> None:
    """One identified person or system."""
    found = parts(value, path, AGENT)
    if sum(name in found for name in IFIS) != 1:
        raise ShapeError(path, "needs exactly one of mbox, mbox_sha1sum, openid, account")


def group(value: Any, path: str) -> None:
    """A group: identified, or made of its members."""
    found = parts(
        value, path, {"objectType": one_of("Group"), "name": text, "member": _list_of(agent), **IDENTIFIERS}, needed=("objectType",)
    )
    identified = sum(name in found for name in IFIS)
    if identified > 1 or (not identified and not found.get("member")):
        raise ShapeError(path, "needs one identifier or members")


def actor(value: Any, path: str) -> None:
    """An agent, or a group where the object says so."""
    (group if an_object(value, path).get("objectType") == "Group" else agent)(value, path)


def _component(value: Any, path: str) -> None:
    parts(value, path, {"id": text, "description": language_map}, needed=("id",))


def _components(value: Any, path: str) -> None:
    _list_of(_component)(value, path)
    idents = [item["id"] for item in value]
    if len(set(idents)) != len(idents):
        raise ShapeError(path, "names an id twice")


DEFINITION: dict[str, Check] = {
    "name": language_map, "description": language_map, "type": iri, "moreInfo": iri, "extensions": extensions,
    "interactionType": one_of(*INTERACTIONS), "correctResponsesPattern": _list_of(text), **dict.fromkeys(COMPONENTS, _components),
}  # fmt: skip


def definition(value: Any, path: str) -> None:
    """What an activity is, and how its interaction is answered."""
    found = parts(value, path, DEFINITION)
    used = [name for name in COMPONENTS if name in found]
    if (used or "correctResponsesPattern" in found) and "interactionType" not in found:
        raise ShapeError(path, "interactionType is missing")
    for name in used:
        if name not in INTERACTIONS[found["interactionType"]]:
            raise ShapeError(f"{path}.{name}", f"does not go with interactionType {found['interactionType']}")


ACTIVITY: dict[str, Check] = {"objectType": one_of("Activity"), "id": iri, "definition": definition}
VERB: dict[str, Check] = {"id": iri, "display": language_map}


def activity(value: Any, path: str) -> None:
    """An activity."""
    parts(value, path, ACTIVITY, needed=("id",))


def verb(value: Any, path: str) -> None:
    """A verb."""
    parts(value, path, VERB, needed=("id",))


def statement_ref(value: Any, path: str) -> None:
    """A pointer to another statement."""
    parts(value, path, {"objectType": one_of("StatementRef"), "id": uuid}, needed=("objectType", "id"))


SCORE: dict[str, Check] = dict.fromkeys(("scaled", "raw", "min", "max"), number)


def score(value: Any, path: str) -> None:
    """A score: scaled within ±1, raw between min and max."""
    found = parts(value, path, SCORE)
    low, raw, high = (found.get(name) for name in ("min", "raw", "max"))
    in_order = [value for value in (low, raw, high) if value is not None]
    if in_order != sorted(in_order) or (low is not None and low == high):
        raise ShapeError(path, "raw must lie between min and max")
    if not -1 <= found.get("scaled", 0) <= 1:
        raise ShapeError(f"{path}.scaled", "lies outside of -1 … 1")


RESULT: dict[str, Check] = {
    "score": score, "success": flag, "completion": flag, "response": text, "duration": duration, "extensions": extensions,
}  # fmt: skip


def result(value: Any, path: str) -> None:
    """A result."""
    parts(value, path, RESULT)


_activity_list = _list_of(activity)


def _one_or_more_activities(value: Any, path: str) -> None:
    (_activity_list if isinstance(value, list) else activity)(value, path)


CONTEXT_ACTIVITIES: dict[str, Check] = dict.fromkeys(("parent", "grouping", "category", "other"), _one_or_more_activities)


def context_activities(value: Any, path: str) -> None:
    """The activities around an activity."""
    parts(value, path, CONTEXT_ACTIVITIES)


def _relevant(kind: str, inner: str, check: Check) -> Check:
    def types(value: Any, path: str) -> None:
        _list_of(iri)(value, path)
        if not value:
            raise ShapeError(path, "is empty")

    def one(value: Any, path: str) -> None:
        parts(value, path, {"objectType": one_of(kind), inner: check, "relevantTypes": types}, needed=("objectType", inner))

    return _list_of(one)


CONTEXT: dict[str, Check] = {
    "registration": uuid, "instructor": actor, "team": group, "contextActivities": context_activities, "revision": text, "platform": text,
    "language": language, "statement": statement_ref, "extensions": extensions,
}  # fmt: skip
CONTEXT_2 = {
    **CONTEXT, "contextAgents": _relevant("contextAgent", "agent", agent), "contextGroups": _relevant("contextGroup", "group", group),
}  # fmt: skip


def _attachment(value: Any, path: str) -> None:
    known: dict[str, Check] = {
        "usageType": iri, "display": language_map, "description": language_map, "contentType": text, "length": whole, "sha2": sha2,
        "fileUrl": iri,
    }  # fmt: skip
    parts(value, path, known, needed=("usageType", "display", "contentType", "length", "sha2"))


def _authority(value: Any, path: str) -> None:
    actor(value, path)
    if value.get("objectType") == "Group" and (len(value.get("member", ())) != 2 or any(name in value for name in IFIS)):  # noqa: PLR2004
        raise ShapeError(path, "a group that vouches has exactly two members and no identifier")


def _version(release: str) -> Check:
    allowed = re.compile(r"1\.0(?:\.\d+)?\Z|2\.0(?:\.\d+)?\Z" if release == V2 else r"1\.0(?:\.\d+)?\Z")
    return _form(allowed, "a version of this store")


def check_statement(value: Any, release: str, path: str = "statement") -> None:
    """Check a whole statement by the rules of a release ("1.0.3" or "2.0.0"). Raises ShapeError."""
    found = parts(value, path, _statement(release), needed=("actor", "verb", "object"))
    _check_together(found, path)
    if found["verb"]["id"] == VOIDED and found["object"].get("objectType") != "StatementRef":
        raise ShapeError(f"{path}.object", "a voiding statement points to a statement")


@cache
def _statement(release: str) -> dict[str, Check]:
    return {"id": uuid, "stored": _time, "authority": _authority, "version": _version(release), **_common(release, inside=False)}


def _common(release: str, *, inside: bool) -> dict[str, Check]:
    context = CONTEXT_2 if release == V2 else CONTEXT

    def check_context(value: Any, path: str) -> None:
        parts(value, path, context)

    return {
        "actor": actor, "verb": verb, "object": _object(release, inside=inside), "result": result, "context": check_context, "timestamp": _time,
        "attachments": _list_of(_attachment),
    }  # fmt: skip


def _object(release: str, *, inside: bool) -> Check:
    def sub_statement(value: Any, path: str) -> None:
        known = {"objectType": one_of("SubStatement"), **_common(release, inside=True)}
        _check_together(parts(value, path, known, needed=("actor", "verb", "object")), path)

    kinds: dict[str, Check] = {"Activity": activity, "Agent": agent, "Group": group, "StatementRef": statement_ref}
    if not inside:
        kinds["SubStatement"] = sub_statement

    def check(value: Any, path: str) -> None:
        kind = an_object(value, path).get("objectType", "Activity")
        if not isinstance(kind, str) or kind not in kinds:
            raise ShapeError(f"{path}.objectType", "is not a kind of object here")
        kinds[kind](value, path)

    return check


def _check_together(found: Mapping[str, Any], path: str) -> None:
    """Revision and platform speak of activities alone."""
    context = found.get("context", {})
    if found["object"].get("objectType", "Activity") != "Activity":
        for name in ("revision", "platform"):
            if name in context:
                raise ShapeError(f"{path}.context.{name}", "goes only with an activity as object")
