"""Who may do what with papers."""

from __future__ import annotations

from typing import Any

from creditbank.recognition.enums import ApplicationState
from creditbank.recognition.models import CASE_ROLES, Application
from creditbank.statements.models import Certificate, Transcript
from foundation.api import permission
from identity.api import Institution, Role

SUBMISSION_ROLES = (Role.SCHOOL_ADMINISTRATOR, Role.CREDIT_OFFICER, Role.REVIEWER)
"""Who exports what an institution hands to another bank."""


@permission(Institution, "export_submissions")
def can_export_submissions(user: Any, institution: Institution) -> bool:
    """School administrators, credit officers and reviewers of the institution."""
    return bool(user.is_authenticated and user.acts_as(*SUBMISSION_ROLES, at=institution.pk))


@permission(Transcript, "view")
def can_view(user: Any, transcript: Transcript) -> bool:
    """The person it is about."""
    return bool(user.is_authenticated and transcript.learner_id == user.pk)


@permission(Transcript, "revoke")
def can_revoke(user: Any, transcript: Transcript) -> bool:
    """The person it is about: nobody else issued it."""
    return can_view(user, transcript)


@permission(Certificate, "view")
def can_view_certificate(user: Any, certificate: Certificate) -> bool:
    """The person it is about, the desk of the institution, auditors."""
    return bool(user.is_authenticated and (certificate.learner_id == user.pk or can_view_at_desk(user, certificate)))


@permission(Certificate, "view_at_desk")
def can_view_at_desk(user: Any, certificate: Certificate) -> bool:
    """Officers and reviewers of the institution, and auditors."""
    at = certificate.application.institution_id
    return bool(user.is_authenticated and (user.acts_as(*CASE_ROLES, at=at) or user.acts_as(Role.AUDITOR)))


@permission(Certificate, "print")
def can_print(user: Any, certificate: Certificate) -> bool:
    """The person it is about."""
    return bool(user.is_authenticated and certificate.learner_id == user.pk)


@permission(Certificate, "revoke")
def can_revoke_certificate(user: Any, certificate: Certificate) -> bool:
    """Reviewers of the institution, as the second person; never for themselves."""
    at = certificate.application.institution_id
    return bool(user.is_authenticated and user.acts_as(Role.REVIEWER, at=at) and certificate.learner_id != user.pk)


@permission(Certificate, "renew")
def can_renew(user: Any, certificate: Certificate) -> bool:
    """Credit officers of the institution; never for themselves."""
    at = certificate.application.institution_id
    return bool(user.is_authenticated and user.acts_as(Role.CREDIT_OFFICER, at=at) and certificate.learner_id != user.pk)


@permission(Application, "export_case")
def can_export_case(user: Any, application: Application) -> bool:
    """Auditors, of everything that was submitted."""
    return bool(user.is_authenticated and user.acts_as(Role.AUDITOR) and application.state != ApplicationState.DRAFT)
