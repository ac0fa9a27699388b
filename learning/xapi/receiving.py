"""From what was sent to what is stored: two ways that end in the same.

The plain way checks a parsed statement part by part. The quick way knows that systems send the same actors, verbs and activities over and
over: it lets the parser cut a batch into its parts without reading them, and looks each part up by its very bytes among those that were
checked before. Whatever the quick way does not know or does not like goes the plain way, whole, which says what is wrong. Both give the
same fingerprints, hashes and refusals; ``tests/learning/xapi/test_receiving.py`` holds them against each other.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from learning.xapi.describing import Described, described
from learning.xapi.reading import activity_key, agent_key, canonical, definitions_in, plain, said, terms_of
from learning.xapi.shape import CONTEXT, CONTEXT_2, UUID_FORM, V2, VOIDED, ShapeError, parse_time, parts
from learning.xapi.shape import activity as check_activity
from learning.xapi.shape import actor as check_actor
from learning.xapi.shape import context_activities as check_context_activities
from learning.xapi.shape import duration as check_duration
from learning.xapi.shape import extensions as check_extensions
from learning.xapi.shape import score as check_score
from learning.xapi.shape import verb as check_verb

REMEMBERED = 8192
"""Parts of each kind that a process remembers."""
LARGEST_REMEMBERED = 4096
"""Bytes of a part beyond which it is not remembered."""
DEEPEST_PART = 60
VERSIONS = {V2: re.compile(r"[12]\.0(?:\.\d+)?\Z"), "1.0.3": re.compile(r"1\.0(?:\.\d+)?\Z")}
T = TypeVar("T")


@dataclass(slots=True)
class Received:
    """A checked statement on its way in. ``fields`` are its parts to be written, ``ident`` is empty where the store chooses the id."""

    ident: str
    actor: Mapping[str, Any]
    actor_key: str
    verb: str
    object_iri: str
    target: str
    registration: str
    happened: datetime | None
    hashed: str
    terms: dict[str, bool]
    definitions: Sequence[Described]
    fields: dict[str, Any] = field(default_factory=dict)


def read_parsed(statement: dict[str, Any]) -> Received:
    """The plain way, for a statement that ``check_statement`` has passed."""
    thing = statement["object"]
    kind = thing.get("objectType", "Activity")
    return Received(
        ident=statement.get("id", ""), actor=statement["actor"], actor_key=agent_key(statement["actor"]), verb=statement["verb"]["id"],
        object_iri=thing["id"] if kind == "Activity" else "", target=thing["id"] if kind == "StatementRef" else "",
        registration=statement.get("context", {}).get("registration", ""),
        happened=parse_time(statement["timestamp"], "timestamp") if "timestamp" in statement else None, hashed=said(statement),
        terms=terms_of(statement), definitions=tuple(described(*pair) for pair in definitions_in(statement)), fields=dict(statement),
    )  # fmt: skip


Text = str | msgspec.UnsetType
Number = int | float | msgspec.UnsetType
ABSENT = msgspec.Raw(b"")


class _Sent(msgspec.Struct, forbid_unknown_fields=True):
    """A statement of the usual shape, its parts still unread."""

    actor: msgspec.Raw
    verb: msgspec.Raw
    object: msgspec.Raw
    id: Text = msgspec.UNSET
    result: msgspec.Raw = ABSENT
    context: msgspec.Raw = ABSENT
    timestamp: Text = msgspec.UNSET
    version: Text = msgspec.UNSET


class _Context(msgspec.Struct, forbid_unknown_fields=True):
    """A context of the usual shape: what else there may be goes the plain way."""

    registration: Text = msgspec.UNSET
    contextActivities: msgspec.Raw = ABSENT  # noqa: N815  the standard's name
    platform: msgspec.Raw = ABSENT
    revision: msgspec.Raw = ABSENT
    language: msgspec.Raw = ABSENT
    extensions: msgspec.Raw = ABSENT


_one, _many = msgspec.json.Decoder(_Sent), msgspec.json.Decoder(list[_Sent])
_context = msgspec.json.Decoder(_Context)


class _Score(msgspec.Struct, forbid_unknown_fields=True):
    max: Number = msgspec.UNSET
    min: Number = msgspec.UNSET
    raw: Number = msgspec.UNSET
    scaled: Number = msgspec.UNSET


class _Result(msgspec.Struct, forbid_unknown_fields=True):
    completion: bool | msgspec.UnsetType = msgspec.UNSET
    duration: Text = msgspec.UNSET
    extensions: Any = msgspec.UNSET
    response: Text = msgspec.UNSET
    score: _Score | msgspec.UnsetType = msgspec.UNSET
    success: bool | msgspec.UnsetType = msgspec.UNSET


_result_of = msgspec.json.Decoder(_Result)


class NotQuick(Exception):
    """Something here is unusual or wrong; the plain way says what."""


class Quick(Sequence[Received]):
    """Statements of a body, cut apart but unread. Each is read when it is asked for, so that the database works meanwhile."""

    def __init__(self, sent: list[_Sent], release: str) -> None:
        self._sent = sent
        self._release = release

    def __len__(self) -> int:
        return len(self._sent)

    @property
    def idents(self) -> list[str]:
        """The ids as they were sent, unchecked; empty where the store chooses."""
        return ["" if sent.id is msgspec.UNSET else str(sent.id) for sent in self._sent]

    def __getitem__(self, number: Any) -> Any:
        """One statement, read and checked. Raises NotQuick."""
        try:
            return _read(self._sent[number], self._release)
        except (msgspec.MsgspecError, ShapeError, UnicodeError, RecursionError) as error:
            raise NotQuick from error


def read_quickly(body: bytes, release: str) -> Quick | None:
    """The statements of a JSON body, still unread; None where they have not the usual shape."""
    if b"\\u0000" in body:
        return None
    try:
        return Quick([_one.decode(body)] if body.lstrip()[:1] == b"{" else _many.decode(body), release)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


def _read(sent: _Sent, release: str) -> Received:
    ident, happened = _matching(sent.id, UUID_FORM), None
    actor, verb, thing = _known(_actor, sent.actor), _known(_verb, sent.verb), _known(_activity, sent.object)
    if verb.key == VOIDED:
        raise NotQuick
    fields: dict[str, Any] = {"actor": sent.actor, "verb": sent.verb, "object": sent.object}
    said_parts: dict[str, Any] = {"actor": actor.canonical, "object": thing.canonical, "verb": verb.canonical}
    terms = {**actor.terms, **thing.terms}
    definitions, registration = thing.definitions, ""
    if sent.result is not ABSENT:
        said_parts["result"], fields["result"] = _result(sent.result), sent.result
    if sent.context is not ABSENT:
        said_parts["context"], registration, around = _read_context(sent.context, release)
        fields["context"] = sent.context
        terms = {**around.terms, **terms}
        definitions += around.definitions
    if sent.timestamp is not msgspec.UNSET:
        fields["timestamp"], happened = sent.timestamp, parse_time(sent.timestamp, "timestamp")
    if sent.version is not msgspec.UNSET:
        fields["version"] = _matching(sent.version, VERSIONS[release])
    hashed = hashlib.sha256(msgspec.json.encode(said_parts, order="sorted")).hexdigest()
    return Received(ident, actor.value, actor.key, verb.key, thing.key, "", registration, happened, hashed, terms, definitions, fields)


def _matching(text: Text, form: re.Pattern[str]) -> str:
    """A text of a form, empty where there is none."""
    if text is msgspec.UNSET:
        return ""
    if not form.match(str(text)):
        raise NotQuick
    return str(text)


@dataclass(slots=True, frozen=True)
class _Part:
    """What is known of a part: its value where somebody asks for it, its key, how it is compared, what it names and describes."""

    canonical: msgspec.Raw
    key: str = ""
    value: Any = None
    terms: Mapping[str, bool] = field(default_factory=dict)
    definitions: tuple[Described, ...] = ()


def _known(read: Callable[[bytes], T], raw: msgspec.Raw) -> T:
    """What was found out about these bytes; large parts are read anew each time, so that memory stays bounded."""
    content = bytes(raw)
    return read(content) if len(content) <= LARGEST_REMEMBERED else read.__wrapped__(content)  # type: ignore[attr-defined,no-any-return]


def _decoded(raw: bytes | msgspec.Raw) -> Any:
    """A part as a value, not too deep."""
    return _shallow(msgspec.json.decode(raw))


def _shallow(value: Any) -> Any:
    """The value itself; raises NotQuick for one that is nested deeply."""
    level = [value]
    for _depth in range(DEEPEST_PART):
        level = [
            inner
            for item in level
            if type(item) is dict or type(item) is list
            for inner in (item.values() if type(item) is dict else item)
        ]  # fmt: skip
        if not level:
            return value
    raise NotQuick


def _canonical(value: Any, name: str) -> msgspec.Raw:
    return msgspec.Raw(canonical(plain(value, name)))


@lru_cache(REMEMBERED)
def _actor(raw: bytes) -> _Part:
    value = _decoded(raw)
    check_actor(value, "actor")
    keys = [agent_key(value), *(agent_key(member) for member in value.get("member", ()))]
    return _Part(_canonical(value, "actor"), keys[0], value, dict.fromkeys(filter(None, keys), True))


@lru_cache(REMEMBERED)
def _verb(raw: bytes) -> _Part:
    value = _decoded(raw)
    check_verb(value, "verb")
    return _Part(_canonical(value, "verb"), value["id"])


@lru_cache(REMEMBERED)
def _activity(raw: bytes) -> _Part:
    value = _decoded(raw)
    if not isinstance(value, dict) or value.get("objectType", "Activity") != "Activity":
        raise NotQuick
    check_activity(value, "object")
    definitions = (described(value["id"], value["definition"]),) if value.get("definition") else ()
    return _Part(_canonical(value, "object"), value["id"], None, {activity_key(value["id"]): True}, definitions)


@lru_cache(REMEMBERED)
def _around(raw: bytes) -> _Part:
    value = _decoded(raw)
    check_context_activities(value, "contextActivities")
    items = [item for several in value.values() for item in (several if isinstance(several, list) else [several])]
    definitions = tuple(described(item["id"], item["definition"]) for item in items if item.get("definition"))
    return _Part(_canonical(value, "contextActivities"), "", None, {activity_key(item["id"]): False for item in items}, definitions)


@lru_cache(REMEMBERED)
def _word(raw: bytes, name: str, release: str) -> msgspec.Raw:
    """Platform, revision, language or extensions of a context: checked, and as it is compared."""
    value = _decoded(raw)
    parts({name: value}, "context", CONTEXT_2 if release == V2 else CONTEXT)
    return _canonical(value, name)


def _result(raw: msgspec.Raw) -> msgspec.Raw:
    """Results differ from statement to statement, so none is remembered; they are read by type instead, names in order of the alphabet."""
    found = _result_of.decode(raw)
    if found.score is not msgspec.UNSET:
        check_score({name: value for name, value in msgspec.structs.asdict(found.score).items() if value is not msgspec.UNSET}, "score")
    if found.duration is not msgspec.UNSET:
        check_duration(found.duration, "duration")
        found.duration = plain(found.duration, "duration")
    if found.extensions is not msgspec.UNSET:
        check_extensions(_shallow(found.extensions), "extensions")
        found.extensions = msgspec.Raw(canonical(found.extensions))
    return msgspec.Raw(msgspec.json.encode(found))


def _read_context(raw: msgspec.Raw, release: str) -> tuple[dict[str, Any], str, _Part]:
    """How a context is compared, its registration, and the activities around."""
    found = _context.decode(raw)
    said_parts: dict[str, Any] = {}
    registration = _matching(found.registration, UUID_FORM)
    if registration:
        said_parts["registration"] = registration
    around = NOTHING
    if found.contextActivities is not ABSENT:
        around = _known(_around, found.contextActivities)
        said_parts["contextActivities"] = around.canonical
    for name in ("platform", "revision", "language", "extensions"):
        word = getattr(found, name)
        if word is not ABSENT:
            content = bytes(word)
            read = _word if len(content) <= LARGEST_REMEMBERED else _word.__wrapped__
            said_parts[name] = read(content, name, release)
    return said_parts, registration, around


NOTHING = _Part(ABSENT)
