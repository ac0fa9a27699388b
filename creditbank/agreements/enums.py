"""States and closed lists of agreements and rule books."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class AgreementKind(models.TextChoices):
    BILATERAL = "bilateral", _("bilateral")
    MULTILATERAL = "multilateral", _("multilateral")
    RECEIVER_LIST = "receiver_list", _("the receiver's own list")
    STATEWIDE = "statewide", _("city-wide")


class AgreementStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    SIGNED = "signed", _("signed")
    ACTIVE = "active", _("in force")
    SUSPENDED = "suspended", _("suspended")
    ENDED = "ended", _("ended")


AGREEMENT_STEPS: dict[str, frozenset[str]] = {
    AgreementStatus.DRAFT: frozenset({AgreementStatus.SIGNED, AgreementStatus.ENDED}),
    AgreementStatus.SIGNED: frozenset({AgreementStatus.ACTIVE, AgreementStatus.ENDED}),
    AgreementStatus.ACTIVE: frozenset({AgreementStatus.SUSPENDED, AgreementStatus.ENDED}),
    AgreementStatus.SUSPENDED: frozenset({AgreementStatus.ACTIVE, AgreementStatus.ENDED}),
    AgreementStatus.ENDED: frozenset(),
}
"""Every step an agreement may take; no other exists."""


class PartyRole(models.TextChoices):
    SEND = "send", _("sends credit")
    RECEIVE = "receive", _("receives credit")
    BOTH = "both", _("sends and receives credit")


class VersionStatus(models.TextChoices):
    DRAFT = "draft", _("draft")
    PUBLISHED = "published", _("published")
    RETIRED = "retired", _("retired")


WINDOW_DATES = ("earned", "applied", "admitted", "cohort")
ROUTES = ("auto", "review", "panel", "standards")
OFFERS = ("all", "any", "n_of")
RULE_STATES = ("draft", "active", "suspended", "ended")
MEASURES = ("credits", "records", "grants", "gpa")
OPERATORS = ("<=", ">=")
PERIODS = ("none", "year", "term", "institution", "subject", "target")
OVERFLOWS = ("reject_whole", "truncate", "subject_only", "to_elective")
GROUP_OPERATORS = ("all", "any")
CONSUMES = ("whole", "splittable")
