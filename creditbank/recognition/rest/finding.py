"""From what a request names to what it is about: an open programme with the draft for it, one's own application, a case at the desk."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from creditbank.catalogue.models import Programme
from creditbank.recognition.actions import chosen_records
from creditbank.recognition.enums import ApplicationState
from creditbank.recognition.models import CASE_ROLES, Application
from creditbank.recognition.queries import Proposal, propose
from creditbank.recognition.rest.schemas import ApplicationQuestion
from foundation.api import Problem, access
from identity.api import Institution, Role


def state_of(question: ApplicationQuestion) -> str:
    """The state that was asked for. Raises Problem 422 for one that does not exist."""
    if question.state and question.state not in ApplicationState.values:
        raise Problem(422, "invalid", _("Some values are not valid."), state=list(ApplicationState.values))
    return question.state


def programme_of(request: HttpRequest, code: str) -> Programme:
    """The open programme of a code. Raises Http404."""
    return access(Programme.objects.open().select_related("institution", "system"), code, user=request.user, field="code")


def draft_of(person: Any, programme: Programme) -> Application | None:
    """The person's open draft for a programme. One query."""
    return Application.objects.filter(learner=person, programme=programme, state=ApplicationState.DRAFT).first()


def fresh_proposal(person: Any, programme: Programme, draft: Application | None) -> Proposal:
    """The proposal of today, for the records that the draft narrows the archive to. Raises what ``propose`` raises."""
    return propose(person, programme, on=timezone.localdate(), only=chosen_records(draft))


def own_application(request: Any, reference: str, *, to: str = "view") -> Application:
    """One's own application, for this step. Raises Http404, PermissionDenied."""
    rows = Application.objects.filter(learner=request.user).select_related("programme", "institution", "learner", "policy")
    return access(rows, reference, user=request.user, to=to, field="reference")


def case_of(request: HttpRequest, reference: str, *, to: str) -> Application:
    """The case of an address, for this step. Raises Http404, PermissionDenied."""
    rows = Application.objects.select_related("programme", "institution", "learner")
    return access(rows, reference, user=request.user, to=to, field="reference")


def at_desk(request: Any, *roles: str) -> list[int]:
    """Where the caller acts in one of these roles; without roles whoever works at a desk, and auditors, may go on. Raises Problem 403."""
    allowed = roles or (*CASE_ROLES, Role.AUDITOR)
    if not request.user.acts_as(*allowed):
        raise Problem(403, "forbidden", _("The desk is for credit officers, reviewers and auditors."))
    return list(request.user.institutions_as(*allowed))


def place_of(request: Any, code: str, *roles: str) -> Institution:
    """The institution of a code, where the caller acts in one of these roles. Raises Problem 403, PermissionDenied for another one."""
    found = Institution.objects.filter(pk__in=at_desk(request, *roles), code=code.replace("\x00", "")).first()
    if found is None:
        raise PermissionDenied
    return found
