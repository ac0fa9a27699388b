"""Taking statements in: all of a batch or none, the same one twice is one, another under the same id is refused."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
from django.core.files.base import ContentFile
from django.db import IntegrityError, OperationalError, connection, transaction
from psycopg.errors import DeadlockDetected

from learning.xapi.accounts import note_accounts
from learning.xapi.describing import describe
from learning.xapi.keys import authority_of
from learning.xapi.models import Statement, XapiAttachment, XapiKey
from learning.xapi.receiving import Quick, Received, read_parsed
from learning.xapi.rows import MICROSECOND, Row, insert, moment, order_number
from learning.xapi.shape import VOIDED, check_statement

TRIES = 4
"""A batch that met another writer is tried again; whoever meets four in a row is told so."""


class IdTwice(Exception):
    """A batch names an id twice."""


class StoreBusy(Exception):
    """Others write about the same statements again and again; nothing was stored."""


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


Admission = Callable[[int, Received], None]
"""Asked for each statement before it is stored; refuses by raising."""


def store_batch(
    statements: Sequence[Received], *, key: XapiKey, release: str, attachments: Mapping[str, Part] | None = None, describes: bool = True,
    admit: Admission | None = None,
) -> list[str]:  # fmt: skip
    """Store checked statements, all or none, and return their ids in order.

    ``stored`` grows strictly within the batch. ``describes`` says whether the batch may change what activities are called. Nearly every
    statement is new, so the first try looks for no known ones; where the database knows an id already (it was sent again, or somebody
    else sends it at this moment), the batch is tried again and compared with what is there.

    Raises StatementConflict, IdTwice or StoreBusy, and what ``admit`` and reading raise, and stores nothing then.
    """
    batch = Batch(key, release, attachments or {}, describes=describes, admit=admit)
    for attempt in range(TRIES):
        try:
            return _store_once(statements, batch, looks=attempt > 0)
        except (IntegrityError, OperationalError) as error:
            if not isinstance(error, IntegrityError) and not isinstance(error.__cause__, DeadlockDetected):
                raise
    raise StoreBusy


def take_statements(statements: Sequence[dict[str, Any]], *, key: XapiKey, release: str = "1.0.3") -> list[str]:
    """Check and store statements that did not come over HTTP: a test, the demo. Raises ShapeError, StatementConflict or IdTwice."""
    for number, statement in enumerate(statements):
        check_statement(statement, release, f"statements[{number}]")
    return store_batch([read_parsed(statement) for statement in statements], key=key, release=release)


@dataclass(frozen=True)
class Batch:
    """What all statements of a batch share."""

    key: XapiKey
    release: str
    attachments: Mapping[str, Part]
    describes: bool = True
    admit: Admission | None = None


@transaction.atomic
def _store_once(statements: Sequence[Received], batch: Batch, *, looks: bool) -> list[str]:
    when = moment()
    idents = [ident.lower() or str(uuid4()) for ident in _idents(statements)]
    if len(set(idents)) != len(idents):
        raise IdTwice
    known = _known(idents) if looks else {}
    new: list[Received] = []
    rows: list[Row] = []
    authority = msgspec.Raw(msgspec.json.encode(authority_of(batch.key)))

    def fresh() -> Iterator[Row]:
        """The rows to be, in the order of their ids; made while the database takes the first ones in."""
        for number in sorted(range(len(idents)), key=idents.__getitem__):
            item = statements[number]
            if batch.admit is not None:
                batch.admit(number, item)
            row = _row(item, idents[number], batch, authority, when.at + number * MICROSECOND)
            if known.get(row.statement_id, row.content_hash) != row.content_hash:
                raise StatementConflict(UUID(hex=row.statement_id))
            if row.statement_id not in known:
                row.seq = order_number(row.stored, when.tie)
                new.append(item)
                rows.append(row)
                yield row

    insert(fresh(), expected=len(idents))
    _void(rows)
    if batch.describes:
        describe(about for item in new for about in item.definitions)
    _keep(batch.attachments)
    note_accounts({item.actor_key: item.actor for item in new if "account" in item.actor}, key=batch.key, at=when.at)
    return idents


def _idents(statements: Sequence[Received]) -> list[str]:
    return statements.idents if isinstance(statements, Quick) else [item.ident for item in statements]


def _row(item: Received, ident: str, batch: Batch, authority: msgspec.Raw, stored: datetime) -> Row:
    """The row to be, with what the store sets."""
    moment_text = f"{stored.isoformat()[:-6]}Z"
    fields = {
        "version": batch.release if batch.release == "2.0.0" else "1.0.0", "timestamp": moment_text, **item.fields, "id": ident,
        "stored": moment_text, "authority": authority,
    }  # fmt: skip
    return Row(
        statement_id=_hex(ident), timestamp=item.happened or stored, verb=item.verb[:500], object_iri=item.object_iri[:500],
        actor=item.actor_key, registration=_hex(item.registration) or None, institution_id=batch.key.institution_id, key_id=batch.key.pk,
        content_hash=item.hashed, target=_hex(item.target) or None, text=msgspec.json.encode(fields).decode(), terms=item.terms,
        stored=stored,
    )  # fmt: skip


def _hex(uuid: str) -> str:
    """A checked UUID as 32 digits."""
    return uuid.replace("-", "").lower()


def _known(ids: Sequence[str]) -> dict[str, str]:
    """The content hashes of what is stored already under these ids. One query."""
    rows = Statement.objects.filter(statement_id__in=sorted(ids)).values_list("statement_id", "content_hash")
    return {ident.hex: hashed for ident, hashed in rows}


def _void(fresh: list[Row]) -> None:
    """Voiding and voided may arrive in either order; what voids is never voided, and a key voids what it could have written. One query."""
    for item in fresh:
        if item.verb == VOIDED and item.target is not None:
            _strike(item.target, item.statement_id, item.institution_id)
    new = [item.statement_id for item in fresh if item.verb != VOIDED]
    if not new:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"{WAITING} WHERE target = ANY(%s::uuid[]) AND verb = %s ORDER BY seq", [new, VOIDED])
        else:
            marks = ",".join(["%s"] * len(new))
            cursor.execute(f"{WAITING} WHERE target IN ({marks}) AND verb = %s ORDER BY seq", [*new, VOIDED])
        for target, voiding, institution_id in cursor.fetchall():
            _strike(target, voiding, institution_id)


WAITING = "SELECT target, statement_id, institution_id FROM learning_statement"


def _strike(target: UUID | str, voiding: UUID | str, institution_id: int | None) -> None:
    rows = Statement.objects.filter(statement_id=target, voided_by__isnull=True).exclude(verb=VOIDED)
    if institution_id is not None:
        rows = rows.filter(institution_id=institution_id)
    rows.update(voided_by=voiding)


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
