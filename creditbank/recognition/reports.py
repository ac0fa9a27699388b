"""Figures of a desk: how long, how much, why not, what appeals and exceptions say about the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from statistics import median
from typing import Any

from django.db.models import Count, Q, Sum
from django.utils import timezone

from creditbank.agreements.models import RuleBookVersion, RuleRow
from creditbank.recognition.enums import AppealResult, ExceptionState, LineChoice, RefusalReason, Verdict
from creditbank.recognition.models import Appeal, Application, ApplicationLine, IndividualException

PERIODS = (30, 90, 365)


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
    """The figures for decisions from one day to another, both included. Eight queries, however many decisions."""
    decided = Application.objects.filter(
        institution__in=institutions, decided_at__date__gte=since, decided_at__date__lte=until, decided_at__isnull=False
    )
    times = list(decided.values_list("submitted_at", "decided_at", "due_on"))
    days = sorted((timezone.localdate(end) - timezone.localdate(start)).days for start, end, _due in times if start and end)
    punctual = [timezone.localdate(end) <= due for _start, end, due in times if end and due]
    sums = decided.aggregate(
        proposed=Sum("proposed_credits"), recognised=Sum("decided_credits"), automatic=Count("pk", filter=Q(required_approvals=0))
    )
    proposed, recognised = sums["proposed"] or Decimal(0), sums["recognised"] or Decimal(0)
    appeals = Appeal.objects.filter(application__institution__in=institutions, decided_at__date__gte=since, decided_at__date__lte=until)
    won = appeals.aggregate(
        all=Count("pk"), won=Count("pk", filter=Q(result=AppealResult.GRANTED)), default=Count("pk", filter=Q(by_default=True))
    )
    return Report(
        decided=len(times), automatic=sums["automatic"], verdicts=_verdicts(decided), days_median=Decimal(median(days)) if days else None,
        days_slowest_tenth=days[len(days) * 9 // 10] if days else None, in_time=_share(sum(punctual), len(punctual)), proposed=proposed,
        recognised=recognised, rate=_share(recognised, proposed), reasons=_reasons(decided), appeals=won["all"], appeals_won=won["won"],
        appeals_by_default=won["default"], exceptions=_exceptions(institutions, since, until), unused_rules=_unused(institutions, decided, until),
    )  # fmt: skip


def _share(part: Any, whole: Any) -> int | None:
    return int(100 * part / whole) if whole else None


def _verdicts(decided: Any) -> tuple[Counted, ...]:
    found = dict(decided.values_list("verdict").annotate(n=Count("pk")).order_by())
    return tuple(Counted(str(verdict.label), found.get(verdict.value, 0)) for verdict in Verdict)


def _reasons(decided: Any) -> tuple[Counted, ...]:
    """Why lines were refused or lowered, most frequent first."""
    rows = ApplicationLine.objects.filter(application__in=decided, choice__in=[LineChoice.REFUSE, LineChoice.CHANGE]).exclude(reason="")
    found = rows.values_list("reason").annotate(n=Count("pk")).order_by("-n", "reason")
    return tuple(Counted(str(RefusalReason(reason).label), count) for reason, count in found)


def _exceptions(institutions: Sequence[int], since: date, until: date) -> tuple[Counted, ...]:
    """How often each requirement, rule or limit was excepted: one that is excepted often is a wrong one."""
    rows = IndividualException.objects.filter(
        institution__in=institutions, state__in=[ExceptionState.APPROVED, ExceptionState.ENDED], answered_at__date__gte=since,
        answered_at__date__lte=until,
    )  # fmt: skip
    found = rows.values_list("path", "programme__code").annotate(n=Count("pk")).order_by("-n", "path")
    return tuple(Counted(f"{programme} · {path}", count) for path, programme, count in found)


def _unused(institutions: Sequence[int], decided: Any, until: date) -> tuple[str, ...]:
    """Rules in force by which nothing was recognised."""
    used = set(ApplicationLine.objects.filter(application__in=decided, decided__gt=0).values_list("rule", flat=True))
    versions = RuleBookVersion.objects.in_force(on=until).filter(book__institution__in=institutions)
    known = RuleRow.objects.filter(version__in=versions).order_by("code").values_list("code", flat=True)
    return tuple(dict.fromkeys(code for code in known if code not in used))


def period_of(text: str, *, on: date) -> tuple[int, date]:
    """The chosen number of days and the first of them; a number that is none of ours counts as the longest."""
    days = int(text) if text in {str(period) for period in PERIODS} else PERIODS[-1]
    return days, on - timedelta(days=days)
