"""The one writer of activity statements."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC
from operator import attrgetter
from uuid import UUID

import msgspec
from django.db import IntegrityError, transaction

from learning.xapi.models import Statement
from learning.xapi.profile import PROFILE_VERSION_PATH, Term, site_iri
from learning.xapi.reading import agent_key, terms_of
from learning.xapi.rows import Row, insert, moment, place
from learning.xapi.types import (
    Account,
    ActivityObject,
    Agent,
    Context,
    ContextActivities,
    StatementBody,
    StatementDraft,
    Verb,
    check_against_profile,
)

BATCH_SIZE = 500
# What the store sets itself and what says nothing about the content; the rest is compared when an id arrives twice.
SERVER_SET = ("id", "stored", "authority", "version", "timestamp")


class WriterOutsideTransactionError(RuntimeError):
    """Statements were to be written without the progress they belong to."""


def write_statement(draft: StatementDraft) -> Statement:
    """Store one statement in the caller's transaction and return the stored row, which may be that of an earlier try."""
    return write_statements([draft])[0]


def write_statements(drafts: Iterable[StatementDraft]) -> list[Statement]:
    """Store statements in the caller's transaction: progress and statement exist both or neither.

    Each is checked against the shape of the standard and our profile first. A draft whose key was written before stores nothing, also
    within one call; the earlier row stands. ``stored`` grows strictly within a call. Five queries for each 500 statements.

    Raises WriterOutsideTransactionError, BadStatement.
    """
    return _stored(store_statements(drafts))


def store_statements(drafts: Iterable[StatementDraft]) -> list[UUID]:
    """As ``write_statements``, without reading the rows back: the ids in order. Four queries for each 500 statements."""
    if not transaction.get_connection().in_atomic_block:
        raise WriterOutsideTransactionError
    unique: dict[UUID, StatementDraft] = {}
    for draft in drafts:
        unique.setdefault(draft.statement_id, draft)
    wanted = list(unique)
    for start in range(0, len(wanted), BATCH_SIZE):
        part = wanted[start : start + BATCH_SIZE]
        known = set(Statement.objects.filter(statement_id__in=part).values_list("statement_id", flat=True))
        _insert_missing([_row(unique[ident]) for ident in part if ident not in known])
    return wanted


def _insert_missing(rows: list[Row]) -> None:
    """Insert; what another writer stored in the meantime is left out and the rest tried again."""
    while rows:
        place(rows, moment())
        try:
            with transaction.atomic():
                insert(sorted(rows, key=attrgetter("statement_id")), expected=len(rows))
        except IntegrityError:
            known = set(
                Statement.objects.filter(statement_id__in=[row.statement_id for row in rows]).values_list("statement_id", flat=True)
            )
            if not known:
                raise
            rows = [row for row in rows if UUID(hex=row.statement_id) not in known]
        else:
            return


def statement_body(draft: StatementDraft) -> StatementBody:
    """A draft as a whole statement: opaque account as actor, our profile as category, enrolment as registration."""
    activities = ContextActivities(
        parent=[draft.parent.as_object()] if draft.parent else [],
        grouping=[activity.as_object() for activity in draft.grouping],
        category=[ActivityObject(id=site_iri(PROFILE_VERSION_PATH))],
    )
    return StatementBody(
        id=draft.statement_id,
        actor=Agent(account=Account(home_page=site_iri("/learners"), name=str(draft.actor_uuid)), object_type="Agent"),
        verb=_verb(draft.verb),
        object=draft.activity.as_object(),
        timestamp=draft.at.astimezone(UTC),
        result=draft.result,
        context=Context(registration=draft.registration, context_activities=activities, revision=draft.revision),
    )


def content_hash(text: bytes | str) -> str:
    """SHA-256 of what a statement says, in one canonical form."""
    content = msgspec.json.decode(text)
    said = {name: value for name, value in content.items() if name not in SERVER_SET}
    return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()


def _verb(term: Term) -> Verb:
    return Verb(id=term.iri, display=term.names)


def _row(draft: StatementDraft) -> Row:
    body = statement_body(draft)
    check_against_profile(body)
    text = msgspec.json.encode(body)
    terms = terms_of(msgspec.json.decode(text))
    return Row(
        statement_id=body.id.hex,
        timestamp=draft.at,
        verb=body.verb.id,
        object_iri=body.object.id,
        actor=agent_key({"account": {"homePage": body.actor.account.home_page, "name": body.actor.account.name}}),
        actor_uuid=draft.actor_uuid.hex,
        registration=draft.registration.hex if draft.registration else None,
        institution_id=draft.institution_id,
        content_hash=content_hash(text),
        text=text.decode(),
        terms=terms,
    )


def _stored(ids: list[UUID]) -> list[Statement]:
    """The rows of these ids in the order asked for."""
    found: dict[UUID, Statement] = {}
    for start in range(0, len(ids), BATCH_SIZE):
        part = ids[start : start + BATCH_SIZE]
        found.update({row.statement_id: row for row in Statement.objects.filter(statement_id__in=part)})
    return [found[statement_id] for statement_id in ids]
