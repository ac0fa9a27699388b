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

from learning.xapi.models import Statement, XapiKey
from learning.xapi.rows import TIES, order_number
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
    if key.bound is not None:
        rows = rows.filter(actor=key.bound.actor)
    if key.institution_id is None and scopes & {"all", "all/read"}:
        return rows
    if scopes & {"all", "all/read", "statements/read"}:
        return rows.filter(institution=key.institution)
    return rows.filter(key=key) if "statements/read/mine" in scopes else rows.none()


def find(wanted: Wanted, key: XapiKey) -> tuple[list[Statement], Wanted | None]:
    """One page, and what to ask for the next one; None where there is none.

    Two ways lead to a statement, each walked in the order of storing: it matches, or it points to one that does.
    """
    rows = _within(readable_by(key).standing(), wanted)  # type: ignore[attr-defined]
    size = min(wanted.limit or LARGEST_PAGE, LARGEST_PAGE)
    order = "seq" if wanted.ascending else "-seq"
    narrowed = _narrowed(rows, wanted)
    page = list(narrowed.order_by(order)[: size + 1])
    if narrowed is not rows:
        pointing = _pointing(rows, wanted, page[-1] if len(page) > size else None)
        if pointing:
            have = {row.seq for row in page}
            page += [row for row in rows.filter(seq__in=pointing).order_by(order)[: size + 1] if row.seq not in have]
            page.sort(key=lambda row: row.seq, reverse=not wanted.ascending)
    if len(page) <= size:
        return page, None
    page = page[:size]
    return page, replace(wanted, after=page[-1].seq, horizon=wanted.horizon or horizon().isoformat())


def _within(rows: QuerySet[Statement], wanted: Wanted) -> QuerySet[Statement]:
    """The part of the order of storing that is asked for: one range, because a place in the order is a moment."""
    low, high = wanted.after if wanted.ascending else 0, 0 if wanted.ascending else wanted.after
    if wanted.since:
        low = max(low, order_number(datetime.fromisoformat(wanted.since), TIES - 1))
    for until in filter(None, (wanted.until, wanted.horizon)):
        beyond = order_number(datetime.fromisoformat(until), TIES)
        high = min(high, beyond) if high else beyond
    if low:
        rows = rows.filter(seq__gt=max(low, 0))
    return rows.filter(seq__lt=max(high, 0)) if high else rows


def _narrowed(rows: QuerySet[Statement], wanted: Wanted) -> QuerySet[Statement]:
    """The statements that match all filters by themselves. The same rows where nothing is asked for."""
    for value, related in ((wanted.agent, wanted.related_agents), (wanted.activity, wanted.related_activities)):
        if value:
            rows = _naming(rows, value, related=related)
    if wanted.verb:
        rows = rows.filter(verb=wanted.verb[:500])
    return rows.filter(registration=UUID(wanted.registration)) if wanted.registration else rows


def _naming(rows: QuerySet[Statement], value: str, *, related: bool) -> QuerySet[Statement]:
    """Statements that name an agent or activity. The authority is the key that wrote, so it is found there."""
    term = UUID(hex=value)
    if not related:
        return rows.filter(terms__value=term, terms__is_main=True)
    author = XapiKey.objects.filter(authority=term).values_list("pk", flat=True).first()
    return rows.filter(terms__value=term) if author is None else rows.filter(Q(key=author) | Q(terms__value=term)).distinct()


def _pointing(rows: QuerySet[Statement], wanted: Wanted, last: Statement | None) -> list[int]:
    """Places of statements that point to one that matches, at any remove; a voided one in between still leads on.

    ``last`` is the last row of a full page: then only pointers before it can stand on the page, and they are few, so each is followed to
    where it leads. Without it there are few matches, so it is asked who points to them.
    """
    if last is None:
        return _pointing_to_matches(wanted)
    near = rows.filter(seq__lte=last.seq) if wanted.ascending else rows.filter(seq__gte=last.seq)
    return _leading_to_matches(near.filter(target__isnull=False), wanted)


def _leading_to_matches(pointers: QuerySet[Statement], wanted: Wanted) -> list[int]:
    reached: list[int] = []
    following: dict[UUID, list[int]] = {}
    for seq, target in pointers.order_by().values_list("seq", "target"):
        following.setdefault(target, []).append(seq)  # type: ignore[arg-type]
    for _depth in range(DEEPEST_CHAIN):
        if not following:
            break
        there = Statement.objects.filter(statement_id__in=list(following))
        matching = set(_narrowed(there, wanted).order_by().values_list("statement_id", flat=True))
        reached += [seq for target in matching for seq in following[target]]
        further: dict[UUID, list[int]] = {}
        for ident, target in there.filter(target__isnull=False).order_by().values_list("statement_id", "target"):
            if ident not in matching:
                further.setdefault(target, []).extend(following[ident])  # type: ignore[arg-type]
        following = further
    return sorted(reached)


def _pointing_to_matches(wanted: Wanted) -> list[int]:
    reached: dict[int, UUID] = {}
    targets: Any = _narrowed(Statement.objects.all(), wanted).order_by().values("statement_id")
    for _depth in range(DEEPEST_CHAIN):
        found = dict(Statement.objects.filter(target__isnull=False, target__in=targets).values_list("seq", "statement_id"))
        new = {seq: ident for seq, ident in found.items() if seq not in reached}
        if not new:
            break
        reached |= new
        targets = list(new.values())
    return sorted(reached)


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
