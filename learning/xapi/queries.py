"""Reading statements back for people: in plain words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import models

from foundation.api import in_language, visible_to
from learning.xapi.models import Statement
from learning.xapi.profile import VERBS_BY_IRI
from learning.xapi.types import StatementBody, read_statement


@dataclass(frozen=True)
class StatementInWords:
    """What a statement says to the person it is about; ``score`` is in per cent or None, ``minutes`` None if nothing was timed."""

    at: datetime
    verb: str
    verb_name: str
    object_name: str
    score: Decimal | None
    minutes: int | None


def statements_of_registration(user: Any, registration: UUID, *, verbs: Iterable[str] = ()) -> models.QuerySet[Statement]:
    """Standing statements of one enrolment that this person may see, oldest first; ``verbs`` narrows to these ids."""
    rows = visible_to(user, Statement).filter(registration=registration, voided_by__isnull=True)
    wanted = list(verbs)
    return (rows.filter(verb__in=wanted) if wanted else rows).order_by("timestamp", "seq")


def in_words(statements: Iterable[Statement]) -> list[StatementInWords]:
    """Statements as sentences can be made of them. No query."""
    return [_in_words(read_statement(row.text), row) for row in statements]


def _in_words(body: StatementBody, row: Statement) -> StatementInWords:
    term = VERBS_BY_IRI.get(row.verb)
    names = body.object.definition.name if body.object.definition else {}
    score = body.result.score if body.result else None
    return StatementInWords(
        at=row.timestamp,
        verb=row.verb.rsplit("/", 1)[-1],
        verb_name=in_language(term.zh, term.en) if term else row.verb.rsplit("/", 1)[-1],
        object_name=in_language(names.get("zh-CN", ""), names.get("en", "")) or row.object_iri,
        score=Decimal(str(score.scaled)) * 100 if score and score.scaled is not None else None,
        minutes=_minutes(body.result.duration if body.result else None),
    )


def _minutes(duration: str | None) -> int | None:
    """Whole minutes of our own ISO durations (PT1H2M3S), rounded up from the first second."""
    if not duration:
        return None
    seconds, number = 0, ""
    for sign in duration.removeprefix("PT"):
        if sign in "HMS":
            seconds += int(Decimal(number)) * {"H": 3600, "M": 60, "S": 1}[sign]
            number = ""
        else:
            number += sign
    return -(-seconds // 60)
