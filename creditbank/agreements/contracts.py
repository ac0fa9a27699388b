"""Agreements between institutions: parties, signatures, and every step of their life."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from creditbank.agreements.enums import AgreementKind, AgreementStatus, PartyRole
from foundation.api import Seal, append_only, in_language
from identity.api import Institution, Role

WHILE_DRAFT = Seal("agreement", "status", AgreementStatus.DRAFT.value)


class AgreementQuerySet(models.QuerySet["Agreement"]):
    """Agreements as their reader may see them."""

    def visible_to(self, user: Any) -> AgreementQuerySet:
        """Signed ones are public, with all that became of them; drafts belong to the desks of the parties, and to auditors."""
        shown = ~Q(status=AgreementStatus.DRAFT) & (~Q(status=AgreementStatus.ENDED) | Q(was_signed=True))
        if not user.is_authenticated:
            return self.filter(shown)
        if user.acts_as(Role.AUDITOR):
            return self.all()
        places = user.institutions_as(Role.CREDIT_OFFICER, Role.REVIEWER)
        ours = AgreementParty.objects.filter(institution__in=places).values("agreement")
        return self.filter(shown | Q(pk__in=ours)) if places else self.filter(shown)


@append_only(mutable=("status", "stopped_on", "was_signed"))
class Agreement(models.Model):
    """Institutions agree to recognise each other's outcomes. What was drafted is never edited: a new thought is a new draft.

    Personal data: the pseudonym of whoever drafted it.
    """

    code = models.CharField(_("code"), max_length=40, unique=True)
    version = models.PositiveIntegerField(_("version"), default=1)
    title_zh = models.CharField(_("title (Chinese)"), max_length=160)
    title_en = models.CharField(_("title (English)"), max_length=200, blank=True)
    text_zh = models.TextField(_("text (Chinese)"), blank=True)
    text_en = models.TextField(_("text (English)"), blank=True)
    kind = models.CharField(_("kind"), max_length=16, choices=AgreementKind.choices)
    status = models.CharField(_("status"), max_length=12, choices=AgreementStatus.choices, default=AgreementStatus.DRAFT)
    precedence = models.SmallIntegerField(_("precedence"), default=0, help_text=_("Higher wins."))
    conserve = models.BooleanField(_("no rule may create credit"), default=False)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)
    stopped_on = models.DateField(
        _("stopped on"), null=True, blank=True, help_text=_("The first day on which it does not hold: suspended, or ended early.")
    )
    was_signed = models.BooleanField(_("was signed"), default=False)
    supersedes = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("supersedes"))
    drafted_by_uuid = models.UUIDField(_("drafted by"), null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    parties = models.ManyToManyField(Institution, through="AgreementParty", related_name="+", verbose_name=_("parties"))

    objects = AgreementQuerySet.as_manager()

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="agreement_dates_in_order"),
            models.CheckConstraint(condition=Q(kind__in=AgreementKind.values), name="agreement_kind_is_known"),
            models.CheckConstraint(condition=Q(status__in=AgreementStatus.values), name="agreement_status_is_known"),
            models.CheckConstraint(
                condition=~Q(status=AgreementStatus.SUSPENDED) | Q(stopped_on__isnull=False), name="agreement_suspended_since_a_day"
            ),
            models.CheckConstraint(condition=Q(supersedes__isnull=True) | ~Q(supersedes=F("id")), name="agreement_supersedes_another"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return in_language(self.title_zh, self.title_en)

    @property
    def text(self) -> str:
        return in_language(self.text_zh, self.text_en)

    @property
    def last_day(self) -> date | None:
        """The last day on which it holds, as far as known: its own end, or the day before it was stopped."""
        days = [self.ends_on, self.stopped_on - timedelta(days=1) if self.stopped_on else None]
        return min((day for day in days if day is not None), default=None)

    def holds_on(self, day: date) -> bool:
        """Whether its rules apply to what is dated on this day."""
        begun = self.status not in {AgreementStatus.DRAFT, AgreementStatus.SIGNED} and self.starts_on <= day
        return begun and (self.last_day is None or day <= self.last_day)


@append_only(sealed_by=WHILE_DRAFT)
class AgreementParty(models.Model):
    """An institution that takes part, and in which direction credit goes.

    Personal data: none.
    """

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="party_rows", verbose_name=_("agreement"))
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", verbose_name=_("institution"))
    role = models.CharField(_("role"), max_length=8, choices=PartyRole.choices, default=PartyRole.BOTH)

    class Meta:
        verbose_name = _("party")
        verbose_name_plural = _("parties")
        ordering = ["agreement", "institution__code"]
        constraints = [
            models.UniqueConstraint(fields=["agreement", "institution"], name="agreement_party_once"),
            models.CheckConstraint(condition=Q(role__in=PartyRole.values), name="agreement_party_role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.agreement_id}: {self.institution_id}"


@append_only(sealed_by=WHILE_DRAFT)
class AgreementSignature(models.Model):
    """A party's officer signs exactly this text; with the last signature that is needed the agreement is signed.

    Personal data: the pseudonym of whoever signed.
    """

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="signatures", verbose_name=_("agreement"))
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", verbose_name=_("institution"))
    signer_uuid = models.UUIDField(_("signed by"))
    signed_as = models.CharField(_("signed as"), max_length=24)
    text_hash = models.CharField(_("hash of the text"), max_length=64)
    at = models.DateTimeField(_("signed"))

    class Meta:
        verbose_name = _("signature")
        verbose_name_plural = _("signatures")
        ordering = ["agreement", "at", "id"]
        constraints = [models.UniqueConstraint(fields=["agreement", "institution"], name="agreement_signed_once_per_party")]

    def __str__(self) -> str:
        return f"{self.agreement_id}: {self.institution_id}"


@append_only
class AgreementStep(models.Model):
    """One step in the life of an agreement: from which state to which, with effect from a day, by whom and why.

    Personal data: the pseudonym of whoever took the step.
    """

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="steps", verbose_name=_("agreement"))
    from_status = models.CharField(_("from"), max_length=12, choices=AgreementStatus.choices, blank=True)
    to_status = models.CharField(_("to"), max_length=12, choices=AgreementStatus.choices)
    effective_on = models.DateField(_("with effect from"))
    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("institution")
    )
    by_uuid = models.UUIDField(_("by"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("step of an agreement")
        verbose_name_plural = _("steps of agreements")
        ordering = ["agreement", "id"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(to_status=AgreementStatus.SUSPENDED) | ~Q(reason=""), name="agreement_suspended_for_a_reason"
            )
        ]

    def __str__(self) -> str:
        return f"{self.from_status} → {self.to_status}"
