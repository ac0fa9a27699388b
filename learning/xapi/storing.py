"""Taking statements in: all of a batch or none, the same one twice is one, another under the same id is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone

from learning.xapi.models import ActivityDefinition, Statement, StatementTerm, XapiAttachment, XapiKey
from learning.xapi.reading import activity_key, agent_key, definitions_in, said, terms_of
from learning.xapi.shape import VOIDED, parse_time

BATCH = 500


class IdTwice(Exception):
    """A batch names an id twice."""


class StatementConflict(Exception):
    """Another statement has this id."""

    def __init__(self, statement_id: UUID) -> None:
        super().__init__(str(statement_id))
        self.statement_id = statement_id


@dataclass(frozen=True)
class Part:
    """One part of a multipart request behind the statements."""

    sha2: str
    content: bytes
    content_type: str


@dataclass
class Prepared:
    """A statement on its way in: the row to be, and what finds it."""

    statement: dict[str, Any]
    row: Statement
    terms: set[tuple[str, bool]] = field(default_factory=set)


def authority_of(key: XapiKey) -> dict[str, Any]:
    """Who vouches for what a key writes: an account of the store, whatever was sent."""
    return {"objectType": "Agent", "name": key.name, "account": {"homePage": f"{settings.SITE_URL}/xapi", "name": key.key}}


@transaction.atomic
def store_batch(
    statements: Sequence[dict[str, Any]], *, key: XapiKey, release: str, attachments: Mapping[str, Part], at: datetime
) -> list[UUID]:
    """Store checked statements and return their ids in order.

    ``stored`` grows strictly within the batch. Raises StatementConflict or IdTwice, and stores nothing then.
    """
    prepared = [_prepare(dict(statement), key, release, at + timedelta(microseconds=place)) for place, statement in enumerate(statements)]
    ids = [item.row.statement_id for item in prepared]
    if len(set(ids)) != len(ids):
        raise IdTwice
    fresh = _without_known(prepared)
    Statement.objects.bulk_create([item.row for item in fresh], batch_size=BATCH)
    terms = [
        StatementTerm(statement_id=item.row.statement_id, value=value, is_main=main) for item in fresh for value, main in sorted(item.terms)
    ]
    StatementTerm.objects.bulk_create(terms, batch_size=4 * BATCH, ignore_conflicts=True)
    _void(fresh)
    _describe(fresh)
    _keep(attachments)
    return ids


def _prepare(statement: dict[str, Any], key: XapiKey, release: str, stored: datetime) -> Prepared:
    ident = UUID(statement["id"]) if "id" in statement else uuid4()
    moment = stored.isoformat().replace("+00:00", "Z")
    hashed = said(statement)
    thing = statement["object"]
    statement |= {"id": str(ident), "stored": moment, "authority": authority_of(key)}
    statement.setdefault("timestamp", moment)
    statement.setdefault("version", release if release == "2.0.0" else "1.0.0")
    happened = parse_time(statement["timestamp"], "timestamp")
    registration = statement.get("context", {}).get("registration")
    row = Statement(
        statement_id=ident, stored=stored, timestamp=happened, verb=statement["verb"]["id"][:500],
        object_iri=str(thing.get("id", ""))[:500] if thing.get("objectType", "Activity") == "Activity" else "",
        actor_hash=agent_key(statement["actor"]), registration=UUID(registration) if registration else None,
        institution_id=key.institution_id, key=key, content_hash=hashed,
        target=UUID(thing["id"]) if thing.get("objectType") == "StatementRef" else None, text=json.dumps(statement, ensure_ascii=False),
    )  # fmt: skip
    return Prepared(statement, row, terms_of(statement))


def _without_known(prepared: list[Prepared]) -> list[Prepared]:
    """Those that are new. The rows of known ids are compared by what they say."""
    known = dict(
        Statement.objects.filter(statement_id__in=[item.row.statement_id for item in prepared]).values_list("statement_id", "content_hash")
    )
    for item in prepared:
        if known.get(item.row.statement_id, item.row.content_hash) != item.row.content_hash:
            raise StatementConflict(item.row.statement_id)
    return [item for item in prepared if item.row.statement_id not in known]


def _void(fresh: list[Prepared]) -> None:
    """Voiding and voided may arrive in either order; what voids is never voided, and a key voids what it could have written."""
    for item in fresh:
        if item.row.verb == VOIDED and item.row.target is not None:
            _strike(item.row.target, item.row)
    ids = [item.row.statement_id for item in fresh if item.row.verb != VOIDED]
    for voiding in Statement.objects.filter(verb=VOIDED, target__in=ids).order_by("seq"):
        _strike(voiding.target, voiding)


def _strike(target: UUID | None, voiding: Statement) -> None:
    if target is None:
        return
    rows = Statement.objects.filter(statement_id=target, voided_by__isnull=True).exclude(verb=VOIDED)
    if voiding.institution_id is not None:
        rows = rows.filter(institution_id=voiding.institution_id)
    rows.update(voided_by=voiding.statement_id)


def _describe(fresh: list[Prepared]) -> None:
    """Canonical definitions: later words are laid over earlier ones, language by language. Locked in the order of their fingerprints."""
    said_of: dict[str, tuple[str, dict[str, Any]]] = {}
    for item in fresh:
        for iri, definition in definitions_in(item.statement):
            key = activity_key(iri)
            said_of[key] = (iri, _over(said_of[key][1] if key in said_of else {}, definition))
    if not said_of:
        return
    new = [ActivityDefinition(key=key, iri=iri) for key, (iri, _definition) in sorted(said_of.items())]
    ActivityDefinition.objects.bulk_create(new, ignore_conflicts=True)
    changed = []
    for row in ActivityDefinition.objects.select_for_update().filter(key__in=said_of).order_by("key"):
        definition = _over(row.definition, said_of[row.key][1])
        if definition != row.definition:
            row.definition = definition
            changed.append(row)
    ActivityDefinition.objects.bulk_update(changed, ["definition"], batch_size=BATCH)


def _over(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    merged = {**old, **new}
    for name in ("name", "description", "extensions"):
        if name in old and name in new:
            merged[name] = {**old[name], **new[name]}
    return merged


def _keep(attachments: Mapping[str, Part]) -> None:
    known = set(XapiAttachment.objects.filter(sha2__in=attachments).values_list("sha2", flat=True))
    for sha2, part in sorted(attachments.items()):
        if sha2 not in known:
            row = XapiAttachment(sha2=sha2, content_type=part.content_type[:200])
            row.file.save(sha2, ContentFile(part.content), save=False)
            XapiAttachment.objects.bulk_create([row], ignore_conflicts=True)


def read_attachment(sha2: str) -> Part | None:
    """The bytes of an attachment, if they were sent to the store."""
    row = XapiAttachment.objects.filter(sha2=sha2).first()
    if row is None:
        return None
    with row.file.open("rb") as file:
        return Part(sha2, file.read(), row.content_type)


def now() -> datetime:
    """The moment of storing, in UTC and whole microseconds."""
    return timezone.now()


def unpadded(text: str) -> bytes:
    """Base64 in the URL alphabet without its padding, as JWS writes it."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
