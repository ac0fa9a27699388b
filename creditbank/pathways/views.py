"""A learner's plan: how far each requirement is filled, and the cheapest courses that fill what is missing."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language

from creditbank.catalogue.models import Programme
from creditbank.pathways.audit import AuditRow
from creditbank.pathways.queries import plan_for
from creditbank.recognition.exceptions import NoRulesInForce
from identity.api import SignedInRequest
from learning.api import SourceType


@login_required
def plan(request: HttpRequest) -> HttpResponse:
    """For the programme in the address (``to``): requirements with what fills them, what is missing, and what to take next."""
    person = cast("SignedInRequest", request).user
    programmes = list(Programme.objects.open().select_related("institution", "system").order_by("institution__code", "code"))
    wanted = next((one for one in programmes if one.code == request.GET.get("to")), None)
    context: dict[str, Any] = {"programmes": programmes, "wanted": wanted, "found": None, "nav": "credits"}
    if wanted is not None:
        try:
            found = plan_for(person, wanted, on=timezone.localdate())
            context |= {
                "found": found,
                "rows": [_row(row) for row in found.audit.rows if row.gap is not None],
                "steps": [_step(one) for one in found.steps],
                "useful": [_step(one) for one in found.useful],
            }
        except NoRulesInForce:
            context["without_rules"] = True
    answer = render(request, "creditbank/plan.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


def _words(zh: str, en: str) -> str:
    return (en or zh) if (get_language() or "").startswith("en") else (zh or en)


def _row(row: AuditRow) -> dict[str, Any]:
    gap = row.gap
    assert gap is not None  # noqa: S101  rows without a need were left out
    share = min(100, int(gap.have * 100 / gap.need)) if gap.need else 100
    return {"title": _words(row.title_zh, row.title_en), "row": row, "share": share}


def _step(step: Any) -> dict[str, Any]:
    zh, _bar, en = step.requirement.partition("|")
    kind = step.outcome.source_type
    return {
        "step": step,
        "requirement": _words(zh, en),
        "hours": int(step.hours),
        "kind": SourceType(kind).label if kind in SourceType.values else "",
    }
