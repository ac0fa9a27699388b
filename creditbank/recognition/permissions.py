"""Who may do what with an application. That it takes three different people is not here but in the actions and the schema."""

from __future__ import annotations

from typing import Any

from creditbank.recognition.corrections import Correction, SourceReview
from creditbank.recognition.enums import ApplicationState
from creditbank.recognition.models import (
    CASE_ROLES,
    DESK_ROLES,
    PAIR,
    AccountMerger,
    Appeal,
    Application,
    ApplicationEvidence,
    ExpertStanding,
    IndividualException,
    RecognitionPolicy,
    SpotCheckDraw,
)
from foundation.api import permission
from identity.api import Role


def _is_learner(user: Any, application: Application) -> bool:
    return bool(user.is_authenticated and application.learner_id == user.pk)


def _has_a_say(user: Any, application: Application) -> bool:
    """Officers and reviewers of the institution; its subject experts where a panel decides."""
    roles = DESK_ROLES if application.required_approvals > PAIR else CASE_ROLES
    return bool(user.acts_as(*roles, at=application.institution_id))


@permission(Application, "view")
def can_view(user: Any, application: Application) -> bool:
    """The learner; the institution's desk and auditors once it was submitted."""
    if _is_learner(user, application):
        return True
    at_the_desk = user.is_authenticated and (_has_a_say(user, application) or user.acts_as(Role.AUDITOR))
    return bool(at_the_desk and application.state != ApplicationState.DRAFT)


@permission(Application, "withdraw")
def can_withdraw(user: Any, application: Application) -> bool:
    """The learner."""
    return _is_learner(user, application)


@permission(Application, "accept")
def can_accept(user: Any, application: Application) -> bool:
    """The learner."""
    return _is_learner(user, application)


@permission(Application, "answer")
def can_answer(user: Any, application: Application) -> bool:
    """The learner."""
    return _is_learner(user, application)


@permission(Application, "view_case")
def can_view_case(user: Any, application: Application) -> bool:
    """The desk's view, with other people's evidence: for those who work there, and auditors."""
    return can_view(user, application) and not _is_learner(user, application)


@permission(Application, "decide")
def can_decide(user: Any, application: Application) -> bool:
    """Credit officers of the institution."""
    return bool(user.is_authenticated and user.acts_as(Role.CREDIT_OFFICER, at=application.institution_id))


@permission(Application, "confirm")
def can_confirm(user: Any, application: Application) -> bool:
    """Reviewers of the institution; in a panel its subject experts too."""
    roles = (Role.REVIEWER, Role.EXPERT) if application.required_approvals > PAIR else (Role.REVIEWER,)
    return bool(user.is_authenticated and user.acts_as(*roles, at=application.institution_id))


@permission(Application, "request_withdrawal")
def can_request_withdrawal(user: Any, application: Application) -> bool:
    """The learner."""
    return _is_learner(user, application)


@permission(Application, "answer_withdrawal")
def can_answer_withdrawal(user: Any, application: Application) -> bool:
    """Credit officers of the institution."""
    return can_decide(user, application)


@permission(Application, "stand_aside")
def can_stand_aside(user: Any, application: Application) -> bool:
    """Whoever could have a say in it."""
    return bool(user.is_authenticated) and _has_a_say(user, application)


@permission(Application, "propose_reversal")
def can_propose_reversal(user: Any, application: Application) -> bool:
    """Credit officers of the institution."""
    return can_decide(user, application)


@permission(Correction, "view")
def can_view_correction(user: Any, correction: Correction) -> bool:
    """The desk of the institution, and auditors."""
    return bool(user.is_authenticated and (user.acts_as(*CASE_ROLES, at=correction.institution_id) or user.acts_as(Role.AUDITOR)))


@permission(Correction, "decide")
def can_decide_correction(user: Any, correction: Correction) -> bool:
    """Reviewers of the institution. That it is another person than who proposed it is the action's, and the schema's."""
    return bool(user.is_authenticated and user.acts_as(Role.REVIEWER, at=correction.institution_id))


@permission(SourceReview, "view")
def can_view_review(user: Any, review: SourceReview) -> bool:
    """Whoever sees the case at a desk."""
    return can_view_case(user, review.application)


@permission(SourceReview, "keep")
def can_keep(user: Any, review: SourceReview) -> bool:
    """Credit officers of the institution that recognised it."""
    return can_decide(user, review.application)


@permission(Application, "appeal")
def can_appeal(user: Any, application: Application) -> bool:
    """The learner."""
    return _is_learner(user, application)


@permission(Application, "hand_in")
def can_hand_in(user: Any, application: Application) -> bool:
    """The learner brings evidence."""
    return _is_learner(user, application)


@permission(Application, "assign")
def can_assign(user: Any, application: Application) -> bool:
    """Credit officers and reviewers of the institution give a case to an officer."""
    return bool(user.is_authenticated and user.acts_as(*CASE_ROLES, at=application.institution_id))


@permission(Application, "decide_appeal")
def can_decide_appeal(user: Any, application: Application) -> bool:
    """Reviewers of the institution; that it is somebody new is in the action and the schema."""
    return bool(user.is_authenticated and user.acts_as(Role.REVIEWER, at=application.institution_id))


@permission(Application, "reverse")
def can_reverse(user: Any, application: Application) -> bool:
    """The second person of a reversal: officers and reviewers of the institution."""
    return bool(user.is_authenticated and user.acts_as(*CASE_ROLES, at=application.institution_id))


@permission(Appeal, "view")
def can_view_appeal(user: Any, appeal: Appeal) -> bool:
    """Whoever sees the application."""
    return can_view(user, appeal.application)


@permission(Appeal, "withdraw")
def can_withdraw_appeal(user: Any, appeal: Appeal) -> bool:
    """The learner."""
    return _is_learner(user, appeal.application)


@permission(ApplicationEvidence, "view")
def can_view_evidence(user: Any, evidence: ApplicationEvidence) -> bool:
    """Whoever sees the application."""
    return can_view(user, evidence.application)


@permission(ApplicationEvidence, "remove")
def can_remove_evidence(user: Any, evidence: ApplicationEvidence) -> bool:
    """The learner; that it must still be a draft is in the action."""
    return _is_learner(user, evidence.application)


@permission(IndividualException, "view")
def can_view_exception(user: Any, exception: IndividualException) -> bool:
    """The learner, the desk of the institution, auditors."""
    if not user.is_authenticated:
        return False
    return bool(exception.learner_id == user.pk or user.acts_as(*CASE_ROLES, at=exception.institution_id) or user.acts_as(Role.AUDITOR))


@permission(IndividualException, "propose")
def can_propose_exception(user: Any, exception: IndividualException) -> bool:
    """Credit officers of the institution."""
    return bool(user.is_authenticated and user.acts_as(Role.CREDIT_OFFICER, at=exception.institution_id))


@permission(IndividualException, "answer")
def can_answer_exception(user: Any, exception: IndividualException) -> bool:
    """Reviewers of the institution; that it is another person than who proposed is in the action and the schema."""
    return bool(user.is_authenticated and user.acts_as(Role.REVIEWER, at=exception.institution_id))


@permission(IndividualException, "end")
def can_end_exception(user: Any, exception: IndividualException) -> bool:
    """The desk of the institution."""
    return bool(user.is_authenticated and user.acts_as(*CASE_ROLES, at=exception.institution_id))


@permission(RecognitionPolicy, "view")
def can_view_policy(user: Any, policy: RecognitionPolicy) -> bool:
    """Published ones are public; drafts belong to the desk and auditors."""
    if policy.publisher_uuid is not None:
        return True
    return bool(user.is_authenticated and (user.acts_as(*CASE_ROLES, at=policy.institution_id) or user.acts_as(Role.AUDITOR)))


@permission(RecognitionPolicy, "publish")
def can_publish_policy(user: Any, policy: RecognitionPolicy) -> bool:
    """Reviewers of the institution; that it is another person than the author is in the action and the schema."""
    return bool(user.is_authenticated and user.acts_as(Role.REVIEWER, at=policy.institution_id))


def _at_desk(user: Any, institution: int) -> bool:
    return bool(user.is_authenticated and user.acts_as(*CASE_ROLES, at=institution))


@permission(ExpertStanding, "view")
def can_view_standing(user: Any, standing: ExpertStanding) -> bool:
    """The desk of the institution, and auditors."""
    return _at_desk(user, standing.institution_id) or bool(user.is_authenticated and user.acts_as(Role.AUDITOR))


@permission(ExpertStanding, "end")
def can_end_standing(user: Any, standing: ExpertStanding) -> bool:
    """The desk of the institution; that nobody ends the own one is the action's."""
    return _at_desk(user, standing.institution_id)


@permission(SpotCheckDraw, "view")
def can_view_draw(user: Any, draw: SpotCheckDraw) -> bool:
    """The desk of the institution, and auditors."""
    return _at_desk(user, draw.institution_id) or bool(user.is_authenticated and user.acts_as(Role.AUDITOR))


@permission(SpotCheckDraw, "check")
def can_check(user: Any, draw: SpotCheckDraw) -> bool:
    """The desk of the institution; that they had no part in the case is the action's, and the schema's."""
    return _at_desk(user, draw.institution_id)


@permission(AccountMerger, "view")
def can_view_merger(user: Any, merger: AccountMerger) -> bool:
    """The desk of the institution, and auditors."""
    return _at_desk(user, merger.institution_id) or bool(user.is_authenticated and user.acts_as(Role.AUDITOR))


@permission(AccountMerger, "decide")
def can_decide_merger(user: Any, merger: AccountMerger) -> bool:
    """Reviewers of the institution; that it is another person is the action's, and the schema's."""
    return bool(user.is_authenticated and user.acts_as(Role.REVIEWER, at=merger.institution_id))
