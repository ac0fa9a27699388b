"""Shapes of statements, as the standard has them and as our own code hands them to the writer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from learning.xapi.exceptions import BadStatement
from learning.xapi.profile import TYPES_BY_IRI, VERBS_BY_IRI, Term, site_iri

NAMESPACE = uuid5(NAMESPACE_URL, "https://w3id.org/xapi/jianglan/statements")
Iri = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:", max_length=500)]
LanguageMap = dict[Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$")], str]
Duration = Annotated[str, msgspec.Meta(pattern=r"^P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$")]


class Struct(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, rename="camel"):
    """Base of the shapes: a property nobody knows is refused, an empty one is left out."""


class Account(Struct, frozen=True):
    """A person as we name one: the pseudonym in the name space of this site."""

    home_page: Iri
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Agent(Struct, frozen=True):
    """Who did it."""

    account: Account
    object_type: str = "Agent"


class Verb(Struct, frozen=True):
    """What was done."""

    id: Iri
    display: LanguageMap = {}


class ActivityDefinition(Struct, frozen=True):
    """What kind of thing it was done with, and its names at that time."""

    name: LanguageMap = {}
    type: Iri | None = None
    interaction_type: str | None = None


class ActivityObject(Struct, frozen=True):
    """The thing it was done with."""

    id: Iri
    object_type: str = "Activity"
    definition: ActivityDefinition | None = None


class Score(Struct, frozen=True):
    """A mark; ``scaled`` lies between 0 and 1."""

    scaled: Annotated[float, msgspec.Meta(ge=-1, le=1)] | None = None
    raw: float | None = None
    min: float | None = None
    max: float | None = None


class Result(Struct, frozen=True):
    """What came of it. A correct answer is never in it."""

    score: Score | None = None
    success: bool | None = None
    completion: bool | None = None
    response: str | None = None
    duration: Duration | None = None
    extensions: dict[Iri, Any] = {}


class ContextActivities(Struct, frozen=True):
    """Where it belongs."""

    parent: list[ActivityObject] = []
    grouping: list[ActivityObject] = []
    category: list[ActivityObject] = []


class Context(Struct, frozen=True):
    """In which enrolment, of which version, it happened."""

    registration: UUID | None = None
    context_activities: ContextActivities | None = None
    revision: str | None = None
    language: str | None = None


class StatementBody(Struct, frozen=True):
    """One whole statement, without what only the store sets."""

    id: UUID
    actor: Agent
    verb: Verb
    object: ActivityObject
    timestamp: datetime
    result: Result | None = None
    context: Context | None = None


@dataclass(frozen=True)
class Activity:
    """A thing of ours that something was done with: permanent path, kind, names in both languages."""

    path: str
    kind: Term
    zh: str = ""
    en: str = ""
    interaction: str | None = None

    @property
    def iri(self) -> str:
        return site_iri(self.path)

    def as_object(self) -> ActivityObject:
        names = {language: text for language, text in (("zh-CN", self.zh), ("en", self.en)) if text}
        return ActivityObject(id=self.iri, definition=ActivityDefinition(name=names, type=self.kind.iri, interaction_type=self.interaction))


@dataclass(frozen=True, kw_only=True)
class StatementDraft:
    """What a part of ours asks the writer to store.

    ``key`` names the occasion (action, object, attempt): the same key gives the same statement id, so a retry stores nothing new.
    ``at`` is when it happened (aware); ``institution_id`` the school whose run it was, or None; ``revision`` the pinned version's number.
    """

    key: tuple[str, ...]
    actor_uuid: UUID
    verb: Term
    activity: Activity
    at: datetime
    institution_id: int | None = None
    registration: UUID | None = None
    parent: Activity | None = None
    grouping: tuple[Activity, ...] = field(default_factory=tuple)
    result: Result | None = None
    revision: str | None = None

    @property
    def statement_id(self) -> UUID:
        return uuid5(NAMESPACE, "\x1f".join(self.key))


def iso_duration(seconds: int) -> str:
    """Whole seconds as ISO 8601: 75 → PT1M15S."""
    hours, rest = divmod(max(0, int(seconds)), 3600)
    minutes, left = divmod(rest, 60)
    text = "".join(f"{value}{unit}" for value, unit in ((hours, "H"), (minutes, "M"), (left, "S")) if value)
    return f"PT{text or '0S'}"


def read_statement(text: str | bytes) -> StatementBody:
    """A stored or received text as a typed statement. Raises BadStatement with what is wrong with it."""
    try:
        return msgspec.json.decode(text, type=StatementBody)
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadStatement(str(error)) from error


def check_against_profile(body: StatementBody) -> None:
    """Refuse a statement of ours that uses a verb or an activity type outside the published profile. Raises BadStatement."""
    if body.verb.id not in VERBS_BY_IRI:
        raise BadStatement(f"verb {body.verb.id}")
    definition = body.object.definition
    if definition is None or definition.type not in TYPES_BY_IRI:
        raise BadStatement(f"activity type of {body.object.id}")
    if re.search(r"[\x00]", body.object.id):
        raise BadStatement("NUL in an id")
