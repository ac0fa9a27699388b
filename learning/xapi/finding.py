"""Looking statements up: the filters of the standard, pages that stay complete while others write, and the horizon of what is readable."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.core import signing
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone

from learning.xapi.models import Statement, StatementTerm, XapiKey
from learning.xapi.shape import VOIDED

LARGEST_PAGE = 500
DEEPEST_CHAIN = 10
MORE_SALT = "xapi.more"
MORE_VALID_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True)
class Wanted:
    """What a reader asks for. Fingerprints for agent and activity; ``after`` is the last row of the page before."""

    agent: str = ""
    activity: str = ""
    verb: str = ""
    registration: str = ""
    since: str = ""
    until: str = ""
    related_agents: bool = False
    related_activities: bool = False
    ascending: bool = False
    limit: int = LARGEST_PAGE
    format: str = "exact"
    attachments: bool = False
    horizon: str = ""
    after: int = 0


def horizon() -> datetime:
    """A moment before which everything that is stored can be read: the beginning of the oldest transaction that writes, or now."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT min(xact_start) FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL"
                " AND pid <> pg_backend_pid()"
            )
            oldest = cursor.fetchone()[0]
        if oldest is not None:
            return oldest.astimezone(UTC)  # type: ignore[no-any-return]
    return timezone.now()


def readable_by(key: XapiKey) -> QuerySet[Statement]:
    """What a key may read: everything, its institution's, or its own."""
    scopes = set(key.scopes)
    rows = Statement.objects.all()
    if key.institution_id is None and scopes & {"all", "all/read"}:
        return rows
    if scopes & {"all", "all/read", "statements/read"}:
        return rows.filter(institution=key.institution)
    return rows.filter(key=key) if "statements/read/mine" in scopes else rows.none()


def find(wanted: Wanted, key: XapiKey) -> tuple[list[Statement], Wanted | None]:
    """One page, and what to ask for the next one; None where there is none."""
    rows = readable_by(key).standing()  # type: ignore[attr-defined]
    asked = _asked(wanted)
    if asked is not None:
        rows = rows.filter(_with_pointers(asked))
    if wanted.since:
        rows = rows.filter(stored__gt=datetime.fromisoformat(wanted.since))
    if wanted.until:
        rows = rows.filter(stored__lte=datetime.fromisoformat(wanted.until))
    if wanted.horizon:
        rows = rows.filter(stored__lte=datetime.fromisoformat(wanted.horizon))
    if wanted.after:
        rows = rows.filter(seq__gt=wanted.after) if wanted.ascending else rows.filter(seq__lt=wanted.after)
    size = min(wanted.limit or LARGEST_PAGE, LARGEST_PAGE)
    page = list(rows.order_by("seq" if wanted.ascending else "-seq")[: size + 1])
    if len(page) <= size:
        return page, None
    page = page[:size]
    return page, replace(wanted, after=page[-1].seq, horizon=wanted.horizon or horizon().isoformat())


def _asked(wanted: Wanted) -> Q | None:
    """The filters that also match through pointers to statements."""
    asked = Q()
    for value, related in ((wanted.agent, wanted.related_agents), (wanted.activity, wanted.related_activities)):
        if value:
            terms = StatementTerm.objects.filter(value=value, **({} if related else {"is_main": True}))
            asked &= Q(statement_id__in=terms.values("statement_id"))
    if wanted.verb:
        asked &= Q(verb=wanted.verb)
    if wanted.registration:
        asked &= Q(registration=UUID(wanted.registration))
    return asked or None


def _with_pointers(asked: Q) -> Q:
    """Those that match, and those that point to one that matches, at any remove; voided targets count, voiding statements do not pass on."""
    reached: set[UUID] = set()
    targets: Any = Statement.objects.filter(asked).values("statement_id")
    for _depth in range(DEEPEST_CHAIN):
        found = set(Statement.objects.filter(target__in=targets).values_list("statement_id", flat=True)) - reached
        if not found:
            break
        reached |= found
        targets = found
    return asked | Q(statement_id__in=reached)


def one(ident: UUID, key: XapiKey, *, voided: bool) -> Statement | None:
    """A statement by id: a standing one, or a voided one where that is asked for."""
    rows = readable_by(key).filter(statement_id=ident)
    return rows.filter(voided_by__isnull=not voided).first() if voided else rows.filter(Q(voided_by__isnull=True) | Q(verb=VOIDED)).first()


def more_token(wanted: Wanted, key: XapiKey) -> str:
    """The rest of a query as a signed word, bound to its key."""
    return signing.dumps({"key": key.pk, "wanted": wanted.__dict__}, salt=MORE_SALT, compress=True)


def read_more(token: str, key: XapiKey) -> Wanted | None:
    """The query behind a word; None for a forged, foreign or old one."""
    try:
        found = signing.loads(token, salt=MORE_SALT, max_age=MORE_VALID_SECONDS)
    except signing.BadSignature:
        return None
    return Wanted(**found["wanted"]) if found["key"] == key.pk else None
