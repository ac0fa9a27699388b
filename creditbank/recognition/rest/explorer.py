"""The public conversion explorer over HTTP: what outcomes are worth everywhere. Nothing is stored, nobody is in the question."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.security import django_auth

from creditbank.agreements.queries import targets_of
from creditbank.catalogue.models import Outcome, Programme
from creditbank.recognition.earlier import awards_by_programme
from creditbank.recognition.exploring import (
    Awarded,
    Source,
    best_for,
    books_of,
    records_of_outcomes,
    sources_of_outcome,
    sources_of_programme,
)
from creditbank.recognition.facts import facts_of
from creditbank.recognition.rest.schemas import ConversionQuestion, ConversionsOut, ConvertIn, ProgrammeSourcesOut, SourcesOut
from creditbank.recognition.rest.telling import tell_proposal
from creditbank.rules.snapshot import plain
from creditbank.rules.types import Facts, Target
from foundation.api import PRIVATE_PROBLEMS, READ_PROBLEMS, Problem, access, client_address, only_known, rate_limited

router = Router(tags=["credit bank: conversion"])
ASKED_PER_MINUTE = 60


@router.post("/convert", response={200: ConversionsOut, **READ_PROBLEMS}, summary="What outcomes are worth")
def convert(request: HttpRequest, body: ConvertIn) -> dict[str, Any]:
    """Decides the outcomes, earned today with one score, for every open programme (or one) whose institution has published rules."""
    if rate_limited(f"convert:{client_address(request)}", limit=ASKED_PER_MINUTE, seconds=60):
        raise Problem(429, "too_many_requests", _("Too many requests. Please wait a minute."))
    wanted = body.outcomes
    outcomes = list(Outcome.objects.filter(code__in=wanted).select_related("owner", "system").order_by("code"))
    unknown = sorted(set(wanted) - {outcome.code for outcome in outcomes})
    if unknown:
        raise Problem(422, "unknown_outcome", _("Some outcomes are not in the catalogue."), outcomes=[code[:60] for code in unknown])
    programmes = Programme.objects.open().select_related("institution", "system").order_by("code")
    if body.programme:
        programmes = programmes.filter(code=body.programme)
        if not programmes:
            raise Problem(422, "unknown_programme", _("There is no such programme."))
    on = timezone.localdate()
    return _answers(list(programmes), Facts("", records_of_outcomes(outcomes, score=body.score, on=on), Target("", ""), on))


@router.get(
    "/me/conversions", response={200: ConversionsOut, **PRIVATE_PROBLEMS}, auth=django_auth, summary="What one's own archive is worth"
)
def convert_own(request: Any, question: Query[ConversionQuestion]) -> dict[str, Any]:
    """Decides one's own archive for every open programme (or one) whose institution has published rules, beside what was awarded there before.

    Nothing is stored.
    """
    only_known(request, question)
    if rate_limited(f"convert:{request.user.uuid}", limit=ASKED_PER_MINUTE, seconds=60):
        raise Problem(429, "too_many_requests", _("Too many requests. Please wait a minute."))
    programmes = Programme.objects.open().select_related("institution", "system").order_by("code")
    if question.programme:
        programmes = programmes.filter(code=question.programme)
        if not programmes:
            raise Problem(422, "unknown_programme", _("There is no such programme."))
    facts = facts_of(request.user, Target("", ""), applied_on=timezone.localdate())
    return _answers(list(programmes), facts, awards_by_programme(request.user))


@router.get("/outcomes/{code}/sources", response={200: SourcesOut, **READ_PROBLEMS}, summary="What counts as an outcome")
def sources_of_course(request: HttpRequest, code: str) -> dict[str, Any]:
    """Every rule in force that gives this outcome, strongest kind of grant first."""
    row = Outcome.objects.filter(code=code[:60]).first()
    if row is None:
        raise Problem(404, "not_found", _("There is nothing at this address."))
    return {"outcome": row.code, "sources": _both(sources_of_outcome, row)}


@router.get("/programmes/{code}/sources", response={200: ProgrammeSourcesOut, **READ_PROBLEMS}, summary="What counts towards a programme")
def sources_of_one_programme(request: HttpRequest, code: str) -> dict[str, Any]:
    """For each requirement the rules of the institution in force whose grants it accepts."""
    rows = Programme.objects.open().select_related("institution", "system")
    row = access(rows, code, user=request.user, field="code")
    on = timezone.localdate()
    pairs = zip(sources_of_programme(row, on=on, language="zh-hans"), sources_of_programme(row, on=on, language="en"), strict=True)
    requirements = [
        {"path": zh.leaf.path, "title_zh": zh.leaf.title_zh, "title_en": zh.leaf.title_en, "sources": _told(zh.sources, en.sources)}
        for zh, en in pairs
    ]
    return {"programme": row.code, "requirements": requirements}


def _both(work: Callable[..., Sequence[Source]], row: Any) -> list[dict[str, Any]]:
    on = timezone.localdate()
    return _told(work(row, on=on, language="zh-hans"), work(row, on=on, language="en"))


def _told(zh: Sequence[Source], en: Sequence[Source]) -> list[dict[str, Any]]:
    return [
        {
            "book": first.version.book.code, "version": first.version.number, "rule": first.rule.id, "kind": first.kind,
            "sentence_zh": first.sentence, "sentence_en": second.sentence, "document": plain(first.rule),
        }
        for first, second in zip(zh, en, strict=True)
    ]  # fmt: skip


def _answers(programmes: list[Programme], facts: Facts, awarded: Awarded = MappingProxyType({})) -> dict[str, Any]:
    on = facts.applied_on
    books = books_of(programmes, on=on)
    answers = []
    for programme, target in zip(programmes, targets_of(programmes), strict=True):
        if programme.institution_id in books:
            version, base, limits = books[programme.institution_id]
            decision = best_for(target, base, limits, replace(facts, earlier=awarded.get(programme.pk, ())), on=on)
            answers.append(tell_proposal(plain(decision), programme=programme.code, book=version.book.code, version=version.number))
    answers.sort(key=lambda answer: (-Decimal(answer["posted"]), answer["programme"]))
    return {"on": on, "answers": answers}
