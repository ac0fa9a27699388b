"""Institutions, alliances of them, and who belongs where in which role."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from foundation.api import in_language
from identity.institutions.enums import InstitutionKind, InstitutionStatus, Role
from identity.people.models import User


class InstitutionQuerySet(models.QuerySet["Institution"]):
    """Institutions as the public knows them."""

    def visible_to(self, user: Any) -> InstitutionQuerySet:
        """Everybody may know every institution, a closed one too: old records name it."""
        return self.all()

    def active(self) -> InstitutionQuerySet:
        return self.filter(status=InstitutionStatus.ACTIVE)


class Institution(models.Model):
    """A school, company or awarding body that takes part.

    Personal data: none.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.CharField(
        _("code"), max_length=20, unique=True, validators=[RegexValidator(r"^[A-Z][A-Z0-9]{1,19}$", _("Capital letters and digits, a letter first."))],
        help_text=_("Stands in addresses and rule numbers; never changes."),
    )  # fmt: skip
    name_zh = models.CharField(_("name (Chinese)"), max_length=100)
    name_en = models.CharField(_("name (English)"), max_length=160, blank=True)
    kind = models.CharField(_("kind of institution"), max_length=20, choices=InstitutionKind.choices)
    status = models.CharField(_("status"), max_length=12, choices=InstitutionStatus.choices, default=InstitutionStatus.ACTIVE)
    district = models.CharField(_("district"), max_length=60, blank=True)
    description_zh = models.TextField(_("description (Chinese)"), blank=True)
    description_en = models.TextField(_("description (English)"), blank=True)
    address = models.CharField(_("address"), max_length=200, blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    website = models.URLField(_("website"), blank=True)
    founded_on = models.PositiveSmallIntegerField(_("founded in"), null=True, blank=True)
    search_text = models.CharField(
        max_length=400, blank=True, editable=False, help_text="Names, pinyin and initials, for the list's search."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = InstitutionQuerySet.as_manager()

    class Meta:
        verbose_name = _("institution")
        verbose_name_plural = _("institutions")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=InstitutionKind.values), name="institution_kind_is_known"),
            models.CheckConstraint(condition=~Q(name_zh=""), name="institution_has_a_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return in_language(self.name_zh, self.name_en)

    @property
    def description(self) -> str:
        return in_language(self.description_zh, self.description_en)


class Alliance(models.Model):
    """Institutions that share with each other.

    Personal data: none.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.CharField(_("code"), max_length=20, unique=True)
    name_zh = models.CharField(_("name (Chinese)"), max_length=100)
    name_en = models.CharField(_("name (English)"), max_length=160, blank=True)

    class Meta:
        verbose_name = _("alliance")
        verbose_name_plural = _("alliances")
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        return in_language(self.name_zh, self.name_en)


class AllianceMemberQuerySet(models.QuerySet["AllianceMember"]):
    """Members of alliances on a day."""

    def active(self, *, on: date) -> AllianceMemberQuerySet:
        return self.filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on), starts_on__lte=on)


class AllianceMember(models.Model):
    """An institution in an alliance, from a day, perhaps until a day (both days included).

    Personal data: none.
    """

    alliance = models.ForeignKey(Alliance, on_delete=models.PROTECT, related_name="members")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="alliance_memberships")
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)

    objects = AllianceMemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("alliance member")
        verbose_name_plural = _("alliance members")
        constraints = [
            models.UniqueConstraint(fields=["alliance", "institution"], condition=Q(ends_on__isnull=True), name="alliance_member_once"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="alliance_member_dates_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.alliance_id}/{self.institution_id}"


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Memberships on a day, and as others may see them."""

    def active(self, *, on: date) -> MembershipQuerySet:
        """Begun, not ended, at an institution that is not closed, of a person who may sign in."""
        return self.filter(
            Q(ends_on__isnull=True) | Q(ends_on__gte=on),
            starts_on__lte=on,
            person__is_active=True,
        ).exclude(institution__status=InstitutionStatus.CLOSED)

    def visible_to(self, user: Any) -> MembershipQuerySet:
        """One's own; those of the school one administers; all for operator and auditor."""
        if not user.is_authenticated:
            return self.none()
        if user.acts_as(Role.OPERATOR, Role.AUDITOR):
            return self.all()
        return self.filter(Q(person=user) | Q(institution__in=user.institutions_as(Role.SCHOOL_ADMINISTRATOR)))


class Membership(models.Model):
    """A person at an institution in one role, from a day, perhaps until a day (both days included).

    The only source of rights. Ended ones stay, as history.

    Personal data: that a person belongs to an institution, and as what.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(User, verbose_name=_("person"), on_delete=models.CASCADE, related_name="memberships")
    institution = models.ForeignKey(Institution, verbose_name=_("institution"), on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(_("role"), max_length=24, choices=Role.choices)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True, help_text=_("The last day; empty: until further notice."))
    granted_by_uuid = models.UUIDField(_("granted by"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["institution__code", "role", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["person", "institution", "role"], condition=Q(ends_on__isnull=True), name="membership_open_once"
            ),
            models.CheckConstraint(condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="membership_dates_in_order"),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_is_known"),
        ]
        indexes = [models.Index(fields=["institution", "role"], name="membership_by_role")]

    def __str__(self) -> str:
        return f"{self.person_id} {self.role} @ {self.institution_id}"


class LearnerNumberQuerySet(models.QuerySet["LearnerNumber"]):
    """Numbers as others may see them."""

    def visible_to(self, user: Any) -> LearnerNumberQuerySet:
        """One's own; those of the school one administers."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(person=user) | Q(institution__in=user.institutions_as(Role.SCHOOL_ADMINISTRATOR)))


class LearnerNumber(models.Model):
    """By which number an institution's own systems know a person; one person may have several, a number is one person's.

    Personal data: the number, and whose it is.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, verbose_name=_("institution"), on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(User, verbose_name=_("person"), on_delete=models.CASCADE, related_name="learner_numbers")
    number = models.CharField(_("learner number"), max_length=120)
    linked_by_uuid = models.UUIDField(_("linked by"), null=True, blank=True)
    linked_at = models.DateTimeField(_("linked"))

    objects = LearnerNumberQuerySet.as_manager()

    class Meta:
        verbose_name = _("learner number")
        verbose_name_plural = _("learner numbers")
        ordering = ["institution__code", "number"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "number"], name="learner_number_is_one_person"),
            models.CheckConstraint(condition=~Q(number=""), name="learner_number_not_empty"),
        ]

    def __str__(self) -> str:
        return self.number


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Tokens as others may see them."""

    def visible_to(self, user: Any) -> ApiTokenQuerySet:
        """Those of the school one administers; all for operators and auditors."""
        if not user.is_authenticated:
            return self.none()
        if user.acts_as(Role.OPERATOR, Role.AUDITOR):
            return self.all()
        return self.filter(institution__in=user.institutions_as(Role.SCHOOL_ADMINISTRATOR))


class ApiToken(models.Model):
    """What an institution's own system shows to the HTTP API; a principal of its own, which decides nothing.

    The token is shown once; ``digest`` is its SHA-256, ``beginning`` its first letters, by which people tell tokens apart.

    Personal data: the pseudonym of who made it.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, verbose_name=_("institution"), on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name of the system"), max_length=80)
    beginning = models.CharField(_("begins with"), max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(_("what it may do"), default=list)
    made_by_uuid = models.UUIDField(_("made by"), null=True, blank=True)
    made_at = models.DateTimeField(_("made"))
    expires_on = models.DateField(_("valid until"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    used_on = models.DateField(_("last used"), null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="api_token_has_a_name")]

    def __str__(self) -> str:
        return self.name
