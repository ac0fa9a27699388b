"""An open case is worked out again: under a newer version of its rules, if the learner gains; or under its own, because another award has
taken up what it needed. Otherwise it keeps rules and proposal of its submission.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from creditbank.ledger.models import NOBODY
from creditbank.recognition.actions.applications import chosen_records, hold_for, store_proposal
from creditbank.recognition.actions.holding import release_all
from creditbank.recognition.actions.steps import in_words, locked, require_uninvolved, tell_learner
from creditbank.recognition.approvals import required_approvals
from creditbank.recognition.earlier import lack_of_room, lock_person
from creditbank.recognition.enums import ApplicationState
from creditbank.recognition.exceptions import NoGain
from creditbank.recognition.models import Application, ApplicationRerun
from creditbank.recognition.queries import Proposal, propose
from creditbank.recognition.terms import terms_of
from creditbank.rules.earlier import NoRoom
from foundation.api import record_audit_entry

LEVELS_THAT_COUNT = 3
"""V1 to V3: requirements reached, credit in required ones, credit in all. The levels below choose between equals."""


def gains(before: Sequence[int], after: Sequence[int]) -> bool:
    """Whether a result is better for the learner: lexicographically in V1, V2, V3."""
    return tuple(after[:LEVELS_THAT_COUNT]) > tuple(before[:LEVELS_THAT_COUNT])


def _take_over(application: Application, proposal: Proposal, *, actor: Any, at: datetime) -> None:
    """The new answer stands in the case from now on, and holds what it uses; at least one person looks at it."""
    store_proposal(application, proposal)
    needed = required_approvals(
        proposal.decision, proposal.facts, proposal.base, people_for_review=terms_of(application.policy).people_for_review
    )
    application.required_approvals = max(needed, application.required_approvals, 1)
    application.hold_round += 1
    hold_for(application, proposal, actor=actor, at=at)
    application.save()


@transaction.atomic
def reckon_again(application: Application, *, actor: Any, at: datetime) -> Application:
    """An officer has a case worked out again that has no room any more beside what was awarded meanwhile: same rules, same chosen records.

    The learner must accept the result, because it is not what was declared for. Raises WrongState, SamePersonTwice, Involved; NoGain where
    there is room.
    """
    application = locked(application, ApplicationState.CHECKING)
    require_uninvolved(application, actor, at=at)
    lock_person(application.learner)
    lack = lack_of_room(application, as_proposed=True)
    if lack is None:
        raise NoGain
    return work_out_anew(application, lack, actor=actor, at=at)


@transaction.atomic
def hand_to_a_person(application: Application, *, at: datetime) -> Application:
    """What the rules would have decided alone has no room any more: it is worked out again, and an officer decides. Raises WrongState."""
    application = locked(application, ApplicationState.SUBMITTED)
    lock_person(application.learner)
    lack = lack_of_room(application, as_proposed=True)
    return application if lack is None else work_out_anew(application, lack, actor=None, at=at)


def work_out_anew(application: Application, lack: NoRoom, *, actor: Any, at: datetime) -> Application:
    """The best answer that is left, under the rules of the submission, in place of one that has no room; question and answer before it are
    kept. The caller holds the application; nobody's opinion on the old answer counts for the new one.
    """
    lock_person(application.learner)
    old, before = application.rules, list(application.proposal["objective"])
    release_all(application, actor=actor, at=at)
    proposal = propose(application.learner, application.programme, on=timezone.localdate(at), only=chosen_records(application), version=old)
    ApplicationRerun.objects.create(
        application=application, old_rules=proposal.version, new_rules=proposal.version, old_snapshot=application.snapshot,
        old_proposal=application.proposal, old_objective=before, new_objective=list(proposal.decision.objective),
        by_uuid=actor.uuid if actor is not None else NOBODY, at=at,
    )  # fmt: skip
    application.verdict, application.decided_credits, application.decided_at, application.second_officer = "", None, None, None
    _take_over(application, proposal, actor=actor, at=at)
    record_audit_entry(
        "recognition.reckon_again", actor=actor, about=application, concerns=application.learner.uuid,
        data={"lack": lack.kind, "of": lack.name, "bound": in_words(lack.bound), "with": in_words(lack.used)},
    )  # fmt: skip
    tell_learner(application, "reckoned_again", credits=in_words(application.proposed_credits))
    return application


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
    _take_over(application, proposal, actor=actor, at=at)
    record_audit_entry(
        "recognition.rerun", actor=actor, about=application, concerns=application.learner.uuid,
        data={"from": str(old), "to": str(proposal.version), "before": list(before[:3]), "after": list(after[:3])},
    )  # fmt: skip
    tell_learner(application, "rerun", credits=in_words(application.proposed_credits))
    return application


def work_out_again(application: Application, *, actor: Any, at: datetime) -> Application:
    """Because it has no room beside another award any more, else under newer rules if the learner gains. Raises what those raise."""
    work = rerun_application if lack_of_room(application, as_proposed=True) is None else reckon_again
    return work(application, actor=actor, at=at)
