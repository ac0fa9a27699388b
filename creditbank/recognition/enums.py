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


S = ApplicationState
TRANSITIONS: dict[str, frozenset[str]] = {
    S.DRAFT: frozenset({S.SUBMITTED}),
    S.SUBMITTED: frozenset({S.CHECKING, S.WITHDRAWN}),
    S.CHECKING: frozenset({S.INFORMATION_REQUESTED, S.SECOND_REVIEW, S.DECIDED, S.WITHDRAWAL_REQUESTED, S.WITHDRAWN}),
    S.INFORMATION_REQUESTED: frozenset({S.CHECKING, S.WITHDRAWAL_REQUESTED, S.LAPSED, S.WITHDRAWN}),
    S.SECOND_REVIEW: frozenset({S.DECIDED, S.CHECKING, S.WITHDRAWAL_REQUESTED}),
    S.DECIDED: frozenset({S.ACCEPTED, S.LAPSED, S.APPEALED}),
    S.ACCEPTED: frozenset({S.POSTED}),
    S.POSTED: frozenset({S.APPEALED, S.REVERSED}),
    S.WITHDRAWAL_REQUESTED: frozenset({S.WITHDRAWN, S.CHECKING, S.INFORMATION_REQUESTED, S.SECOND_REVIEW}),
    S.WITHDRAWN: frozenset(),
    S.LAPSED: frozenset(),
    S.APPEALED: frozenset({S.APPEAL_DECIDED}),
    S.APPEAL_DECIDED: frozenset({S.ACCEPTED, S.REVERSED}),
    S.REVERSED: frozenset(),
}
"""From each state, where it may go; every other step is refused."""

OPEN_STATES = (S.SUBMITTED, S.CHECKING, S.INFORMATION_REQUESTED, S.SECOND_REVIEW, S.WITHDRAWAL_REQUESTED)
DESK_STATES = tuple(state for state in S if state != S.DRAFT)
