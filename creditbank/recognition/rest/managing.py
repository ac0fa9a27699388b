"""An institution's periods and its desk's figures over HTTP (session of the site, in the acting role)."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.security import django_auth

from creditbank.catalogue.rest import plain_amount
from creditbank.recognition.actions import draft_policy, publish_policy
from creditbank.recognition.enums import DefaultResult
from creditbank.recognition.models import CASE_ROLES, RecognitionPolicy
from creditbank.recognition.problems import told
from creditbank.recognition.reports import PERIODS, report_of
from creditbank.recognition.reports import period_of as days_back
from creditbank.recognition.rest.finding import at_desk, place_of
from creditbank.recognition.rest.keeping_schemas import (
    ListQuestion,
    PoliciesOut,
    PolicyIn,
    PolicyOut,
    ReportOut,
    ReportQuestion,
    named,
)
from creditbank.recognition.terms import Terms
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
    cursor_page,
    only_known,
    visible_to,
)
from identity.api import Institution, Role

router = Router(tags=["credit bank: keeping order"], auth=django_auth)
PERIOD_NAMES = tuple(item.name for item in fields(Terms))


@router.get("/desk/policies", response={200: PoliciesOut, **PRIVATE_PROBLEMS}, summary="List periods")
def list_policies(request: Any, question: Query[ListQuestion]) -> dict[str, Any]:
    """Of the caller's institutions, also drafts, newest first, by cursor."""
    only_known(request, question)
    places = at_desk(request, *CASE_ROLES)
    rows = visible_to(request.user, RecognitionPolicy).filter(institution__in=places).select_related("institution")
    page = cursor_page(rows, cursor=question.cursor, limit=question.limit)
    return {"items": [_policy(row) for row in page.items], "next_cursor": page.next_cursor}


@router.post("/desk/policies", response={201: PolicyOut, **WRITE_PROBLEMS}, summary="Draft periods")
def draft(request: Any, body: PolicyIn, idempotency_key: OnceKey) -> tuple[int, Any]:
    """By an officer; they bind nobody until another person publishes them. The same Idempotency-Key drafts once."""
    place = place_of(request, body.institution, Role.CREDIT_OFFICER)
    if body.last_default_result == DefaultResult.ESCALATE:
        raise Problem(422, "invalid", _("Some values are not valid."), last_default_result="escalate")
    said = body.model_dump(mode="json")
    terms = Terms(**{name: said[name] for name in PERIOD_NAMES})

    def work() -> tuple[int, Any]:
        return 201, as_stored(PolicyOut, _policy(draft_policy(place, terms, valid_from=body.valid_from, actor=request.user)))

    return answer_once(principal=str(request.user.uuid), endpoint="desk/policies", key=idempotency_key, body=said, work=work)


@router.post("/desk/policies/{policy_id}/publish", response={200: PolicyOut, **WRITE_PROBLEMS}, summary="Publish periods")
def publish(request: Any, policy_id: int, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """Another person than who drafted them; applications that are under way keep the periods they were shown."""
    row = access(RecognitionPolicy.objects.select_related("institution"), policy_id, user=request.user, to="publish", field="pk")

    def work() -> tuple[int, Any]:
        with told():
            return 200, as_stored(PolicyOut, _policy(publish_policy(row, actor=request.user, at=timezone.now())))

    return answer_again(request, idempotency_key, None, work)


def _policy(row: RecognitionPolicy) -> dict[str, Any]:
    return {**named(row, *PERIOD_NAMES, "valid_from", "published_at"), "number": row.pk, "institution": row.institution.code}


@router.get("/desk/report", response={200: ReportOut, **PRIVATE_PROBLEMS}, summary="Figures of a desk")
def read_report(request: Any, question: Query[ReportQuestion]) -> dict[str, Any]:
    """Of the caller's institutions over the last days; auditors read those of all."""
    only_known(request, question)
    places = at_desk(request)
    if question.days not in PERIODS:
        raise Problem(422, "invalid", _("Some values are not valid."), days=list(PERIODS))
    on = timezone.localdate()
    everywhere = request.user.acts_as(Role.AUDITOR)
    since = days_back(str(question.days), on=on)[1]
    found = report_of(list(Institution.objects.values_list("pk", flat=True)) if everywhere else places, since=since, until=on)
    amounts = {name: plain_amount(getattr(found, name)) for name in ("days_median", "proposed", "recognised")}
    return {**asdict(found), **amounts, "since": since, "until": on}
