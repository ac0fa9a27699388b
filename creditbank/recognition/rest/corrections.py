"""Taking back over HTTP: results that an institution issued, awards that it made, cases to look at again (session, in the acting role)."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.security import django_auth

from creditbank.catalogue.rest import plain_amount
from creditbank.ledger.queries import states_of
from creditbank.recognition.actions import (
    agree_to_correction,
    confirm_record,
    keep_award,
    propose_reversal,
    propose_revocation,
    refuse_correction,
)
from creditbank.recognition.corrections import Correction, SourceReview
from creditbank.recognition.models import CASE_ROLES
from creditbank.recognition.problems import told
from creditbank.recognition.queries import issued_at, waiting_for_confirmation
from creditbank.recognition.rest.finding import at_desk, case_of
from creditbank.recognition.rest.keeping_schemas import (
    CorrectionIn,
    CorrectionOut,
    CorrectionQuestion,
    CorrectionsOut,
    ListQuestion,
    ReasonIn,
    RecordOut,
    RecordQuestion,
    RecordsOut,
    ReviewOut,
    ReviewQuestion,
    ReviewsOut,
    named,
)
from creditbank.recognition.views.shared import issued_record
from foundation.api import (
    PRIVATE_PROBLEMS,
    WRITE_PROBLEMS,
    OnceKey,
    Problem,
    RetryKey,
    access,
    answer_again,
    answer_once,
    as_stored,
    bring_keys,
    cursor_page,
    only_known,
    visible_to,
)
from identity.api import Role
from learning.api import LearningRecord

router = Router(tags=["credit bank: taking back"], auth=django_auth)
PEOPLE = ("learner", "institution", "application", "proposed_by", "decided_by")


@router.get("/desk/corrections", response={200: CorrectionsOut, **PRIVATE_PROBLEMS}, summary="List what is taken back")
def list_corrections(request: Any, question: Query[CorrectionQuestion]) -> dict[str, Any]:
    """What the caller's institutions proposed to take back and how it ended, newest first, by cursor."""
    only_known(request, question)
    at_desk(request)
    rows = visible_to(request.user, Correction).select_related(*PEOPLE)
    for name in ("state", "kind"):
        if value := getattr(question, name):
            rows = rows.filter(**{name: value})
    page = cursor_page(rows, cursor=question.cursor, limit=question.limit)
    bring_keys({row.learner.uuid for row in page.items})
    return {"items": [_correction(row) for row in page.items], "next_cursor": page.next_cursor}


@router.get("/desk/corrections/{correction_uuid}", response={200: CorrectionOut, **PRIVATE_PROBLEMS}, summary="Read one correction")
def read_correction(request: Any, correction_uuid: str) -> dict[str, Any]:
    """What was proposed, by whom and why, and how it ended."""
    at_desk(request)
    return _correction(access(Correction.objects.select_related(*PEOPLE), correction_uuid, user=request.user))


@router.post("/desk/corrections", response={201: CorrectionOut, **WRITE_PROBLEMS}, summary="Propose to take a result back")
def take_back(request: Any, body: CorrectionIn, idempotency_key: OnceKey) -> tuple[int, Any]:
    """By an officer of the institution that issued it; nothing moves until a second person agrees. The same Idempotency-Key proposes once."""
    places = at_desk(request, Role.CREDIT_OFFICER)
    record = LearningRecord.objects.select_related("learner").filter(uuid=body.record, institution__in=places).first()
    if record is None:
        raise Problem(422, "unknown_record", _("Your institution has issued no such result."))

    def work() -> tuple[int, Any]:
        with told():
            return 201, _stored(propose_revocation(record, actor=request.user, at=timezone.now(), reason=body.reason))

    return answer_once(
        principal=str(request.user.uuid), endpoint="desk/corrections", key=idempotency_key, body=body.model_dump(mode="json"), work=work
    )


@router.post(
    "/desk/applications/{reference}/propose-reversal",
    response={201: CorrectionOut, **WRITE_PROBLEMS},
    summary="Propose to reverse an award",
)
def reverse(request: Any, reference: str, body: ReasonIn, idempotency_key: OnceKey) -> tuple[int, Any]:
    """Of a case that was posted; nothing moves until a second person agrees. The same Idempotency-Key proposes once."""
    row = case_of(request, reference, to="propose_reversal")

    def work() -> tuple[int, Any]:
        with told():
            return 201, _stored(propose_reversal(row, actor=request.user, at=timezone.now(), reason=body.reason))

    return answer_again(request, idempotency_key, body, work)


@router.post("/desk/corrections/{correction_uuid}/agree", response={200: CorrectionOut, **WRITE_PROBLEMS}, summary="Agree to take it back")
def agree(request: Any, correction_uuid: str, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """The second person: the result is void and its credit revoked, or the award is reversed; the learner is told."""
    row = access(Correction, correction_uuid, user=request.user, to="decide")

    def work() -> tuple[int, Any]:
        with told():
            return 200, _stored(agree_to_correction(row, actor=request.user, at=timezone.now()))

    return answer_again(request, idempotency_key, None, work)


@router.post(
    "/desk/corrections/{correction_uuid}/refuse", response={200: CorrectionOut, **WRITE_PROBLEMS}, summary="Do not agree to take it back"
)
def refuse(request: Any, correction_uuid: str, body: ReasonIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """The second person says why; nothing moves."""
    row = access(Correction, correction_uuid, user=request.user, to="decide")

    def work() -> tuple[int, Any]:
        with told():
            return 200, _stored(refuse_correction(row, actor=request.user, at=timezone.now(), note=body.reason))

    return answer_again(request, idempotency_key, body, work)


def _stored(row: Correction) -> dict[str, Any]:
    return as_stored(CorrectionOut, _correction(Correction.objects.select_related(*PEOPLE).get(pk=row.pk)))


def _correction(row: Correction) -> dict[str, Any]:
    names = ("uuid", "kind", "title_zh", "title_en", "reason", "state", "proposed_at", "decided_at", "note")
    return {
        **named(row, *names), "institution": row.institution.code, "learner": row.learner.uuid, "record": row.record_uuid,
        "application": row.application.reference if row.application else None, "proposed_by": row.proposed_by.uuid,
        "decided_by": row.decided_by.uuid if row.decided_by else None,
    }  # fmt: skip


@router.get("/desk/reviews", response={200: ReviewsOut, **PRIVATE_PROBLEMS}, summary="List cases to look at again")
def list_reviews(request: Any, question: Query[ReviewQuestion]) -> dict[str, Any]:
    """Cases that hold or have used a record which its issuer took back, newest first, by cursor."""
    only_known(request, question)
    at_desk(request)
    rows = visible_to(request.user, SourceReview).select_related("application__learner")
    rows = rows.filter(state=question.state) if question.state else rows
    page = cursor_page(rows, cursor=question.cursor, limit=question.limit)
    bring_keys({row.application.learner.uuid for row in page.items})
    return {"items": [_review(row) for row in page.items], "next_cursor": page.next_cursor}


@router.post("/desk/reviews/{review_id}/keep", response={200: ReviewOut, **WRITE_PROBLEMS}, summary="Say why a case stands")
def keep(request: Any, review_id: int, body: ReasonIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """Though a record of it was taken back; nothing moves."""
    row = access(SourceReview.objects.select_related("application"), review_id, user=request.user, to="keep", field="pk")

    def work() -> tuple[int, Any]:
        with told():
            kept = keep_award(row, actor=request.user, at=timezone.now(), note=body.reason)
        return 200, as_stored(ReviewOut, _review(kept))

    return answer_again(request, idempotency_key, body, work)


def _review(row: SourceReview) -> dict[str, Any]:
    names = ("title_zh", "title_en", "state", "opened_at", "closed_at", "note")
    return {**named(row, *names), "number": row.pk, "application": row.application.reference, "record": row.record_uuid}


@router.get("/desk/issued", response={200: RecordsOut, **PRIVATE_PROBLEMS}, summary="List results with credit that were issued")
def list_issued(request: Any, question: Query[RecordQuestion]) -> dict[str, Any]:
    """By the caller's institutions, newest first, by cursor, and where the credit of each lies now."""
    only_known(request, question)
    places = at_desk(request, *CASE_ROLES)
    search = question.q.replace("\x00", "").strip()
    return _records(issued_at(places, search=search), question, ("-earned_on", "-id"))


@router.get("/desk/deposits", response={200: RecordsOut, **PRIVATE_PROBLEMS}, summary="List credit that waits to be confirmed")
def list_deposits(request: Any, question: Query[ListQuestion]) -> dict[str, Any]:
    """Results of the caller's institutions whose credit is pending, first to last, by cursor."""
    only_known(request, question)
    places = at_desk(request, Role.CREDIT_OFFICER)
    return _records(waiting_for_confirmation().filter(institution__in=places), question, ("id",))


@router.post("/desk/deposits/{record_uuid}/confirm", response={200: RecordOut, **WRITE_PROBLEMS}, summary="Confirm the credit of a result")
def confirm_deposit(request: Any, record_uuid: str, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """By an officer of the institution that issued it, who is not its learner: the credit is available from now on. Once."""
    row = issued_record(request, record_uuid)

    def work() -> tuple[int, Any]:
        with told():
            if confirm_record(row, actor=request.user, on=timezone.localdate()) is None:
                raise Problem(409, "wrong_state", _("This record is void or disputed; nothing was changed."), state=row.state)
        return 200, as_stored(RecordOut, _record(row, states_of([row.uuid]).get(row.uuid, ())))

    return answer_again(request, idempotency_key, None, work)


def _records(rows: Any, question: ListQuestion, order: tuple[str, ...]) -> dict[str, Any]:
    shown = rows.select_related("learner", "institution", "credit_system")
    page = cursor_page(shown, cursor=question.cursor, limit=question.limit, order=order)
    lots = states_of([row.uuid for row in page.items])
    return {"items": [_record(row, lots.get(row.uuid, ())) for row in page.items], "next_cursor": page.next_cursor}


def _record(row: LearningRecord, lots: Any) -> dict[str, Any]:
    return {
        **named(row, "uuid", "title_zh", "title_en", "earned_on", "state"), "learner": row.learner.uuid, "outcome": row.outcome_code,
        "institution": row.institution.code if row.institution else "", "credits": plain_amount(row.credits),
        "system": row.credit_system.code if row.credit_system else "", "credit": {lot.kind: plain_amount(lot.amount) for lot in lots},
    }  # fmt: skip
