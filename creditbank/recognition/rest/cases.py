"""Whose case it is, votes of a panel, answers to a wish to withdraw, and working a case out again (session, in the acting role)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router
from ninja.security import django_auth

from creditbank.recognition.actions import (
    answer_withdrawal,
    assign_application,
    cast_vote,
    claim_next,
    hand_out,
    release_application,
    stand_aside,
    work_out_again,
)
from creditbank.recognition.actions.steps import officers_for
from creditbank.recognition.enums import Vote
from creditbank.recognition.models import PAIR, Application
from creditbank.recognition.problems import REFUSALS, told
from creditbank.recognition.queries import to_claim
from creditbank.recognition.rest.finding import case_of
from creditbank.recognition.rest.keeping_schemas import (
    AssignIn,
    HandOutIn,
    HandOutOut,
    PeopleOut,
    VoteIn,
    VotesOut,
    WithdrawalAnswerIn,
    named,
)
from creditbank.recognition.rest.schemas import ApplicationDetailOut, TextIn
from creditbank.recognition.rest.telling import tell_whole_application
from foundation.api import PRIVATE_PROBLEMS, WRITE_PROBLEMS, Problem, RetryKey, answer_again, as_stored
from identity.api import Role, User

router = Router(tags=["credit bank: desk"], auth=django_auth)
DONE: dict[Any, Any] = {200: ApplicationDetailOut, **WRITE_PROBLEMS}
MOST_TRIED = 20


def case_step(
    request: Any, reference: str, to: str, work: Callable[[Application], object], *, key: str | None, body: Any = None
) -> tuple[int, Any]:
    """One step of a case that the caller may take, once a key, and the case as it stands after it. Raises Problem."""
    row = case_of(request, reference, to=to)

    def step() -> tuple[int, Any]:
        with told():
            work(row)
        return 200, as_stored(ApplicationDetailOut, tell_whole_application(case_of(request, reference, to="view_case")))

    return answer_again(request, key, body, step)


@router.post("/desk/next", response=DONE, summary="Take the next case")
def take_next(request: Any, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """The case that is due first among those that nobody has and the caller may decide."""
    if not request.user.acts_as(Role.CREDIT_OFFICER):
        raise PermissionDenied

    def step() -> tuple[int, Any]:
        case = claim_next(to_claim(request.user)[:MOST_TRIED], actor=request.user, at=timezone.now())
        if case is None:
            raise Problem(409, "nothing_waits", _("No case waits to be taken."))
        return 200, as_stored(ApplicationDetailOut, tell_whole_application(case_of(request, case.reference, to="view_case")))

    return answer_again(request, idempotency_key, None, step)


@router.post("/desk/hand-out", response={200: HandOutOut, **WRITE_PROBLEMS}, summary="Take or give several cases")
def give_several(request: Any, body: HandOutIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """Each for itself: what stands in the way of one keeps no other back. Nothing is done where one of them is out of reach."""
    to = "assign" if body.to else "decide"
    cases = [case_of(request, reference, to=to) for reference in dict.fromkeys(body.cases)]
    officer = request.user if body.to is None else User.objects.filter(uuid=body.to).first()
    if officer is None or not all(officer.acts_as(Role.CREDIT_OFFICER, at=case.institution_id) for case in cases):
        raise Problem(422, "unknown_officer", _("Please choose an officer of this institution."))

    def step() -> tuple[int, Any]:
        done = hand_out(cases, to=officer, actor=request.user, at=timezone.now())
        kept = [{"application": case.reference, **_refusal(error)} for case, error in done.kept]
        return 200, as_stored(HandOutOut, {"given": [case.reference for case in done.given], "kept": kept})

    return answer_again(request, idempotency_key, body, step)


def _refusal(error: Exception) -> dict[str, str]:
    _status, code, title = REFUSALS[next(kind for kind in type(error).__mro__ if kind in REFUSALS)]
    return {"code": code, "title": _(title)}


@router.post("/desk/applications/{reference}/release", response=DONE, summary="Give a case back")
def release(request: Any, reference: str, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """By who has it: it is being checked, with nobody, until an officer takes it or it is given to one."""
    work = lambda row: release_application(row, actor=request.user, at=timezone.now())  # noqa: E731
    return case_step(request, reference, "decide", work, key=idempotency_key)


@router.get("/desk/applications/{reference}/officers", response={200: PeopleOut, **PRIVATE_PROBLEMS}, summary="To whom a case can be given")
def list_officers(request: Any, reference: str) -> dict[str, Any]:
    """Officers of the institution, without the learner and who has the case now."""
    return {"items": [named(person, "uuid", "name") for person in officers_for(case_of(request, reference, to="assign"))]}


@router.post("/desk/applications/{reference}/assign", response=DONE, summary="Give a case to an officer")
def assign(request: Any, reference: str, body: AssignIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """One that nobody has taken, or one that is with somebody else; the officer is told."""

    def work(row: Application) -> object:
        officer = next((person for person in officers_for(row) if person.uuid == body.to), None)
        if officer is None:
            raise Problem(422, "unknown_officer", _("Please choose an officer of this institution."))
        return assign_application(row, to=officer, actor=request.user, at=timezone.now())

    return case_step(request, reference, "assign", work, key=idempotency_key, body=body)


@router.post("/desk/applications/{reference}/stand-aside", response=DONE, summary="Declare an interest")
def aside(request: Any, reference: str, body: TextIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """The caller decides nothing in this case from now on; a case that the caller was checking is free again."""
    work = lambda row: stand_aside(row, actor=request.user, at=timezone.now(), reason=body.text)  # noqa: E731
    return case_step(request, reference, "stand_aside", work, key=idempotency_key, body=body)


@router.post("/desk/applications/{reference}/answer-withdrawal", response=DONE, summary="Answer a wish to withdraw")
def withdrawal(request: Any, reference: str, body: WithdrawalAnswerIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """Let the learner take the application back, or go on where the case stood and say why."""

    def work(row: Application) -> object:
        if not body.grant and not body.note.strip():
            raise Problem(422, "note_missing", _("Please say why the case goes on."))
        return answer_withdrawal(row, grant=body.grant, actor=request.user, at=timezone.now(), note=body.note)

    return case_step(request, reference, "answer_withdrawal", work, key=idempotency_key, body=body)


@router.post("/desk/applications/{reference}/rerun", response=DONE, summary="Work a case out again")
def rerun(request: Any, reference: str, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """Because it has no room beside another award any more; else under the rules in force today, if the learner gains.

    Question and answer before it are kept, and the learner has to accept the result.
    """
    work = lambda row: work_out_again(row, actor=request.user, at=timezone.now())  # noqa: E731
    return case_step(request, reference, "decide", work, key=idempotency_key)


@router.get("/desk/applications/{reference}/votes", response={200: VotesOut, **PRIVATE_PROBLEMS}, summary="List the votes on a case")
def list_votes(request: Any, reference: str) -> dict[str, Any]:
    """Of every round; a case that was sent back begins a new one."""
    row = case_of(request, reference, to="view_case")
    names = ("round", "vote", "as_expert", "is_experienced", "note", "at")
    votes = [{**named(vote, *names), "voter": vote.voter.uuid} for vote in row.votes.select_related("voter").order_by("id")]
    return {"application": row.reference, "needed": row.required_approvals, "items": votes}


@router.post("/desk/applications/{reference}/votes", response=DONE, summary="Vote in a panel")
def vote(request: Any, reference: str, body: VoteIn, idempotency_key: RetryKey = None) -> tuple[int, Any]:
    """One vote of a panel of three or five, by who has none yet. With the last seat the majority decides; a tie sends the case back."""

    def work(row: Application) -> object:
        if row.required_approvals <= PAIR:
            raise Problem(409, "no_panel", _("This case is not decided by a panel."))
        if body.vote == Vote.OPPOSE and not body.note.strip():
            raise Problem(422, "note_missing", _("Please say why you do not agree."))
        return cast_vote(row, str(body.vote), actor=request.user, at=timezone.now(), note=body.note)

    return case_step(request, reference, "confirm", work, key=idempotency_key, body=body)
