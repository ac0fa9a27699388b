"""The state of an institution's side of the store, for its administrator."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from learning.xapi.models import Statement, XapiAccount, XapiForward, XapiHome, XapiKey, XapiRefusal
from learning.xapi.rows import order_number, stored_at

DAYS = 30
SHOWN_ERRORS, SHOWN_WAITING = 20, 50
TEST_NUMBER = "test-statement"
"""The account of the test button; nobody's, and not waiting for anybody."""
KEPT_SECONDS = 40 * 24 * 3600


@dataclass(frozen=True)
class Day:
    """A day and how many statements were stored on it; ``share`` is in per cent of the fullest day."""

    day: date
    statements: int
    share: int


@dataclass(frozen=True)
class StoreState:
    """All that the page shows. ``total`` counts the days shown."""

    keys: list[XapiKey]
    homes: list[XapiHome]
    days: list[Day]
    total: int
    refusals: list[XapiRefusal]
    waiting: list[XapiAccount]
    waiting_total: int
    matched_total: int
    forward: XapiForward | None
    backlog: int


def state_of(institution: Any, *, today: date) -> StoreState:
    """The store's state for an institution. Ten queries, and one more on the first look of a day."""
    days = _days(institution, today)
    forward = XapiForward.objects.filter(institution=institution).first()
    accounts = XapiAccount.objects.filter(institution=institution).exclude(name=TEST_NUMBER)
    return StoreState(
        keys=_keys(institution),
        homes=list(XapiHome.objects.filter(institution=institution)),
        days=days,
        total=sum(day.statements for day in days),
        refusals=list(XapiRefusal.objects.filter(key__institution=institution).select_related("key")[:SHOWN_ERRORS]),
        waiting=list(waiting(accounts)[:SHOWN_WAITING]),
        waiting_total=accounts.filter(person_uuid__isnull=True).count(),
        matched_total=accounts.filter(person_uuid__isnull=False).count(),
        forward=forward,
        backlog=Statement.objects.filter(institution=institution, seq__gt=forward.sent_through).count() if forward else 0,
    )


def waiting(accounts: QuerySet[XapiAccount]) -> QuerySet[XapiAccount]:
    """Accounts that are nobody's yet, the latest first, with ``statements`` and ``latest`` of each."""
    about = Statement.objects.filter(actor=OuterRef("actor"), actor_uuid__isnull=True).order_by().values("actor")
    return (
        accounts.filter(person_uuid__isnull=True)
        .annotate(
            statements=Coalesce(Subquery(about.annotate(n=Count("*")).values("n")), 0),
            latest=Subquery(about.annotate(m=Max("timestamp")).values("m")),
        )
        .order_by("-first_seen", "name")
    )


def _keys(institution: Any) -> list[XapiKey]:
    """The keys, living ones first, each with ``last_used`` (the moment of its last statement)."""
    last = Statement.objects.filter(key=OuterRef("pk")).order_by("-seq").values("seq")[:1]
    rows = list(XapiKey.objects.filter(institution=institution).annotate(last_seq=Subquery(last)).order_by("-created_at"))
    for row in rows:
        row.last_used = stored_at(row.last_seq) if row.last_seq else None  # type: ignore[attr-defined]
    return sorted(rows, key=lambda row: row.revoked_at is not None)


def _days(institution: Any, today: date) -> list[Day]:
    """Statements that came through keys, by day of storing. Days that are over are counted once and remembered."""
    wanted = [today - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    names = {day: f"xapi-day:{institution.pk}:{day.isoformat()}" for day in wanted}
    remembered = cache.get_many(names.values())
    known = {day: int(remembered[name]) for day, name in names.items() if name in remembered}
    missing = [day for day in wanted if day not in known or day == today]
    counts = _counted(institution, missing[0]) if missing else {}
    for day in missing:
        known[day] = counts.get(day, 0)
    cache.set_many({names[day]: known[day] for day in missing if day != today}, KEPT_SECONDS)
    most = max(known.values()) or 1
    return [Day(day, known[day], round(known[day] * 100 / most)) for day in wanted]


def _counted(institution: Any, since: date) -> dict[date, int]:
    begin = timezone.make_aware(datetime.combine(since, datetime.min.time()))
    rows = Statement.objects.filter(institution=institution, key__isnull=False, seq__gte=order_number(begin)).order_by()
    return dict(rows.annotate(day=TruncDate("stored")).values_list("day").annotate(n=Count("pk")))


def failing_forwards() -> list[XapiForward]:
    """Forwardings whose last try failed, worst first, for the health page. One query."""
    return list(XapiForward.objects.filter(is_active=True, failures__gt=0).select_related("institution").order_by("-failures", "pk"))
