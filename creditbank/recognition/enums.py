"""States of an application, verdicts, and which step leads where; there are no others."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class ApplicationState(models.TextChoices):
    """Where an application stands."""

    DRAFT = "draft", _("draft")
    SUBMITTED = "submitted", _("submitted")
    CHECKING = "checking", _("being checked")
    INFORMATION_REQUESTED = "information_requested", _("waiting for you")
    SECOND_REVIEW = "second_review", _("second review")
    DECIDED = "decided", _("decided")
    ACCEPTED = "accepted", _("accepted")
    POSTED = "posted", _("credited")
    WITHDRAWAL_REQUESTED = "withdrawal_requested", _("withdrawal requested")
    WITHDRAWN = "withdrawn", _("withdrawn")
    LAPSED = "lapsed", _("lapsed")
    APPEALED = "appealed", _("under appeal")
    APPEAL_DECIDED = "appeal_decided", _("appeal decided")
    REVERSED = "reversed", _("reversed")


class Verdict(models.TextChoices):
    """What was decided on the whole."""

    FULL = "full", _("recognised in full")
    PARTIAL = "partial", _("recognised in part")
    REFUSED = "refused", _("not recognised")


class LineChoice(models.TextChoices):
    """What an officer decides about one line of a proposal."""

    ACCEPT = "accept", _("as proposed")
    CHANGE = "change", _("other amount")
    REFUSE = "refuse", _("not recognised")


class RefusalReason(models.TextChoices):
    """Why an officer refuses or changes a line; the learner reads it."""

    EVIDENCE = "evidence", _("the evidence does not show it")
    CONTENT = "content", _("the content does not match")
    LEVEL = "level", _("the level is too low")
    OUTDATED = "outdated", _("too long ago")
    OVERLAP = "overlap", _("overlaps with what was recognised")
    OTHER = "other", _("another reason")


class Vote(models.TextChoices):
    """What a member of a review panel says; who abstains has not voted."""

    APPROVE = "approve", _("agrees")
    OPPOSE = "oppose", _("does not agree")


class DaysCounted(models.TextChoices):
    """Which days a period counts."""

    CALENDAR = "calendar", _("calendar days")
    WORKING = "working", _("working days")


class DefaultResult(models.TextChoices):
    """What happens to an appeal that nobody decides in time."""

    UPHOLD = "uphold", _("the decision stands")
    GRANT = "grant", _("the appeal is granted")
    ESCALATE = "escalate", _("it goes to the next level")


class AppealGround(models.TextChoices):
    """Why somebody appeals."""

    EVIDENCE = "evidence", _("evidence was not considered")
    RULE = "rule", _("a rule was applied wrongly")
    PROCEDURE = "procedure", _("the procedure was not followed")
    DELAY = "delay", _("there was no decision in time")
    OTHER = "other", _("another reason")


class AppealResult(models.TextChoices):
    """How an appeal ended."""

    UPHELD = "upheld", _("the decision stands")
    GRANTED = "granted", _("granted")
    ESCALATED = "escalated", _("passed to the next level")
    REVERSE = "reverse", _("the award is to be taken back")
    WITHDRAWN = "withdrawn", _("withdrawn by the learner")


DECIDED_RESULTS = (AppealResult.UPHELD, AppealResult.GRANTED, AppealResult.REVERSE)
"""What somebody who decides an appeal may say."""


class ExceptionKind(models.TextChoices):
    """What an individual exception changes; names as in the rule engine."""

    INSERT = "insert", _("an outcome counts for a requirement as well")
    SUBSTITUTE = "substitute", _("an outcome counts instead of the required one")
    WAIVE = "waive", _("a requirement is waived")
    BLOCK = "block", _("a rule or requirement does not take part")
    VALUE = "value", _("another amount for a requirement or limit")


class ExceptionState(models.TextChoices):
    """Where an individual exception stands."""

    PROPOSED = "proposed", _("proposed")
    APPROVED = "approved", _("approved")
    REFUSED = "refused", _("refused")
    ENDED = "ended", _("ended early")


class CheckOutcome(models.TextChoices):
    """What a second look at a decided case found."""

    RIGHT = "right", _("as it should be")
    FORMAL = "formal", _("right, with a formal mistake")
    WRONG = "wrong", _("another result would have been right")


class MergerState(models.TextChoices):
    """Where a merger of two accounts stands."""

    PROPOSED = "proposed", _("waits for a second person")
    DONE = "done", _("done")
    REFUSED = "refused", _("not agreed")


class CorrectionKind(models.TextChoices):
    """What one person proposes and another agrees to."""

    REVOKE = "revoke", _("take a result back")
    REVERSE = "reverse", _("reverse an award")


class CorrectionState(models.TextChoices):
    """Where a correction stands."""

    PROPOSED = "proposed", _("waits for a second person")
    DONE = "done", _("done")
    REFUSED = "refused", _("not agreed")


class ReviewState(models.TextChoices):
    """What became of a look at a case whose record was taken back."""

    OPEN = "open", _("to be looked at")
    KEPT = "kept", _("nothing changes")
    REVERSED = "reversed", _("reversed")


S = ApplicationState
TRANSITIONS: dict[str, frozenset[str]] = {
    S.DRAFT: frozenset({S.SUBMITTED}),
    S.SUBMITTED: frozenset({S.CHECKING, S.WITHDRAWN, S.APPEALED}),
    S.CHECKING: frozenset({S.INFORMATION_REQUESTED, S.SECOND_REVIEW, S.DECIDED, S.WITHDRAWAL_REQUESTED, S.WITHDRAWN, S.APPEALED}),
    S.INFORMATION_REQUESTED: frozenset({S.CHECKING, S.WITHDRAWAL_REQUESTED, S.LAPSED, S.WITHDRAWN}),
    S.SECOND_REVIEW: frozenset({S.DECIDED, S.CHECKING, S.WITHDRAWAL_REQUESTED, S.APPEALED}),
    S.DECIDED: frozenset({S.ACCEPTED, S.LAPSED, S.APPEALED, S.CHECKING}),
    S.ACCEPTED: frozenset({S.POSTED}),
    S.POSTED: frozenset({S.APPEALED, S.REVERSED}),
    S.WITHDRAWAL_REQUESTED: frozenset({S.WITHDRAWN, S.CHECKING, S.INFORMATION_REQUESTED, S.SECOND_REVIEW}),
    S.WITHDRAWN: frozenset(),
    S.LAPSED: frozenset(),
    S.APPEALED: frozenset({S.APPEAL_DECIDED}),
    S.APPEAL_DECIDED: frozenset({S.ACCEPTED, S.POSTED, S.REVERSED, S.DECIDED, S.SUBMITTED, S.CHECKING, S.SECOND_REVIEW}),
    S.REVERSED: frozenset(),
}
"""From each state, where it may go; every other step is refused.

Three readings (docs/adr/0021, 0034): what is accepted when another award has taken up its place is checked again; a case that is overdue may be appealed before it was decided, because delay is a ground of appeal; and what an
appeal leaves as it was goes back to the state it came from.
"""

MAY_BE_DELAYED = (S.SUBMITTED, S.CHECKING, S.SECOND_REVIEW)
OPEN_STATES = (S.SUBMITTED, S.CHECKING, S.INFORMATION_REQUESTED, S.SECOND_REVIEW, S.WITHDRAWAL_REQUESTED)
WAITING_STATES = (*OPEN_STATES, S.APPEALED, S.APPEAL_DECIDED)
"""What waits for somebody at the desk (or for the learner on the desk's behalf)."""
DESK_STATES = tuple(state for state in S if state != S.DRAFT)
