"""An open case is decided again under a newer version of its rules, if the learner gains; otherwise it keeps the rules of its submission."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from creditbank.recognition.actions.applications import chosen_records, hold_for, store_proposal
from creditbank.recognition.actions.holding import release_all
from creditbank.recognition.actions.steps import in_words, locked, require_uninvolved, tell_learner
from creditbank.recognition.approvals import required_approvals
from creditbank.recognition.enums import ApplicationState
from creditbank.recognition.exceptions import NoGain
from creditbank.recognition.models import Application, ApplicationRerun
from creditbank.recognition.queries import propose
from creditbank.recognition.terms import terms_of
from foundation.api import record_audit_entry

LEVELS_THAT_COUNT = 3
"""V1 to V3: requirements reached, credit in required ones, credit in all. The levels below choose between equals."""


def gains(before: Sequence[int], after: Sequence[int]) -> bool:
    """Whether a result is better for the learner: lexicographically in V1, V2, V3."""
    return tuple(after[:LEVELS_THAT_COUNT]) > tuple(before[:LEVELS_THAT_COUNT])


@transaction.atomic
def rerun_application(application: Application, *, actor: Any, at: datetime) -> Application:
    """Ask again under the rules in force today, with the records the learner chose (or the whole archive); only if the learner gains. Question and
    answer before it are kept, and the learner must accept the result, because it is not what was declared for.

    Raises WrongState, SamePersonTwice, Involved, NoRulesInForce; NoGain where the version is the same or gives nothing more.
    """
    application = locked(application, ApplicationState.CHECKING)
    require_uninvolved(application, actor, at=at)
    old = application.rules
    before = application.proposal["objective"]
    release_all(application, actor=actor, at=at)
    proposal = propose(application.learner, application.programme, on=timezone.localdate(at), only=chosen_records(application))
    after = proposal.decision.objective
    if old is None or proposal.version == old or not gains(before, after):
        raise NoGain
    ApplicationRerun.objects.create(
        application=application, old_rules=old, new_rules=proposal.version, old_snapshot=application.snapshot,
        old_proposal=application.proposal, old_objective=list(before), new_objective=list(after), by_uuid=actor.uuid, at=at,
    )  # fmt: skip
    store_proposal(application, proposal)
    needed = required_approvals(
        proposal.decision, proposal.facts, proposal.base, people_for_review=terms_of(application.policy).people_for_review
    )
    application.required_approvals = max(needed, application.required_approvals, 1)
    application.hold_round += 1
    hold_for(application, proposal, actor=actor, at=at)
    application.save()
    record_audit_entry(
        "recognition.rerun", actor=actor, about=application, concerns=application.learner.uuid,
        data={"from": str(old), "to": str(proposal.version), "before": list(before[:3]), "after": list(after[:3])},
    )  # fmt: skip
    tell_learner(application, "rerun", credits=in_words(application.proposed_credits))
    return application
