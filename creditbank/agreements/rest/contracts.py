"""Agreements over HTTP: public to read; drafted, signed, suspended, resumed and ended by a party's officer (session, in the acting role)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.security import django_auth

from creditbank.agreements.actions import draft_agreement, end_agreement, resume_agreement, sign_agreement, suspend_agreement
from creditbank.agreements.contracts import Agreement
from creditbank.agreements.enums import AgreementStatus
from creditbank.agreements.models import RuleBookVersion
from creditbank.agreements.problems import told
from creditbank.agreements.rest.books import tell_version
from creditbank.agreements.rest.schemas import (
    AgreementDetailOut,
    AgreementIn,
    AgreementQuestion,
    AgreementsOut,
    EndIn,
    ResumeIn,
    SignIn,
    SuspendIn,
)
from creditbank.agreements.texts import hash_of_text, must_sign
from foundation.api import (
    READ_PROBLEMS,
    UNCHANGED,
    WRITE_PROBLEMS,
    OnceKey,
    Problem,
    RetryKey,
    access,
    answer_again,
    answer_once,
    as_stored,
    cursor_page,
    only_known,
    visible_to,
    with_etag,
)
from identity.api import Institution, Role

router = Router(tags=["credit bank: agreements"])


@router.get("/agreements", response={200: AgreementsOut, **UNCHANGED, **READ_PROBLEMS}, summary="List agreements")
@with_etag
def list_agreements(request: HttpRequest, question: Query[AgreementQuestion]) -> dict[str, Any]:
    """Agreements that were signed, whatever became of them, by cursor; drafts only where they are asked for."""
    only_known(request, question)
    rows = visible_to(request.user, Agreement).prefetch_related("parties")
    rows = rows.filter(status=question.status) if question.status else rows.exclude(status=AgreementStatus.DRAFT)
    if question.institution:
        rows = rows.filter(party_rows__institution__code=question.institution)
    page = cursor_page(rows, cursor=question.cursor, limit=question.limit, order=("pk",))
    return {"items": [_agreement(row) for row in page.items], "next_cursor": page.next_cursor}


@router.get("/agreements/{code}", response={200: AgreementDetailOut, **UNCHANGED, **READ_PROBLEMS}, summary="Read one agreement")
@with_etag
def read_agreement(request: HttpRequest, code: str) -> dict[str, Any]:
    """Its text, parties, signatures, steps, and the rule books that stand on it."""
    return _whole(request, access(Agreement, code, user=request.user, field="code"))


@router.post("/agreements", response={201: AgreementDetailOut, **WRITE_PROBLEMS}, auth=django_auth, summary="Draft an agreement")
def create_agreement(request: Any, body: AgreementIn, idempotency_key: OnceKey) -> tuple[int, Any]:
    """For the caller's own institution; the officers of the other parties are told. The same Idempotency-Key drafts once."""
    own = _own_institution(request, body.institution)
    wanted = {row.institution: str(row.role) for row in body.parties}
    places = {place.code: place for place in Institution.objects.filter(code__in=wanted)}
    unknown = sorted(set(wanted) - set(places))
    if unknown or own.code not in places:
        raise Problem(422, "unknown_party", _("Some parties are unknown, or the own institution is not among them."), parties=unknown)
    names = ("code", "title_zh", "title_en", "text_zh", "text_en", "starts_on", "ends_on")
    facts = {name: getattr(body, name) for name in names}
    older = _superseded(request, body.supersedes)

    def work() -> tuple[int, Any]:
        with told():
            made = draft_agreement(
                **facts, kind=str(body.kind), parties={places[code]: role for code, role in wanted.items()}, actor=request.user,
                at=timezone.now(), by=own, supersedes=older,
            )  # fmt: skip
        return 201, as_stored(AgreementDetailOut, _whole(request, made))

    try:
        return answer_once(
            principal=str(request.user.uuid), endpoint="agreements", key=idempotency_key, body=body.model_dump(mode="json"), work=work
        )
    except IntegrityError as error:
        raise Problem(409, "code_taken", _("There is an agreement with this number.")) from error


def _superseded(request: Any, code: str) -> Agreement | None:
    """The agreement that is to be superseded. Raises Problem 422 for one that does not live, or is none of the caller's."""
    if not code:
        return None
    live = [AgreementStatus.ACTIVE, AgreementStatus.SUSPENDED, AgreementStatus.SIGNED]
    rows = Agreement.objects.filter(status__in=live, parties__in=request.user.institutions_as(Role.CREDIT_OFFICER)).distinct()
    found = rows.filter(code=code).first()
    if found is None:
        raise Problem(422, "unknown_agreement", _("There is no such agreement."))
    return found


@router.post("/agreements/{code}/sign", response={200: AgreementDetailOut, **WRITE_PROBLEMS}, auth=django_auth, summary="Sign an agreement")
def sign(request: Any, code: str, body: SignIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """The caller signs the text that was read for their institution; with the last signature needed it is signed."""

    def step(row: Agreement, own: Institution) -> None:
        sign_agreement(row, institution=own, actor=request.user, at=timezone.now(), shown_hash=body.text_hash)

    return _step(request, code, body, "sign", step, key=idempotency_key)


@router.post(
    "/agreements/{code}/suspend", response={200: AgreementDetailOut, **WRITE_PROBLEMS}, auth=django_auth, summary="Suspend an agreement"
)
def suspend(request: Any, code: str, body: SuspendIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """From a day on its rules do not apply, until it is resumed."""

    def step(row: Agreement, own: Institution) -> None:
        suspend_agreement(row, from_day=body.from_day, actor=request.user, at=timezone.now(), reason=body.reason, by=own)

    return _step(request, code, body, "suspend", step, key=idempotency_key)


@router.post(
    "/agreements/{code}/resume", response={200: AgreementDetailOut, **WRITE_PROBLEMS}, auth=django_auth, summary="Resume an agreement"
)
def resume(request: Any, code: str, body: ResumeIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """In force again."""

    def step(row: Agreement, own: Institution) -> None:
        resume_agreement(row, actor=request.user, at=timezone.now(), reason=body.reason, by=own)

    return _step(request, code, body, "suspend", step, key=idempotency_key)


@router.post("/agreements/{code}/end", response={200: AgreementDetailOut, **WRITE_PROBLEMS}, auth=django_auth, summary="End an agreement")
def end(request: Any, code: str, body: EndIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """With a day, for good; a draft is withdrawn."""

    def step(row: Agreement, own: Institution) -> None:
        end_agreement(row, last_day=body.last_day, actor=request.user, at=timezone.now(), reason=body.reason, by=own)

    return _step(request, code, body, "end", step, key=idempotency_key)


def _step(
    request: Any, code: str, body: Any, to: str, step: Callable[[Agreement, Institution], None], *, key: str | None
) -> tuple[int, Any]:
    row = access(Agreement, code, user=request.user, to=to, field="code")
    own = _own_institution(request, body.institution)
    if not row.party_rows.filter(institution=own).exists():
        raise PermissionDenied

    def work() -> tuple[int, Any]:
        with told():
            step(row, own)
        return 200, as_stored(AgreementDetailOut, _whole(request, Agreement.objects.get(pk=row.pk)))

    return answer_again(request, key, body, work)


def _own_institution(request: Any, code: str) -> Institution:
    """The institution for which the caller acts as credit officer. Raises PermissionDenied for another one."""
    rows = Institution.objects.filter(pk__in=request.user.institutions_as(Role.CREDIT_OFFICER), code=code)
    found = rows.first()
    if found is None:
        raise PermissionDenied
    return found


def _agreement(row: Agreement) -> dict[str, Any]:
    names = ("code", "title_zh", "title_en", "kind", "status", "starts_on", "ends_on")
    return {**{name: getattr(row, name) for name in names}, "parties": sorted(party.code for party in row.parties.all())}


def _whole(request: HttpRequest, row: Agreement) -> dict[str, Any]:
    needed = {place.pk for place in must_sign(row)}
    signed = {one.institution_id: one.at for one in row.signatures.all()}
    parties = [
        {
            "institution": one.institution.code, "role": one.role, "must_sign": one.institution_id in needed,
            "signed_at": signed.get(one.institution_id),
        }
        for one in row.party_rows.select_related("institution")
    ]  # fmt: skip
    steps = [
        {
            "from_status": one.from_status, "to_status": one.to_status, "effective_on": one.effective_on, "reason": one.reason, "at": one.at,
            "institution": one.institution.code if one.institution else None,
        }
        for one in row.steps.select_related("institution").order_by("id")
    ]  # fmt: skip
    under = visible_to(request.user, RuleBookVersion).filter(rules__agreement=row).select_related("book__institution").distinct()
    return {
        **_agreement(row), "version": row.version, "text_zh": row.text_zh, "text_en": row.text_en, "text_hash": hash_of_text(row),
        "precedence": row.precedence, "conserve": row.conserve, "supersedes": row.supersedes.code if row.supersedes else None,
        "last_day": row.last_day, "party_rows": parties, "steps": steps,
        "rulebooks": [tell_version(one) for one in under.order_by("book__code", "-number")[:200]],
    }  # fmt: skip
