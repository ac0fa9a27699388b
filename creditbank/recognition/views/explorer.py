"""The conversion explorer: I have this, I want that. Public, and a link to a result has no person in it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language

from creditbank.agreements.queries import limits_of, outcome_titles, rule_base, target_of, version_in_force
from creditbank.catalogue.models import Outcome, Programme
from creditbank.recognition.presenting import Shown, show
from creditbank.rules.decide import decide
from creditbank.rules.snapshot import plain
from creditbank.rules.types import Facts, RecordFacts

MOST_OUTCOMES = 12
USUAL_SCORE = Decimal(80)


def explorer(request: HttpRequest) -> HttpResponse:
    """Chosen outcomes against every open programme (or one), with the arithmetic and the reason for what does not count."""
    outcomes = list(Outcome.objects.select_related("owner", "system").order_by("owner__code", "code"))
    programmes = list(Programme.objects.open().select_related("institution", "system"))
    chosen = [outcome for outcome in outcomes if outcome.code in request.GET.getlist("have")][:MOST_OUTCOMES]
    wanted = next((programme for programme in programmes if programme.code == request.GET.get("to")), None)
    score = _score(request.GET.get("score", ""))
    results = [_result(programme, chosen, score) for programme in ([wanted] if wanted else programmes)] if chosen else []
    results.sort(key=lambda result: (-result["shown"].posted if result["shown"] else 1, result["programme"].code))
    context = {
        "outcomes": outcomes, "programmes": programmes, "chosen": chosen, "chosen_codes": [outcome.code for outcome in chosen],
        "wanted": wanted, "score": score, "results": results, "nav": "convert",
    }  # fmt: skip
    return render(request, "creditbank/explorer.html", context)


def _score(text: str) -> Decimal:
    try:
        score = Decimal(text[:8])
    except InvalidOperation:
        return USUAL_SCORE
    return score if score.is_finite() and 0 <= score <= 1000 else USUAL_SCORE  # noqa: PLR2004  the highest of any scale (CET: 710)


def _result(programme: Programme, chosen: list[Outcome], score: Decimal) -> dict[str, Any]:
    on = timezone.localdate()
    version = version_in_force(programme.institution, on=on)
    if version is None:
        return {"programme": programme, "version": None, "shown": None}
    base, limits, target = rule_base(version), limits_of(version), target_of(programme)
    records = tuple(
        RecordFacts(
            id=outcome.code, outcome=outcome.code, issuer=outcome.owner.code, earned_on=on, score=score, attendance=Decimal(100),
            credits=outcome.credits, system=outcome.system.code if outcome.system else "", hours=outcome.hours, category=outcome.category,
            source_type=outcome.source_type, subjects=tuple(outcome.subjects), valid_until=None, dup_class=outcome.dup_class,
            title_zh=outcome.title_zh, title_en=outcome.title_en,
        )
        for outcome in chosen
    )  # fmt: skip
    decision = decide(Facts("", records, target, on), base, limits, on)
    return {"programme": programme, "version": version, "shown": _words(decision, base, records, target)}


def _words(decision: Any, base: Any, records: tuple[RecordFacts, ...], target: Any) -> Shown:
    titles = {record.id: (record.title_zh, record.title_en) for record in records}
    leaves = {leaf.path: (leaf.title_zh, leaf.title_en) for leaf in target.seats()}
    language = get_language() or "zh-hans"
    return show(plain(decision), base=base, records=titles, outcomes=outcome_titles(), leaves=leaves, language=language)
