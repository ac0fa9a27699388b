"""Taking statements in: all of a batch or none, the same one twice is one, another under the same id is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.db.models import Q

from learning.xapi.accounts import note_accounts
from learning.xapi.keys import authority_of
from learning.xapi.models import ActivityDefinition, Statement, XapiAttachment, XapiKey
from learning.xapi.reading import activity_key, agent_key, definitions_in, said, terms_of
from learning.xapi.rows import MICROSECOND, Row, insert, moment, place
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


@dataclass(slots=True)
class Prepared:
    """A statement on its way in, and the row to be."""

    statement: dict[str, Any]
    row: Row


def store_batch(
    statements: Sequence[dict[str, Any]], *, key: XapiKey, release: str, attachments: Mapping[str, Part], describes: bool = True
) -> list[UUID]:
    """Store checked statements, all or none, and return their ids in order.

    ``stored`` grows strictly within the batch. ``describes`` says whether the batch may change what activities are called. Where another
    writer stores one of the ids at the same moment, the batch is tried again and meets it as a known one.

    Raises StatementConflict or IdTwice, and stores nothing then.
    """
    for again in (True, True, False):
        try:
            return _store_once(statements, key, release, attachments, describes=describes)
        except IntegrityError:
            if not again:
                raise
    raise AssertionError


@transaction.atomic
def _store_once(
    statements: Sequence[dict[str, Any]], key: XapiKey, release: str, attachments: Mapping[str, Part], *, describes: bool
) -> list[UUID]:
    when = moment()
    authority = authority_of(key)
    prepared = [_prepare(dict(item), key, authority, release, when.at + number * MICROSECOND) for number, item in enumerate(statements)]
    ids = [item.row.statement_id for item in prepared]
    if len(set(ids)) != len(ids):
        raise IdTwice
    known, voiding = _met(ids)
    for item in prepared:
        if known.get(item.row.statement_id, item.row.content_hash) != item.row.content_hash:
            raise StatementConflict(item.row.statement_id)
    place([item.row for item in prepared], when)
    fresh = [item for item in prepared if item.row.statement_id not in known]
    insert([item.row for item in fresh])
    _void(fresh, voiding)
    if describes:
        _describe(fresh)
    _keep(attachments)
    note_accounts([item.statement["actor"] for item in fresh], key=key, at=when.at)
    return ids


def _prepare(statement: dict[str, Any], key: XapiKey, authority: dict[str, Any], release: str, stored: datetime) -> Prepared:
    ident = UUID(statement["id"]) if "id" in statement else uuid4()
    moment_text = stored.isoformat().replace("+00:00", "Z")
    hashed = said(statement)
    thing = statement["object"]
    statement |= {"id": str(ident), "stored": moment_text, "authority": authority}
    statement.setdefault("timestamp", moment_text)
    statement.setdefault("version", release if release == "2.0.0" else "1.0.0")
    registration = statement.get("context", {}).get("registration")
    row = Row(
        statement_id=ident, timestamp=parse_time(statement["timestamp"], "timestamp"), verb=statement["verb"]["id"][:500],
        object_iri=str(thing.get("id", ""))[:500] if thing.get("objectType", "Activity") == "Activity" else "",
        actor=agent_key(statement["actor"]), registration=UUID(registration) if registration else None, institution_id=key.institution_id,
        key_id=key.pk, content_hash=hashed, target=UUID(thing["id"]) if thing.get("objectType") == "StatementRef" else None,
        text=written(statement), terms=terms_of(statement),
    )  # fmt: skip
    return Prepared(statement, row)


def written(statement: Mapping[str, Any]) -> str:
    """The text that is kept. A number beyond 64 bits is rare and written the slow way."""
    try:
        return msgspec.json.encode(statement).decode()
    except OverflowError:
        return json.dumps(statement, ensure_ascii=False)


def _met(ids: Sequence[UUID]) -> tuple[dict[UUID, str], list[Statement]]:
    """What is stored already under these ids, and the voiding statements that wait for them. One query."""
    known: dict[UUID, str] = {}
    voiding: list[Statement] = []
    wanted = set(ids)
    rows = Statement.objects.filter(Q(statement_id__in=ids) | Q(target__in=ids, verb=VOIDED)).order_by("seq")
    for row in rows.only("seq", "statement_id", "content_hash", "target", "verb", "institution_id"):
        if row.statement_id in wanted:
            known[row.statement_id] = row.content_hash
        if row.target in wanted and row.verb == VOIDED:
            voiding.append(row)
    return known, voiding


def _void(fresh: list[Prepared], waiting: list[Statement]) -> None:
    """Voiding and voided may arrive in either order; what voids is never voided, and a key voids what it could have written."""
    for item in fresh:
        if item.row.verb == VOIDED and item.row.target is not None:
            _strike(item.row.target, item.row.statement_id, item.row.institution_id)
    new = {item.row.statement_id for item in fresh if item.row.verb != VOIDED}
    for row in waiting:
        if row.target in new:
            _strike(row.target, row.statement_id, row.institution_id)


def _strike(target: UUID, voiding: UUID, institution_id: int | None) -> None:
    rows = Statement.objects.filter(statement_id=target, voided_by__isnull=True).exclude(verb=VOIDED)
    if institution_id is not None:
        rows = rows.filter(institution_id=institution_id)
    rows.update(voided_by=voiding)


def _describe(fresh: list[Prepared]) -> None:
    """Canonical definitions: later words are laid over earlier ones, language by language.

    Most batches say nothing new, and then only read; the others lock what they change, in the order of the fingerprints.
    """
    said_of: dict[str, tuple[str, dict[str, Any]]] = {}
    for item in fresh:
        for iri, definition in definitions_in(item.statement):
            key = activity_key(iri)
            if key not in said_of:
                said_of[key] = (iri, definition)
            elif said_of[key][1] != definition:
                said_of[key] = (iri, _over(said_of[key][1], definition))
    known = dict(ActivityDefinition.objects.filter(key__in=said_of).values_list("key", "definition")) if said_of else {}
    new = [ActivityDefinition(key=key, iri=iri) for key, (iri, _definition) in sorted(said_of.items()) if key not in known]
    ActivityDefinition.objects.bulk_create(new, ignore_conflicts=True)
    changing = [key for key, (_iri, definition) in said_of.items() if _over(known.get(key, {}), definition) != known.get(key)]
    changed = []
    for row in ActivityDefinition.objects.select_for_update().filter(key__in=changing).order_by("key") if changing else ():
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
    if not attachments:
        return
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


def unpadded(text: str) -> bytes:
    """Base64 in the URL alphabet without its padding, as JWS writes it."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
