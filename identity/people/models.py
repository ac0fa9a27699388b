"""People: one person, one user, one name field."""

from __future__ import annotations

import uuid
from functools import cached_property
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from foundation.api import SealedTextField
from identity.people.enums import ErasureState, ExportState, TextSize, Theme
from identity.people.holding import HeldRole, alliances_of, held_roles
from identity.people.validators import clean_name, clean_phone


class UserQuerySet(models.QuerySet["User"]):
    """People as others may see them."""

    def visible_to(self, user: Any) -> UserQuerySet:
        """Everybody sees the own person; other people are shown by the lists that have a reason to name them."""
        return self.filter(pk=user.pk) if user.is_authenticated else self.none()


class UserManager(BaseUserManager.from_queryset(UserQuerySet)["User"]):  # type: ignore[misc]
    """Making people."""

    def create_user(
        self, *, name: str, email: str | None = None, phone: str | None = None, password: str | None = None, **fields: Any
    ) -> User:
        """A person with a clean name, address and number. Raises ValidationError for a bad one."""
        user = self.model(
            name=clean_name(name), email=(self.normalize_email(email) or None), phone=clean_phone(phone) if phone else None, **fields
        )
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """Sign-in by a back end that knows no more than a name: e-mail or number."""
        return self.get(Q(email__iexact=username) | Q(phone=username))


class User(AbstractBaseUser, PermissionsMixin):
    """A person with a login. ``uuid`` is the pseudonym that ledger, audit log and activity statements know.

    Missing on purpose: first and last name (Chinese names are not split); roles (they are memberships, with dates).

    Personal data: name, e-mail, phone, language and reading preferences.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("name"), max_length=50, help_text=_("As on your papers, in one field."))
    email = models.EmailField(_("e-mail"), null=True, blank=True, unique=True)
    phone = models.CharField(_("phone"), max_length=20, null=True, blank=True, unique=True)
    phone_verified = models.BooleanField(_("phone confirmed"), default=False)
    language = models.CharField(_("language"), max_length=10, choices=[("zh-hans", "简体中文"), ("en", "English")], default="zh-hans")
    elder_mode = models.BooleanField(_("elder mode"), default=False)
    text_size = models.CharField(_("text size"), max_length=10, choices=TextSize.choices, default=TextSize.NORMAL)
    theme = models.CharField(_("colours"), max_length=10, choices=Theme.choices, default=Theme.SYSTEM)
    is_active = models.BooleanField(_("active"), default=True, help_text=_("A deactivated person cannot sign in; nothing is deleted."))
    is_demo = models.BooleanField(_("demo account"), default=False, help_text=_("Production refuses to start while one exists."))
    date_joined = models.DateTimeField(_("joined"), default=timezone.now)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="user_has_a_name"),
            models.CheckConstraint(condition=~Q(email=""), name="user_email_is_null_not_empty"),
            models.CheckConstraint(condition=~Q(phone=""), name="user_phone_is_null_not_empty"),
            models.UniqueConstraint(Lower("email"), name="user_email_once_whatever_case"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    @property
    def first_name(self) -> str:
        """The one name, where the editors' desk (Wagtail) asks for a first name."""
        return self.name

    def get_username(self) -> str:
        """What identifies the person where a framework wants one word; never shown."""
        return self.email or self.phone or str(self.uuid)

    @property
    def is_staff(self) -> bool:
        """Whether the person may enter the editors' desk (Wagtail): a matter of roles, not a switch of its own."""
        return self.is_active and any(held.role in _desk_roles() for held in self.held_roles)

    @cached_property
    def held_roles(self) -> tuple[HeldRole, ...]:
        """All memberships that are active today; one query, kept for the life of this object (one request)."""
        return held_roles(self, timezone.localdate()) if self.is_active and self.pk else ()

    @property
    def acting_membership_id(self) -> int | None:
        """The membership chosen in this session; set by the middleware, None outside of sessions."""
        return getattr(self, "_acting_membership_id", None)

    @acting_membership_id.setter
    def acting_membership_id(self, value: int | None) -> None:
        self._acting_membership_id = value

    def acting_roles(self) -> tuple[HeldRole, ...]:
        """The chosen membership alone, or all of them where none is chosen."""
        chosen = self.acting_membership_id
        return tuple(held for held in self.held_roles if chosen is None or held.membership_id == chosen)

    def acts_as(self, *roles: str, at: Any = None) -> bool:
        """Whether the person acts in one of these roles, at one institution if ``at`` (an object or its id) is given."""
        place = getattr(at, "pk", at)
        return any(held.role in roles and (place is None or held.institution_id == place) for held in self.acting_roles())

    def institutions_as(self, *roles: str) -> list[int]:
        """Ids of the institutions where the person acts in one of these roles."""
        return sorted({held.institution_id for held in self.acting_roles() if held.role in roles})

    def member_institution_ids(self) -> list[int]:
        """Ids of all institutions the person belongs to today, in whatever role: what sharing scopes ask."""
        return sorted({held.institution_id for held in self.held_roles})

    def member_alliance_ids(self) -> list[int]:
        """Ids of all alliances that those institutions belong to today."""
        return list(self._alliance_ids)

    @cached_property
    def _alliance_ids(self) -> tuple[int, ...]:
        return alliances_of(tuple(self.member_institution_ids()), timezone.localdate())


def _desk_roles() -> frozenset[str]:
    """Roles whose work is done in Wagtail's admin; values of the Role enum, which lies above this part."""
    return frozenset({"instructor", "editor", "school_approver", "library_reviewer", "school_administrator"})


class ErasureRequestQuerySet(models.QuerySet["ErasureRequest"]):
    """Wishes as their reader may see them."""

    def visible_to(self, user: Any) -> ErasureRequestQuerySet:
        """One's own; all for operators and auditors."""
        if not user.is_authenticated:
            return self.none()
        return self.all() if user.acts_as("operator", "auditor") else self.filter(person_uuid=user.uuid)


class ErasureRequest(models.Model):
    """A person asks to be erased; an operator decides, and the receipt says what was taken away and what stays.

    Kept for good, by pseudonym: a restored backup is held against it (``manage.py erasures``). ``receipt`` maps names to numbers of what was
    taken away; ``code`` opens the receipt to whoever was given it.

    Personal data: a pseudonym, and the words of the person and of the answer (sealed; unreadable once it is carried out).
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person_uuid = models.UUIDField(_("person"), db_index=True)
    code = models.CharField(_("code of the receipt"), max_length=32, unique=True)
    state = models.CharField(_("state"), max_length=10, choices=ErasureState.choices, default=ErasureState.ASKED)
    reason = SealedTextField(_("reason"), blank=True, owner="person_uuid")
    asked_at = models.DateTimeField(_("asked"))
    decided_by_uuid = models.UUIDField(_("decided by"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    answer = SealedTextField(_("answer"), blank=True, owner="person_uuid")
    receipt = models.JSONField(_("receipt"), default=dict, blank=True)

    objects = ErasureRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("wish to be erased")
        verbose_name_plural = _("wishes to be erased")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["person_uuid"], condition=Q(state="asked"), name="erasure_asked_once"),
            models.CheckConstraint(condition=Q(state__in=ErasureState.values), name="erasure_state_is_known"),
            models.CheckConstraint(
                condition=Q(decided_by_uuid__isnull=True) | ~Q(decided_by_uuid=models.F("person_uuid")), name="erasure_decided_by_another"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["refused", "done"]) | Q(decided_by_uuid__isnull=False, decided_at__isnull=False),
                name="erasure_decided_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_uuid} {self.state}"


class DataExportQuerySet(models.QuerySet["DataExport"]):
    """Exports as their reader may see them."""

    def visible_to(self, user: Any) -> DataExportQuerySet:
        """One's own, and nobody else's."""
        return self.filter(person_uuid=user.uuid) if user.is_authenticated else self.none()


def data_path(export: DataExport, _filename: str) -> str:
    """Where the file lies: under a name that says nothing."""
    return f"own-data/{export.uuid}"


class DataExport(models.Model):
    """A person asked for everything that is known of them: one file, put together in the background, sealed under the person's key.

    The file goes when its time is over, when the next one is there, and with its person; that it was asked for and fetched stays in the audit log.

    Personal data: everything that is known of the person (sealed).
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person_uuid = models.UUIDField(_("person"), db_index=True)
    state = models.CharField(_("state"), max_length=8, choices=ExportState.choices, default=ExportState.ASKED)
    asked_at = models.DateTimeField(_("asked"))
    ready_at = models.DateTimeField(_("put together"), null=True, blank=True)
    ends_at = models.DateTimeField(_("can be fetched until"), null=True, blank=True)
    file = models.FileField(_("file"), upload_to=data_path, max_length=200, blank=True)
    size = models.PositiveBigIntegerField(_("size"), default=0)
    sha256 = models.CharField("SHA-256", max_length=64, blank=True)

    objects = DataExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("export of one's own data")
        verbose_name_plural = _("exports of one's own data")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["person_uuid"], condition=Q(state="asked"), name="export_asked_once"),
            models.CheckConstraint(condition=Q(state__in=ExportState.values), name="export_state_is_known"),
            models.CheckConstraint(
                condition=~Q(state="ready") | Q(ready_at__isnull=False, ends_at__isnull=False), name="export_ready_until_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_uuid} {self.state}"


class CivilNumber(models.Model):
    """The number of a person's identity card (GB 11643), which the person gave in the settings; at most one a person.

    It leaves this table into submission files alone, with an audit entry a file. Missing on purpose: a way to look people up by it.

    Personal data: a pseudonym, and the number (sealed).
    """

    person_uuid = models.UUIDField(_("person"), unique=True)
    number = SealedTextField(_("identity card number"), owner="person_uuid")
    given_at = models.DateTimeField(_("given"))

    class Meta:
        verbose_name = _("identity card number")
        verbose_name_plural = _("identity card numbers")
        constraints = [models.CheckConstraint(condition=~Q(number=""), name="civil_number_is_not_empty")]

    def __str__(self) -> str:
        return str(self.person_uuid)
