"""The code by which a person shows credit at a counter, and what whoever scans it sees."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_safe

from creditbank.statements.showing import SHOWN_FOR, ShownCodeEnded, latest_looks, show_credit, shown_credit
from foundation.api import client_address, gone, rate_limited, too_many_requests
from identity.api import SignedInRequest

LOOKS_PER_MINUTE = 30


@login_required
@never_cache
@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """A code that lives five minutes; the page loaded again makes another."""
    person = cast("SignedInRequest", request).user
    code = show_credit(person, at=timezone.now())
    context = {"code": code, "seconds": int(SHOWN_FOR.total_seconds()), "looks": latest_looks(person), "nav": "credits"}
    return render(request, "creditbank/show_credit.html", context)


@never_cache
@require_GET
def shown(request: HttpRequest, token: str) -> HttpResponse:
    """The balances behind a code; 410 after its time, 404 for one that is not ours. No sign-in."""
    if rate_limited(f"shown:{client_address(request)}", limit=LOOKS_PER_MINUTE, seconds=60):
        return too_many_requests(request)
    try:
        credit = shown_credit(token, at=timezone.now())
    except ShownCodeEnded:
        return gone(request, {"reason": _("This code lived five minutes. Ask the person to show a new one.")})
    if credit is None:
        raise Http404
    return render(request, "creditbank/shown_credit.html", {"credit": credit, "now": timezone.now()})
