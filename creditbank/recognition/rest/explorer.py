"""The public conversion explorer over HTTP: what outcomes are worth everywhere. Nothing is stored, nobody is in the question."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router

from creditbank.catalogue.models import Outcome, Programme
from creditbank.recognition.exploring import books_of, records_of_outcomes, target_and_decision
from creditbank.recognition.rest.schemas import ConversionsOut, ConvertIn
from creditbank.recognition.rest.telling import tell_proposal
from creditbank.rules.snapshot import plain
from creditbank.rules.types import Facts, Target
from foundation.api import READ_PROBLEMS, Problem, client_address, rate_limited

router = Router(tags=["credit bank: conversion"])
ASKED_PER_MINUTE = 60


@router.post("/convert", response={200: ConversionsOut, **READ_PROBLEMS}, summary="What outcomes are worth")
def convert(request: HttpRequest, body: ConvertIn) -> dict[str, Any]:
    """Decides the outcomes, earned today with one score, for every open programme (or one) whose institution has published rules."""
    if rate_limited(f"convert:{client_address(request)}", limit=ASKED_PER_MINUTE, seconds=60):
        raise Problem(429, "too_many_requests", _("Too many requests. Please wait a minute."))
    wanted = [code.replace("\x00", "") for code in body.outcomes]
    outcomes = list(Outcome.objects.filter(code__in=wanted).select_related("owner", "system").order_by("code"))
    unknown = sorted(set(wanted) - {outcome.code for outcome in outcomes})
    if unknown:
        raise Problem(422, "unknown_outcome", _("Some outcomes are not in the catalogue."), outcomes=[code[:60] for code in unknown])
    programmes = Programme.objects.open().select_related("institution", "system").order_by("code")
    if body.programme:
        programmes = programmes.filter(code=body.programme.replace("\x00", ""))
        if not programmes:
            raise Problem(422, "unknown_programme", _("There is no such programme."))
    on = timezone.localdate()
    facts = Facts("", records_of_outcomes(outcomes, score=body.score, on=on), Target("", ""), on)
    books = books_of(list(programmes), on=on)
    answers = []
    for programme in programmes:
        if programme.institution_id in books:
            version, base, limits = books[programme.institution_id]
            decision = target_and_decision(programme, base, limits, facts, on=on)[1]
            answers.append(tell_proposal(plain(decision), programme=programme.code, book=version.book.code, version=version.number))
    answers.sort(key=lambda answer: (-Decimal(answer["posted"]), answer["programme"]))
    return {"on": on, "answers": answers}
