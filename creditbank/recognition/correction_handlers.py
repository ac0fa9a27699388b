"""A record that became void elsewhere is proposed to be taken back; and the words of notices about what is taken back."""

from __future__ import annotations

from django.utils import timezone

from creditbank.recognition.actions import propose_revocation
from creditbank.recognition.corrections import STANDING, Correction
from creditbank.recognition.exceptions import AlreadyProposed, NothingToTakeBack, SamePersonTwice
from foundation.api import handles, register_notice
from identity.api import User
from learning.api import LearningRecord, RecordVoided


@handles(RecordVoided)
def propose_to_take_back(event: RecordVoided) -> None:
    """Whoever declared it void is the first person; its credit stays where it is, unusable, until a second one of the issuer agrees."""
    record = LearningRecord.objects.select_related("learner").get(pk=event.record_id)
    first = User.objects.filter(uuid=record.voided_by_uuid).first() if record.voided_by_uuid else None
    if first is None or Correction.objects.filter(record_uuid=record.uuid, state__in=STANDING).exists():
        return
    try:
        propose_revocation(record, actor=first, at=record.voided_at or timezone.now(), reason=record.void_reason[:300])
    except (NothingToTakeBack, SamePersonTwice, AlreadyProposed):
        return


register_notice(
    "ledger.revoked",
    zh=("成绩已被撤回：{title}", "《{title}》由发出机构撤回，{credits} 学分已从您的账户划出。原因：{reason}"),
    en=("Result taken back: {title}", "“{title}” was taken back by its issuer; {credits} credits left your account. Reason: {reason}"),
)
register_notice(
    "corrections.review",
    zh=("申请 {reference} 需要复查", "《{title}》被发出机构撤回，而这份申请用到了它。请复查。"),
    en=("Application {reference}: please look again", "“{title}”, which this application uses, was taken back by its issuer."),
)
