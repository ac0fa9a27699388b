"""How an institution counts the days of recognition, and what happens when nobody decides an appeal in time: published before anybody applies."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from creditbank.recognition.enums import DaysCounted, DefaultResult
from creditbank.recognition.models.applications import CASE_ROLES
from foundation.api import SealedTextField, append_only
from identity.api import Institution, Role, User


class RecognitionPolicyQuerySet(models.QuerySet["RecognitionPolicy"]):
    """Policies as their reader may see them."""

    def published(self) -> RecognitionPolicyQuerySet:
        return self.filter(publisher_uuid__isnull=False)

    def visible_to(self, user: Any) -> RecognitionPolicyQuerySet:
        """What is published is public; drafts belong to the desk of the institution, and auditors."""
        shown = Q(publisher_uuid__isnull=False)
        if not user.is_authenticated:
            return self.filter(shown)
        if user.acts_as(Role.AUDITOR):
            return self.all()
        return self.filter(shown | Q(institution__in=user.institutions_as(*CASE_ROLES)))


@append_only(mutable=("publisher_uuid", "published_at"))
class RecognitionPolicy(models.Model):
    """The periods of one institution from a day on: written by one person, published by another, never changed afterwards.

    The institution's own periods are counted in working or calendar days as it says; the learner's always in calendar days.

    Personal data: pseudonyms of author and publisher.
    """

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", verbose_name=_("institution"))
    valid_from = models.DateField(_("from"))
    decide_days = models.PositiveSmallIntegerField(_("days until an answer"), default=15)
    decide_counting = models.CharField(_("counted in"), max_length=8, choices=DaysCounted.choices, default=DaysCounted.CALENDAR)
    answer_days = models.PositiveSmallIntegerField(_("days for the learner to add something"), default=30)
    accept_days = models.PositiveSmallIntegerField(_("days for the learner to accept"), default=30)
    appeal_days = models.PositiveSmallIntegerField(_("days in which to appeal"), default=120)
    appeal_decide_days = models.PositiveSmallIntegerField(_("days until an appeal is decided"), default=30)
    appeal_counting = models.CharField(_("appeals counted in"), max_length=8, choices=DaysCounted.choices, default=DaysCounted.CALENDAR)
    appeal_levels = models.PositiveSmallIntegerField(_("levels of appeal"), default=2)
    default_result = models.CharField(
        _("if nobody decides an appeal in time"), max_length=8, choices=DefaultResult.choices, default=DefaultResult.UPHOLD
    )
    last_default_result = models.CharField(
        _("if nobody decides the last appeal in time"), max_length=8, choices=DefaultResult.choices, default=DefaultResult.UPHOLD
    )
    people_for_review = models.PositiveSmallIntegerField(
        _("persons who agree on a reviewed case"), default=1, help_text=_("The rules ask for one; an institution may ask for two.")
    )
    author_uuid = models.UUIDField(_("author"))
    publisher_uuid = models.UUIDField(_("publisher"), null=True, blank=True)
    published_at = models.DateTimeField(_("published"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RecognitionPolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("policy of recognition")
        verbose_name_plural = _("policies of recognition")
        ordering = ["institution", "-valid_from", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(publisher_uuid__isnull=True) | ~Q(publisher_uuid=F("author_uuid")), name="policy_publisher_is_not_author"
            ),
            models.CheckConstraint(
                condition=Q(publisher_uuid__isnull=True) | Q(published_at__isnull=False), name="policy_published_at_some_time"
            ),
            models.CheckConstraint(condition=Q(appeal_levels__gte=1, appeal_levels__lte=3), name="policy_one_to_three_levels"),
            models.CheckConstraint(condition=~Q(last_default_result="escalate"), name="policy_last_level_has_nobody_above"),
            models.CheckConstraint(condition=Q(people_for_review__gte=1, people_for_review__lte=2), name="policy_one_or_two_for_review"),
        ]

    def __str__(self) -> str:
        return f"{self.institution_id} {self.valid_from:%Y-%m-%d}"


class ExpertStandingQuerySet(models.QuerySet["ExpertStanding"]):
    """Standings as their reader may see them."""

    def held(self, *, on: date) -> ExpertStandingQuerySet:
        """Those that hold on a day."""
        return self.filter(Q(ended_on__isnull=True) | Q(ended_on__gt=on))

    def visible_to(self, user: Any) -> ExpertStandingQuerySet:
        """Those of the institution at whose desk the person works; all for auditors."""
        if not user.is_authenticated:
            return self.none()
        if user.acts_as(Role.AUDITOR):
            return self.all()
        return self.filter(institution__in=user.institutions_as(*CASE_ROLES))


@append_only(once=("ended_on", "ended_by_uuid", "ended_why"))
class ExpertStanding(models.Model):
    """Since when somebody has worked in a field without a break, as an institution knows it; the panel of five needs five years.

    A standing that is no longer right is ended, never edited.

    Personal data: the person's field and years of practice, who entered and who ended it, and why (sealed).
    """

    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("person"))
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", verbose_name=_("institution"))
    field = models.CharField(_("field"), max_length=120)
    since = models.DateField(_("in practice since"))
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("entered by"))
    at = models.DateTimeField()
    ended_on = models.DateField(_("ended on"), null=True, blank=True, help_text=_("The first day on which it does not hold."))
    ended_by_uuid = models.UUIDField(_("ended by"), null=True, blank=True)
    ended_why = SealedTextField(_("why it ended"), null=True, blank=True, owner="person.uuid")  # type: ignore[misc]  # filled once: NULL until then

    objects = ExpertStandingQuerySet.as_manager()

    class Meta:
        verbose_name = _("standing of an expert")
        verbose_name_plural = _("standings of experts")
        constraints = [
            models.CheckConstraint(condition=~Q(person=F("entered_by")), name="standing_entered_by_somebody_else"),
            models.CheckConstraint(
                condition=Q(ended_on__isnull=True) | Q(ended_by_uuid__isnull=False, ended_why__isnull=False),
                name="standing_ended_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.field}"
