"""Putting an application's decision into words."""

from __future__ import annotations

from django.db.models.fields.files import FieldFile
from django.http import Http404, HttpResponse
from django.utils.translation import get_language

from creditbank.agreements.queries import outcome_titles
from creditbank.recognition.models import Application, ApplicationLine
from creditbank.recognition.presenting import LineShown, Shown, show
from creditbank.recognition.queries import Proposal
from creditbank.recognition.replaying import read_snapshot
from creditbank.rules.types import IndividualException


def shown_proposal(proposal: Proposal) -> Shown:
    """A fresh proposal in the reader's language. One query for titles."""
    records = {record.id: (record.title_zh, record.title_en) for record in proposal.facts.records}
    leaves = {leaf.path: (leaf.title_zh, leaf.title_en) for leaf in proposal.facts.target.seats()}
    language = get_language() or "zh-hans"
    return show(proposal.document(), base=proposal.base, records=records, outcomes=outcome_titles(), leaves=leaves, language=language)


def decided_lines(application: Application, shown: Shown | None) -> list[tuple[ApplicationLine, LineShown | None]]:
    """Each line of an application with its words, in the order of the proposal. One query."""
    words = {line.position: line for line in shown.lines} if shown else {}
    return [(line, words.get(line.position)) for line in application.lines.all()]


def shown_application(application: Application) -> Shown | None:
    """A submitted application's stored decision in the reader's language; None for a draft. One query for titles."""
    if not application.snapshot:
        return None
    facts, base, limits, _on = read_snapshot(application.snapshot)
    records = {record.id: (record.title_zh, record.title_en) for record in facts.records}
    leaves = {leaf.path: (leaf.title_zh, leaf.title_en) for leaf in facts.target.seats()}
    language = get_language() or "zh-hans"
    return show(
        application.proposal, base=base, records=records, outcomes=outcome_titles(), leaves=leaves, language=language, limits=limits,
        facts=facts.records,
    )  # fmt: skip


def exceptions_in(application: Application) -> tuple[IndividualException, ...]:
    """The individual exceptions that a decision was taken under, as its snapshot has them."""
    return read_snapshot(application.snapshot)[0].exceptions if application.snapshot else ()


def served(file: FieldFile, *, media_type: str, sha256: str) -> HttpResponse:
    """A stored file as a download: no name that somebody typed, no guessing of kinds, nothing in it may run. 404 where it is gone."""
    if not file.storage.exists(str(file.name)):
        raise Http404
    with file.open("rb") as stream:
        response = HttpResponse(stream.read(), content_type=media_type)
    suffix = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}.get(media_type, "bin")
    response["Content-Disposition"] = f'attachment; filename="evidence-{sha256[:12]}.{suffix}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response
