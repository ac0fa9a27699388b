"""The books, for operators and auditors: whether they are right, since when that is known, and the way from a sum to its reason."""

from __future__ import annotations

from decimal import Decimal
from typing import cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from creditbank.ledger.enums import AccountKind
from creditbank.ledger.models import BookCheck, LedgerFreeze, Transaction
from creditbank.ledger.queries import BOOKS_LATE, book_light
from foundation.api import CreditSystem, begins_with
from identity.api import Role, SignedInRequest

SHOWN, RECENT = 20, 5000


@login_required
@require_safe
def books(request: HttpRequest) -> HttpResponse:
    """Light, sums, differences, freezes and earlier looks; for auditors the transactions behind them, too."""
    person = cast("SignedInRequest", request).user
    if not person.acts_as(Role.OPERATOR, Role.AUDITOR):
        raise PermissionDenied(_("The books are shown to operators and auditors."))
    now = timezone.now()
    last = BookCheck.objects.order_by("-id").first()
    search = request.GET.get("q", "").replace("\x00", "").strip()[:120]
    context = {
        "light": book_light(last, now=now, late=BOOKS_LATE), "last": last, "table": _table(last), "now": now, "q": search,
        "freeze": LedgerFreeze.objects.filter(lifted_at__isnull=True).first(), "checks": BookCheck.objects.order_by("-id")[1:11],
        "kinds": AccountKind, "is_auditor": person.acts_as(Role.AUDITOR), "ops_nav": "books",
        "transactions": _transactions(search) if person.acts_as(Role.AUDITOR) else (),
    }  # fmt: skip
    return render(request, "creditbank/books.html", context)


def _table(check: BookCheck | None) -> list[dict[str, object]]:
    """One row a unit: its system, and the sum of every kind of account in the order of the enum; the last figure is the sum of them all."""
    if check is None:
        return []
    systems = {system.code: system for system in CreditSystem.objects.all()}
    sums: dict[str, dict[str, Decimal]] = {}
    for row in check.sums:
        sums.setdefault(row["unit"], {})[row["kind"]] = Decimal(row["amount"])
    return [
        {
            "system": systems.get(unit), "unit": unit, "figures": [kinds.get(kind, Decimal(0)) for kind in AccountKind.values],
            "total": sum(kinds.values(), Decimal(0)),
        }
        for unit, kinds in sorted(sums.items())
    ]  # fmt: skip


def _transactions(search: str) -> list[Transaction]:
    """The newest, or those of a record or an application (its uuid), or with a key that begins so."""
    rows = Transaction.objects.order_by("-id")
    if not search:
        return list(rows[:SHOWN])
    try:
        ident = UUID(search)
    except ValueError:
        return _newest_of_key(rows, search)
    return list(rows.filter(Q(record_uuid=ident) | Q(application_uuid=ident))[:SHOWN])


def _newest_of_key(rows: QuerySet[Transaction], beginning: str) -> list[Transaction]:
    """The newest whose key begins so. At most three queries.

    A beginning that many have (``award:``) fills the list from the last few thousand already; its index would find a hundred thousand, to be
    sorted. One that few have is answered by the index. SQLite's LIKE does not tell capitals from small letters, hence the second look.
    """
    newest = rows.values_list("pk", flat=True).first() or 0
    recent = [row for row in rows.filter(pk__gt=newest - RECENT, key__startswith=beginning)[:SHOWN] if row.key.startswith(beginning)]
    return recent if len(recent) == SHOWN else list(rows.filter(begins_with("key", beginning))[:SHOWN])
