"""Putting an application's decision into words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from creditbank.agreements.queries import outcome_titles
from creditbank.recognition.actions.steps import in_words
from creditbank.recognition.models import Application, ApplicationEvidence, ApplicationLine
from creditbank.recognition.models import IndividualException as StoredException
from creditbank.recognition.presenting import LineShown, Shown, show
from creditbank.recognition.queries import Proposal
from creditbank.recognition.replaying import read_snapshot
from creditbank.rules.earlier import NoRoom
from creditbank.rules.sentences import limit_sentence
from creditbank.rules.types import IndividualException
from foundation.api import in_language
from identity.api import Role, SignedInRequest
from learning.api import Evidence, LearningRecord


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
    """The individual exceptions that a decision was taken under, as its snapshot has them, with their reasons. At most one query."""
    found = read_snapshot(application.snapshot)[0].exceptions if application.snapshot else ()
    if not found:
        return ()
    said = {
        str(row.uuid): row.reason for row in StoredException.objects.filter(learner=application.learner, programme=application.programme)
    }
    return tuple(replace(one, reason=said.get(one.reason, one.reason)) for one in found)


def lack_in_words(lack: NoRoom, application: Application) -> str:
    """Of what there is too little beside the learner's other awards: the limit with its numbers, the requirement, or the outcome."""
    language = get_language() or "zh-hans"
    facts, _base, limits, _on = read_snapshot(application.snapshot)
    if lack.kind == "limit":
        sentence = next((limit_sentence(limit, language) for limit in limits if limit.id == lack.name), lack.name)
        return _("%(limit)s With what was awarded meanwhile it would be %(used)s of %(bound)s.") % {
            "limit": sentence, "used": in_words(lack.used), "bound": in_words(lack.bound),
        }  # fmt: skip
    if lack.kind == "leaf":
        leaf = next((leaf for leaf in facts.target.leaves if leaf.path == lack.name), None)
        return _("“%(title)s” was filled by another award meanwhile.") % {
            "title": in_language(leaf.title_zh, leaf.title_en) if leaf else lack.name
        }
    return _("The same outcome was awarded meanwhile; it counts once.")


def served(file: ApplicationEvidence | Evidence, read: Callable[[], bytes]) -> HttpResponse:
    """A stored file as a download: no name that somebody typed, no guessing of kinds, nothing in it may run. 404 where it is gone."""
    try:
        response = HttpResponse(read(), content_type=file.media_type)
    except FileNotFoundError as error:
        raise Http404 from error
    suffix = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}.get(file.media_type, "bin")
    response["Content-Disposition"] = f'attachment; filename="evidence-{file.sha256[:12]}.{suffix}"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    response["Cache-Control"] = "private, no-store"
    return response


def issued_record(request: HttpRequest, ident: str) -> LearningRecord:
    """A result of the institutions where the caller is officer. Raises Http404; PermissionDenied for the own result."""
    places = cast("SignedInRequest", request).user.institutions_as(Role.CREDIT_OFFICER)
    try:
        wanted = UUID(str(ident))
    except ValueError as error:
        raise Http404 from error
    rows = LearningRecord.objects.filter(uuid=wanted, institution__in=places)
    record = rows.select_related("learner", "institution", "credit_system").first()
    if record is None:
        raise Http404
    if record.learner_id == request.user.pk:
        raise PermissionDenied(_("Nobody confirms credit of their own."))
    return record
