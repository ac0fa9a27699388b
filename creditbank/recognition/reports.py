"""Figures of a desk: how long, how much, why not, what appeals and exceptions say about the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

from django.db.models import BooleanField, Case, Count, DateField, Exists, Func, IntegerField, OuterRef, Q, Subquery, Sum, When
from django.utils import timezone

from creditbank.agreements.models import RuleBookVersion, RuleRow
from creditbank.catalogue.queries import requirement_titles
from creditbank.recognition.enums import AppealResult, ExceptionState, LineChoice, RefusalReason, Verdict
from creditbank.recognition.models import Appeal, Application, ApplicationLine, IndividualException

PERIODS = (30, 90, 365)
FEW = 2000
"""So many decisions can be looked at one by one."""


@dataclass(frozen=True)
class Counted:
    """A name with how often."""

    label: str
    count: int


@dataclass(frozen=True)
class Report:
    """The figures of some institutions over a period. Shares are whole per cent; None where nothing was decided."""

    decided: int
    automatic: int
    verdicts: tuple[Counted, ...]
    days_median: Decimal | None
    days_slowest_tenth: int | None
    in_time: int | None
    proposed: Decimal
    recognised: Decimal
    rate: int | None
    reasons: tuple[Counted, ...]
    appeals: int
    appeals_won: int
    appeals_by_default: int
    exceptions: tuple[Counted, ...]
    unused_rules: tuple[str, ...]


def report_of(institutions: Sequence[int], *, since: date, until: date) -> Report:
    """The figures for decisions from one day to another, both included. Seven queries at most, and no row for a single decision in any answer, unless they are few."""
    period = _period(since, until)
    decisions = Application.objects.filter(institution__in=institutions, decided_at__range=period).order_by()
    rows = _counted(decisions)
    decided = sum(row["n"] for row in rows)
    few = list(decisions.values_list("pk", flat=True)) if decided <= FEW else None
    days = [row["days"] for row in sorted(rows, key=lambda one: one["days"] or 0) if row["days"] is not None for _each in range(row["n"])]
    timed = {held: sum(row["n"] for row in rows if row["in_time"] is held) for held in (True, False)}
    proposed = sum((row["proposed"] or Decimal(0) for row in rows), Decimal(0))
    recognised = sum((row["recognised"] or Decimal(0) for row in rows), Decimal(0))
    found = {verdict.value: sum(row["n"] for row in rows if row["verdict"] == verdict) for verdict in Verdict}
    # A condition on each line's case, not a join: lines of a rule or a choice are few, decisions of a year are many.
    case = Application.objects.filter(pk=OuterRef("application_id"), institution__in=institutions, decided_at__range=period)
    lines = ApplicationLine.objects.filter(Exists(case))
    appeals = Appeal.objects.filter(application__institution__in=institutions, decided_at__range=period)
    won = appeals.aggregate(
        all=Count("pk"), won=Count("pk", filter=Q(result=AppealResult.GRANTED)), default=Count("pk", filter=Q(by_default=True))
    )
    return Report(
        decided=decided, automatic=sum(row["n"] for row in rows if row["required_approvals"] == 0),
        verdicts=tuple(Counted(str(verdict.label), found[verdict.value]) for verdict in Verdict),
        days_median=Decimal(median(days)) if days else None, days_slowest_tenth=days[len(days) * 9 // 10] if days else None,
        in_time=_share(timed[True], timed[True] + timed[False]), proposed=proposed, recognised=recognised, rate=_share(recognised, proposed),
        reasons=_reasons(lines), appeals=won["all"], appeals_won=won["won"], appeals_by_default=won["default"],
        exceptions=_exceptions(institutions, period), unused_rules=_unused(institutions, until, lines, few),
    )  # fmt: skip


def _period(since: date, until: date) -> tuple[datetime, datetime]:
    """The first and the last moment of some days where we are: bounds that an index knows, unlike the date of each moment."""
    return timezone.make_aware(datetime.combine(since, time.min)), timezone.make_aware(datetime.combine(until, time.max))


class LocalDay(Func):
    """The day of a moment where we are, worked out by the database itself.

    On SQLite by the distance to UTC of today: the site's zone (Asia/Shanghai) has no summer time. Django's own would call Python for each row.
    """

    output_field = DateField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        seconds = int((timezone.localtime().utcoffset() or timedelta(0)).total_seconds())
        return self.as_sql(compiler, connection, template=f"date(%(expressions)s, '{seconds:+d} seconds')", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        zone = timezone.get_current_timezone_name().replace("'", "")
        return self.as_sql(compiler, connection, template=f"(%(expressions)s AT TIME ZONE '{zone}')::date", **context)


class DaysBetween(Func):
    """Whole days from the second day to the first."""

    arity = 2
    arg_joiner = " - "
    template = "(%(expressions)s)"
    output_field = IntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "CAST(julianday(%(expressions)s) AS INTEGER)"
        return self.as_sql(compiler, connection, template=template, arg_joiner=") - julianday(", **context)


def _counted(decisions: Any) -> list[dict[str, Any]]:
    """Decisions that are alike in verdict, approvals, days taken and punctuality, counted, with their credit summed. One query."""
    day = LocalDay("decided_at")
    in_time = Case(When(due_on__isnull=True, then=None), When(due_on__gte=day, then=True), default=False, output_field=BooleanField())
    alike = decisions.annotate(days=DaysBetween(day, LocalDay("submitted_at")), in_time=in_time)
    return list(
        alike.values("verdict", "required_approvals", "days", "in_time").annotate(
            n=Count("*"), proposed=Sum("proposed_credits"), recognised=Sum("decided_credits")
        )
    )


def _share(part: Any, whole: Any) -> int | None:
    return int(100 * part / whole) if whole else None


def _reasons(lines: Any) -> tuple[Counted, ...]:
    """Why lines were refused or lowered, most frequent first."""
    rows = lines.filter(choice__in=[LineChoice.REFUSE, LineChoice.CHANGE]).exclude(reason="")
    found = rows.order_by().values_list("reason").annotate(n=Count("pk")).order_by("-n", "reason")
    return tuple(Counted(str(RefusalReason(reason).label), count) for reason, count in found)


def _exceptions(institutions: Sequence[int], period: tuple[datetime, datetime]) -> tuple[Counted, ...]:
    """How often each requirement, rule or limit was excepted: one that is excepted often is a wrong one."""
    rows = IndividualException.objects.filter(
        institution__in=institutions, state__in=[ExceptionState.APPROVED, ExceptionState.ENDED], answered_at__range=period
    )
    found = list(rows.values_list("path", "programme", "programme__code").annotate(n=Count("pk")).order_by("-n", "path"))
    titles = requirement_titles(programme for _path, programme, _code, _n in found)
    return tuple(Counted(f"{code} · {titles.get((programme, path)) or path}", count) for path, programme, code, count in found)


def _unused(institutions: Sequence[int], until: date, lines: Any, few: list[int] | None) -> tuple[str, ...]:
    """Rules in force by which nothing was recognised. Of a few decisions all lines are looked at; else each rule is asked for its newest line.

    A rule that is often used, but not in a quiet period, would be walked from end to end; all lines of a busy year would be too many. PostgreSQL
    would make of "whether there is a line" one pass over all lines of everybody, and of "the newest line of this rule" a walk back through them;
    from a code to the same code it can only walk the index of rules.
    """
    versions = RuleBookVersion.objects.in_force(on=until).filter(book__institution__in=institutions)
    known = RuleRow.objects.filter(version__in=versions)
    if few is None:
        code = OuterRef("code")
        newest = Subquery(lines.filter(rule__gte=code, rule__lte=code, decided__gt=0).order_by("rule", "-id").values("pk")[:1])
        known, used = known.annotate(newest=newest).filter(newest__isnull=True), set()
    else:
        used = set(ApplicationLine.objects.filter(application__in=few, decided__gt=0).order_by().values_list("rule", flat=True).distinct())
    return tuple(code for code in dict.fromkeys(known.order_by("code").values_list("code", flat=True)) if code not in used)


def period_of(text: str, *, on: date) -> tuple[int, date]:
    """The chosen number of days and the first of them; a number that is none of ours counts as the longest."""
    days = int(text) if text in {str(period) for period in PERIODS} else PERIODS[-1]
    return days, on - timedelta(days=days)
