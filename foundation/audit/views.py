"""The public face of the log: what it is, its signed heads, and each head as a file to keep."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from foundation.audit.models import LogCheck, LogHead
from foundation.audit.proofs import head_document

SHOWN = 30
LONGEST_NUMBER = 18


@require_safe
def log_page(request: HttpRequest) -> HttpResponse:
    """Heads, the newest first, and when the log was last looked at. Three queries, whatever its length."""
    before = request.GET.get("before", "")
    rows = LogHead.objects.order_by("-pk")
    newest = rows.first()
    earlier = before.isascii() and before.isdigit() and len(before) <= LONGEST_NUMBER
    heads = list((rows.filter(pk__lt=int(before)) if earlier else rows)[: SHOWN + 1])
    context = {
        "newest": newest, "heads": heads[:SHOWN], "older": heads[SHOWN - 1].pk if len(heads) > SHOWN else None, "earlier": earlier,
        "check": LogCheck.objects.order_by("-pk").first(),
    }  # fmt: skip
    return render(request, "foundation/log.html", context)


@require_safe
def log_head(request: HttpRequest, number: int) -> HttpResponse:
    """One head as JSON, to be kept; ``manage.py verify_log --anchor`` reads it."""
    head = LogHead.objects.filter(pk=number).first()
    if head is None:
        raise Http404
    answer = JsonResponse(head_document(head), json_dumps_params={"indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="log-head-{head.pk}.json"'
    answer["Access-Control-Allow-Origin"] = "*"
    return answer
