"""The operator's first page: whether the books balance and the service is well, what waits for an answer, and where to look further."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from config.operations.health import checks
from creditbank.api import BOOKS_LATE, BookCheck, book_light
from foundation.api import AuditEntry
from identity.api import ErasureRequest, ErasureState, Institution, Role, SignedInRequest


@dataclass(frozen=True)
class Card:
    """One thing to look at: its name and address, a state (ok, warn, err or "" where there is none), and what is so."""

    name: str
    address: str
    state: str
    text: str


@login_required
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Cards that lead to the pages behind them."""
    person = cast("SignedInRequest", request).user
    if not person.acts_as(Role.OPERATOR, Role.AUDITOR):
        raise PermissionDenied(_("The state of the service is shown to operators and auditors."))
    cards = [_books(), _service(), _wishes()]
    cards += [_institutions()] if person.acts_as(Role.OPERATOR) else []
    cards += [_trail()] if person.acts_as(Role.AUDITOR) else []
    return render(request, "config/overview.html", {"cards": cards, "now": timezone.now(), "ops_nav": "overview"})


def _books() -> Card:
    last = BookCheck.objects.order_by("-id").first()
    light = book_light(last, now=timezone.now(), late=BOOKS_LATE)
    states = {"right": "ok", "late": "warn", "wrong": "err"}
    texts = {
        "right": _("The books balance."), "late": _("Not known today."), "wrong": _("The books are not right, or posting is stopped.")
    }  # fmt: skip
    return Card(_("The books"), reverse("creditbank:books"), states[light], texts[light])


def _service() -> Card:
    bad = [check.name for check in checks(timezone.now()) if not check.ok]
    return Card(_("State of the service"), reverse("ops_health"), "err" if bad else "ok", ", ".join(bad) or _("Every check is well."))


def _wishes() -> Card:
    number = ErasureRequest.objects.filter(state=ErasureState.ASKED).count()
    text = ngettext("%(n)s wish waits for an answer.", "%(n)s wishes wait for an answer.", number) % {"n": localize(number)}
    return Card(_("Wishes to be erased"), reverse("identity:erasures"), "warn" if number else "ok", text if number else _("None waits."))


def _institutions() -> Card:
    number = Institution.objects.count()
    return Card(
        _("Institutions"),
        reverse("identity:onboard"),
        "",
        ngettext("%(n)s institution", "%(n)s institutions", number) % {"n": localize(number)},
    )


def _trail() -> Card:
    number = AuditEntry.objects.filter(at__gte=timezone.now() - timedelta(days=1)).count()
    text = ngettext("%(n)s entry in the last 24 hours", "%(n)s entries in the last 24 hours", number) % {"n": localize(number)}
    return Card(_("Audit log"), reverse("ops_audit"), "", text)
