"""The conversion explorer: I have this, I want that. Public, and a link to a result has no person in it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache

from creditbank.catalogue.models import Outcome, Programme
from creditbank.recognition.earlier import awards_by_programme
from creditbank.recognition.exploring import (
    LONGEST_WORDS,
    Answer,
    answers,
    find_outcomes,
    flow_of,
    records_of_outcomes,
    sources_of_outcome,
    sources_of_programme,
    suggested_outcomes,
)
from creditbank.recognition.facts import facts_of
from creditbank.rules.types import Facts, Target

MOST_OUTCOMES = 12
USUAL_SCORE = Decimal(80)
HIGHEST_SCORE = 1000
"""The highest score of any scale is asked for with room (CET-4: 710)."""


@never_cache
def explorer(request: HttpRequest) -> HttpResponse:
    """Chosen outcomes, or one's own archive, against every open programme: what each gives, by which rule, and why others give nothing.

    In the address: ``have`` (outcome codes), ``to`` (the programme that is opened), ``score``, ``q`` (words to find an outcome by), ``mine``.
    """
    programmes = list(Programme.objects.open().select_related("institution", "system"))
    chosen = _chosen(request)
    words = request.GET.get("q", "").strip()[:LONGEST_WORDS]
    found, found_count = find_outcomes(words)
    if found_count == 1 and found[0] not in chosen and len(chosen) < MOST_OUTCOMES:
        chosen, found, words = [*chosen, found[0]], [], ""
    score = _score(request.GET.get("score", ""))
    facts = _facts(request, chosen, score)
    is_mine = facts.learner != ""
    awarded = awards_by_programme(request.user) if is_mine and facts.records else {}
    language = get_language() or "zh-hans"
    given = answers(programmes, facts, on=timezone.localdate(), language=language, awarded=awarded) if facts.records else []
    context = {
        "programmes": programmes, "chosen": chosen, "words": words, "found": [one for one in found if one not in chosen],
        "found_more": max(0, found_count - len(found)), "found_none": bool(words) and not found_count,
        "suggested": [] if chosen or is_mine else suggested_outcomes(), "score": score, "is_mine": is_mine, "facts": facts,
        "address": _address(chosen, score), "today": timezone.localdate(), "nav": "convert", "can_add": len(chosen) < MOST_OUTCOMES,
    }  # fmt: skip
    split = _split(given, request.GET.get("to", ""))
    opened = split["opened"]
    query = "mine=1" if is_mine else context["address"]
    share = "" if is_mine or opened is None else request.build_absolute_uri(f"?{query}&to={opened.programme.code}")
    return render(
        request, "creditbank/explorer.html", context | split | {"flow": flow_of(opened, facts.records), "query": query, "share": share}
    )


def _split(given: list[Answer], wanted: str) -> dict[str, Any]:
    """The answer that is opened (the wanted one, else the best), other programmes that give something, and those that give nothing."""
    opened = next((one for one in given if one.programme.code == wanted), given[0] if given else None)
    return {
        "opened": opened, "wanted": wanted, "giving": [one for one in given if one.counts],
        "refusing": [one for one in given if not one.counts and one.version is not None and one is not opened],
        "without_rules": [one for one in given if one.version is None],
    }  # fmt: skip


def _chosen(request: HttpRequest) -> list[Outcome]:
    """The outcomes named in the address, in its order, each once; what is unknown is left out."""
    wanted = list(dict.fromkeys(code.replace("\x00", "")[:60] for code in request.GET.getlist("have")))[:MOST_OUTCOMES]
    wanted = [code for code in wanted if code not in request.GET.getlist("drop")]
    known = {outcome.code: outcome for outcome in Outcome.objects.filter(code__in=wanted).select_related("owner", "system")}
    return [known[code] for code in wanted if code in known]


def _facts(request: HttpRequest, chosen: list[Outcome], score: Decimal) -> Facts:
    """The question without its target: one's own archive where that was asked for and somebody is signed in, else what was chosen."""
    on, nowhere = timezone.localdate(), Target("", "")
    if "mine" in request.GET and request.user.is_authenticated:
        return facts_of(request.user, nowhere, applied_on=on)
    return Facts("", records_of_outcomes(chosen, score=score, on=on), nowhere, on)


def _address(chosen: list[Outcome], score: Decimal) -> str:
    """The question as a query string that can be passed on; ``to`` may be added."""
    query = QueryDict(mutable=True)
    query.setlist("have", [outcome.code for outcome in chosen])
    if score != USUAL_SCORE:
        query["score"] = format(score, "f")
    return query.urlencode()


def _score(text: str) -> Decimal:
    try:
        score = Decimal(text[:8])
    except InvalidOperation:
        return USUAL_SCORE
    return score if score.is_finite() and 0 <= score <= HIGHEST_SCORE else USUAL_SCORE


def counts_towards(request: HttpRequest) -> HttpResponse:
    """The other way round: a course or a programme is named, and every published rule that leads to it is listed.

    In the address: ``course`` (an outcome code), ``programme`` (a programme code), ``q`` (words to find a course by).
    """
    language, on = get_language() or "zh-hans", timezone.localdate()
    words = request.GET.get("q", "").strip()[:LONGEST_WORDS]
    found, found_count = find_outcomes(words)
    code = found[0].code if found_count == 1 else request.GET.get("course", "").replace("\x00", "")[:60]
    course = Outcome.objects.select_related("owner").filter(code=code).first() if code else None
    programmes = list(Programme.objects.open().select_related("institution", "system"))
    programme = next((one for one in programmes if one.code == request.GET.get("programme")), None) if course is None else None
    context = {
        "programmes": programmes, "programme": programme, "course": course, "words": words, "found": found if found_count > 1 else [],
        "found_more": max(0, found_count - len(found)), "found_none": bool(words) and not found_count, "nav": "convert",
        "sources": sources_of_outcome(course, on=on, language=language) if course else [],
        "leaves": sources_of_programme(programme, on=on, language=language) if programme else [],
    }  # fmt: skip
    return render(request, "creditbank/counts_towards.html", context)
