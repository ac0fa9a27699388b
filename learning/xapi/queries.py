"""Reading statements back for people: in plain words."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models

from foundation.api import in_language, visible_to
from learning.xapi.models import Statement, XapiAccount
from learning.xapi.profile import VERBS_BY_IRI

PLATFORM = "platform"
DURATION = re.compile(r"P(?:(\d+(?:[.,]\d+)?)D)?(?:T(?:(\d+(?:[.,]\d+)?)H)?(?:(\d+(?:[.,]\d+)?)M)?(?:(\d+(?:[.,]\d+)?)S)?)?")


@dataclass(frozen=True)
class StatementInWords:
    """What a statement says to the person it is about; ``score`` is in per cent or None, ``minutes`` None if nothing was timed."""

    at: datetime
    verb: str
    verb_name: str
    object_name: str
    score: Decimal | None
    minutes: int | None
    source: str = ""
    """The institution whose system said so; empty for the platform."""
    is_own: bool = True
    """Whether our own player wrote it."""
    ident: str = ""


def statements_of_registration(user: Any, registration: UUID, *, verbs: Iterable[str] = ()) -> models.QuerySet[Statement]:
    """Standing statements of one enrolment that this person may see, oldest first; ``verbs`` narrows to these ids."""
    rows = visible_to(user, Statement).filter(registration=registration, voided_by__isnull=True)
    wanted = list(verbs)
    return (rows.filter(verb__in=wanted) if wanted else rows).order_by("timestamp", "seq")


def in_words(statements: Iterable[Statement]) -> list[StatementInWords]:
    """Statements as sentences can be made of them, ours and those of other systems. No query where institution and key are loaded."""
    return [_in_words(json.loads(row.text), row) for row in statements]


def statements_about(user: Any, *, source: str = "") -> models.QuerySet[Statement]:
    """Standing statements about this person, the latest first; ``source`` is an institution's code, or ``platform`` for our own player's."""
    rows = Statement.objects.about_person(user.uuid).standing().select_related("institution")
    if source == PLATFORM:
        rows = rows.filter(key__isnull=True)
    elif source:
        rows = rows.filter(key__isnull=False, institution__code=source)
    return rows.order_by("-timestamp", "-seq")


def sources_about(user: Any) -> list[tuple[str, str, str]]:
    """Code and names of the institutions whose systems know this person. One query."""
    rows = XapiAccount.objects.filter(person_uuid=user.uuid).order_by("institution__code")
    return list(rows.values_list("institution__code", "institution__name_zh", "institution__name_en").distinct())


def _in_words(body: dict[str, Any], row: Statement) -> StatementInWords:
    term = VERBS_BY_IRI.get(row.verb)
    result = body.get("result", {})
    last = row.verb.rstrip("/#").rsplit("/", 1)[-1].rsplit("#", 1)[-1]
    return StatementInWords(
        at=row.timestamp,
        verb=last if term or row.key_id is None else "",
        verb_name=in_language(term.zh, term.en) if term else in_readers_language(body["verb"].get("display", {})) or last,
        object_name=_name_of(body["object"]) or _name_around(body) or row.object_iri,
        score=_per_cent(result.get("score", {})),
        minutes=_minutes(result.get("duration")),
        source="" if row.key_id is None or row.institution is None else row.institution.name,
        is_own=row.key_id is None,
        ident=str(row.statement_id),
    )


def _name_of(thing: dict[str, Any]) -> str:
    """What an object is called: an activity's name, an agent's, or nothing."""
    if thing.get("objectType") in {"Agent", "Group"}:
        return str(thing.get("name", ""))
    return in_readers_language(thing.get("definition", {}).get("name", {}))


def _name_around(body: dict[str, Any]) -> str:
    """What the activity is called that this one is a part of: a question is told by its quiz."""
    parents = body.get("context", {}).get("contextActivities", {}).get("parent", [])
    return next(filter(None, map(_name_of, parents if isinstance(parents, list) else [parents])), "")


def in_readers_language(words: dict[str, str]) -> str:
    """A language map in the reader's language, else in any: zh-CN, zh-Hans and zh are Chinese, en-GB and en English."""
    if not words:
        return ""
    wanted = "en" if in_language("zh", "en") == "en" else "zh"
    near = [text for tag, text in words.items() if tag.lower() == wanted or tag.lower().startswith(f"{wanted}-")]
    return near[0] if near else next(iter(words.values()))


def _per_cent(score: dict[str, Any]) -> Decimal | None:
    """The scaled score in per cent, or the raw one on its own scale; None where neither is there."""
    if "scaled" in score:
        return Decimal(str(score["scaled"])) * 100
    if "raw" in score and "max" in score and score["max"] > score.get("min", 0):
        low = Decimal(str(score.get("min", 0)))
        return ((Decimal(str(score["raw"])) - low) / (Decimal(str(score["max"])) - low) * 100).quantize(Decimal("0.1"))
    return None


def _minutes(duration: str | None) -> int | None:
    """Whole minutes of an ISO 8601 duration, rounded up from the first second; None for one in months or years."""
    found = DURATION.fullmatch(duration or "")
    if found is None:
        return None
    days, hours, minutes, seconds = (Decimal((part or "0").replace(",", ".")) for part in found.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return math.ceil(total / 60)
