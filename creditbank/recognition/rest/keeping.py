"""What a desk keeps in order, over HTTP: experts' standings, second looks at decided cases, two logins of one person (session, acting role)."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Query, Router
from ninja.security import django_auth

from creditbank.catalogue.rest import plain_amount
from creditbank.recognition.actions import (
    NewDraw,
    agree_to_merger,
    draw_spot_checks,
    end_expert_standing,
    propose_merger,
    record_expert_standing,
    record_spot_check,
    refuse_merger,
)
from creditbank.recognition.enums import CheckOutcome
from creditbank.recognition.models import CASE_ROLES, AccountMerger, ExpertStanding, SpotCheckDraw
from creditbank.recognition.problems import told
from creditbank.recognition.queries import credit_that_follows, learner_at, panel_members
from creditbank.recognition.rest.finding import at_desk, place_of
from creditbank.recognition.rest.keeping_schemas import (
    CheckIn,
    CheckOut,
    DrawDetailOut,
    DrawIn,
    DrawsOut,
    ListQuestion,
    MergerDetailOut,
    MergerIn,
    MergerQuestion,
    MergersOut,
    PanelOut,
    ReasonIn,
    StandingIn,
    StandingOut,
    StandingsOut,
    named,
)
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
from identity.api import Institution, Role, User

router = Router(tags=["credit bank: keeping order"], auth=django_auth)
OF_DRAW = ("uuid", "seed", "since", "until", "only_automatic", "wanted", "population", "drawn_at")


# --- who may sit on which panels ---


@router.get("/desk/panel-members", response={200: PanelOut, **PRIVATE_PROBLEMS}, summary="Who may sit on panels")
def list_members(request: Any) -> dict[str, Any]:
    """Reviewers and experts of the caller's institutions, and since when they have practised where five years are known."""
    places = Institution.objects.filter(pk__in=at_desk(request, *CASE_ROLES))
    return {
        "items": [
            {
                "institution": one.institution.code,
                "person": one.person.uuid,
                "name": one.person.name,
                "roles": one.roles,
                "since": one.since,
            }
            for one in panel_members(places, on=timezone.localdate())
        ]
    }


@router.get("/desk/standings", response={200: StandingsOut, **PRIVATE_PROBLEMS}, summary="List standings of experts")
def list_standings(request: Any, question: Query[ListQuestion]) -> dict[str, Any]:
    """Those of the caller's institutions, also ended ones, newest first, by cursor."""
    only_known(request, question)
    at_desk(request)
    rows = visible_to(request.user, ExpertStanding).select_related("person", "institution")
    page = cursor_page(rows, cursor=question.cursor, limit=question.limit)
    bring_keys({row.person.uuid for row in page.items if row.ended_on})
    return {"items": [_standing(row) for row in page.items], "next_cursor": page.next_cursor}


@router.post("/desk/standings", response={201: StandingOut, **WRITE_PROBLEMS}, summary="Enter a standing")
def enter_standing(request: Any, body: StandingIn, idempotency_key: OnceKey) -> tuple[int, Any]:
    """Since when an expert of the institution has practised; nobody enters the own one. The same Idempotency-Key enters once."""
    place = place_of(request, body.institution, *CASE_ROLES)
    person = User.objects.filter(uuid=body.person).first()
    if person is None:
        raise Problem(422, "bad_standing", _("This person is no expert of this institution."), field="person")

    def work() -> tuple[int, Any]:
        with told():
            row = record_expert_standing(person, place, field=body.field, since=body.since, actor=request.user, at=timezone.now())
        return 201, as_stored(StandingOut, _standing(row))

    return _once(request, "desk/standings", idempotency_key, body, work)


@router.post("/desk/standings/{standing_id}/end", response={200: StandingOut, **WRITE_PROBLEMS}, summary="End a standing")
def end_standing(request: Any, standing_id: int, body: ReasonIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """It holds no longer; votes that were cast under it stand."""
    row = access(ExpertStanding, standing_id, user=request.user, to="end", field="pk")

    def work() -> tuple[int, Any]:
        with told():
            ended = end_expert_standing(row, actor=request.user, at=timezone.now(), reason=body.reason)
        return 200, as_stored(StandingOut, _standing(ended))

    return answer_again(request, idempotency_key, body, work)


def _standing(row: ExpertStanding) -> dict[str, Any]:
    return {
        **named(row, "field", "since", "ended_on", "ended_why"), "number": row.pk, "institution": row.institution.code,
        "person": row.person.uuid, "name": row.person.name,
    }  # fmt: skip


# --- second looks ---


@router.get("/desk/spot-checks", response={200: DrawsOut, **PRIVATE_PROBLEMS}, summary="List draws of spot checks")
def list_draws(request: Any, question: Query[ListQuestion]) -> dict[str, Any]:
    """Those of the caller's institutions, newest first, by cursor."""
    only_known(request, question)
    at_desk(request)
    rows = visible_to(request.user, SpotCheckDraw).select_related("institution")
    page = cursor_page(rows, cursor=question.cursor, limit=question.limit)
    return {"items": [_draw(row) for row in page.items], "next_cursor": page.next_cursor}


@router.post("/desk/spot-checks", response={201: DrawDetailOut, **WRITE_PROBLEMS}, summary="Draw spot checks")
def draw(request: Any, body: DrawIn, idempotency_key: OnceKey) -> tuple[int, Any]:
    """By a reviewer: so many of the cases that were decided in a period. The same Idempotency-Key draws once."""
    place = place_of(request, body.institution, Role.REVIEWER)
    new = NewDraw(seed=body.seed, since=body.since, until=body.until, wanted=body.wanted, only_automatic=body.only_automatic)

    def work() -> tuple[int, Any]:
        with told():
            made = draw_spot_checks(place, new, actor=request.user, at=timezone.now())
        return 201, as_stored(DrawDetailOut, _whole_draw(made))

    return _once(request, "desk/spot-checks", idempotency_key, body, work)


@router.get("/desk/spot-checks/{draw_uuid}", response={200: DrawDetailOut, **PRIVATE_PROBLEMS}, summary="Read one draw")
def read_draw(request: Any, draw_uuid: str) -> dict[str, Any]:
    """Its cases and what was found of each."""
    at_desk(request)
    return _whole_draw(access(SpotCheckDraw.objects.select_related("institution"), draw_uuid, user=request.user))


@router.post("/desk/spot-checks/{draw_uuid}/{position}", response={200: CheckOut, **WRITE_PROBLEMS}, summary="Say what a second look found")
def check(request: Any, draw_uuid: str, position: int, body: CheckIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """By somebody who had no part in the case; nothing is changed by it. Once."""
    found = access(SpotCheckDraw, draw_uuid, user=request.user, to="check")
    row = found.checks.filter(position=max(0, min(position, 32_767))).select_related("application").first()
    if row is None:
        raise Problem(404, "not_found", _("There is nothing at this address."))
    if body.outcome == CheckOutcome.WRONG and not body.note.strip():
        raise Problem(422, "note_missing", _("Please say what would have been right."))

    def work() -> tuple[int, Any]:
        with told():
            checked = record_spot_check(row, outcome=str(body.outcome), actor=request.user, at=timezone.now(), note=body.note)
        return 200, as_stored(CheckOut, _check(checked))

    return answer_again(request, idempotency_key, body, work)


def _draw(row: SpotCheckDraw) -> dict[str, Any]:
    return {**named(row, *OF_DRAW), "institution": row.institution.code}


def _whole_draw(row: SpotCheckDraw) -> dict[str, Any]:
    checks = list(row.checks.select_related("application", "learner").order_by("position"))
    bring_keys({one.learner.uuid for one in checks if one.outcome})
    return {**_draw(row), "checks": [_check(one) for one in checks]}


def _check(row: Any) -> dict[str, Any]:
    return {**named(row, "position", "outcome", "note", "checked_at"), "application": row.application.reference}


# --- two logins of one person ---


@router.get("/desk/mergers", response={200: MergersOut, **PRIVATE_PROBLEMS}, summary="List mergers")
def list_mergers(request: Any, question: Query[MergerQuestion]) -> dict[str, Any]:
    """Those of the caller's institutions, newest first, by cursor."""
    only_known(request, question)
    at_desk(request)
    rows = _mergers(visible_to(request.user, AccountMerger))
    rows = rows.filter(state=question.state) if question.state else rows
    page = cursor_page(rows, cursor=question.cursor, limit=question.limit)
    bring_keys({row.source.uuid for row in page.items})
    return {"items": [_merger(row) for row in page.items], "next_cursor": page.next_cursor}


@router.post("/desk/mergers", response={201: MergerDetailOut, **WRITE_PROBLEMS}, summary="Propose a merger")
def propose(request: Any, body: MergerIn, idempotency_key: OnceKey) -> tuple[int, Any]:
    """By an officer: the credit of one login is to follow into the account of the other. The same Idempotency-Key proposes once."""
    place = place_of(request, body.institution, Role.CREDIT_OFFICER)
    found = {name: learner_at(place, getattr(body, name).replace("\x00", "")) for name in ("source", "destination")}
    unknown = [name for name, person in found.items() if person is None]
    if unknown:
        raise Problem(422, "unknown_learner", _("This institution knows no learner by this number or address."), fields=unknown)

    def work() -> tuple[int, Any]:
        with told():
            made = propose_merger(
                place, source=found["source"], destination=found["destination"], actor=request.user, at=timezone.now(), reason=body.reason
            )
        return 201, _stored(made)

    return _once(request, "desk/mergers", idempotency_key, body, work)


@router.get("/desk/mergers/{merger_uuid}", response={200: MergerDetailOut, **PRIVATE_PROBLEMS}, summary="Read one merger")
def read_merger(request: Any, merger_uuid: str) -> dict[str, Any]:
    """What was proposed, what would follow today, and how it ended."""
    at_desk(request)
    return _whole_merger(access(_mergers(AccountMerger.objects.all()), merger_uuid, user=request.user))


@router.post("/desk/mergers/{merger_uuid}/agree", response={200: MergerDetailOut, **WRITE_PROBLEMS}, summary="Agree to a merger")
def agree(request: Any, merger_uuid: str, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """The second person: what is pending, available, expired or revoked follows; both logins are told."""
    row = access(AccountMerger, merger_uuid, user=request.user, to="decide")

    def work() -> tuple[int, Any]:
        with told():
            return 200, _stored(agree_to_merger(row, actor=request.user, at=timezone.now()))

    return answer_again(request, idempotency_key, None, work)


@router.post("/desk/mergers/{merger_uuid}/refuse", response={200: MergerDetailOut, **WRITE_PROBLEMS}, summary="Do not agree to a merger")
def refuse(request: Any, merger_uuid: str, body: ReasonIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """The second person says why; nothing moves."""
    row = access(AccountMerger, merger_uuid, user=request.user, to="decide")

    def work() -> tuple[int, Any]:
        with told():
            return 200, _stored(refuse_merger(row, actor=request.user, at=timezone.now(), note=body.reason))

    return answer_again(request, idempotency_key, body, work)


def _mergers(rows: Any) -> Any:
    return rows.select_related("source", "destination", "proposed_by", "decided_by", "institution")


def _merger(row: AccountMerger) -> dict[str, Any]:
    return {
        **named(row, "uuid", "reason", "state", "proposed_at", "decided_at", "note"), "institution": row.institution.code,
        "source": row.source.uuid, "destination": row.destination.uuid, "proposed_by": row.proposed_by.uuid,
        "decided_by": row.decided_by.uuid if row.decided_by else None, "transaction": row.transaction_uuid,
    }  # fmt: skip


def _whole_merger(row: AccountMerger) -> dict[str, Any]:
    follows = {unit: plain_amount(amount) for unit, amount in credit_that_follows(row.source.uuid).items()}
    return {**_merger(row), "follows": follows}


def _stored(row: AccountMerger) -> dict[str, Any]:
    return as_stored(MergerDetailOut, _whole_merger(_mergers(AccountMerger.objects.all()).get(pk=row.pk)))


def _once(request: Any, endpoint: str, key: str, body: Any, work: Any) -> tuple[int, Any]:
    said = body.model_dump(mode="json")
    return answer_once(principal=str(request.user.uuid), endpoint=endpoint, key=key, body=said, work=work)
