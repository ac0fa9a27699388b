"""The learning record store's one table of statements."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from foundation.api import append_only
from identity.api import Role


@dataclass(frozen=True)
class Bound:
    """The one actor, and perhaps the one registration, that a learner's token is for. ``actor`` is a fingerprint."""

    actor: UUID
    registration: str = ""


class StatementQuerySet(models.QuerySet["Statement"]):
    """Statements as their reader may see them."""

    def visible_to(self, user: Any) -> StatementQuerySet:
        """A person sees the statements about that person; an auditor sees all."""
        if not user.is_authenticated:
            return self.none()
        if user.acts_as(Role.AUDITOR):
            return self
        return self.about_person(user.uuid)

    def about_person(self, person: UUID) -> StatementQuerySet:
        """Statements whose actor is this person: by our own pseudonym, or by the account that a school's system knows."""
        known = list(XapiAccount.objects.filter(person_uuid=person).values_list("actor", flat=True))
        return self.filter(Q(actor_uuid=person) | Q(actor_uuid__isnull=True, actor__in=known) if known else Q(actor_uuid=person))

    def standing(self) -> StatementQuerySet:
        """Statements that nobody voided."""
        return self.filter(voided_by__isnull=True)


@append_only(mutable=("voided_by",), purgeable=True)
class Statement(models.Model):
    """One activity statement, kept as the text that was written, once and for ever.

    The columns repeat what is asked for often; the text is the truth. ``seq`` is the moment of storing in microseconds, times 1024, plus a
    number that tells writers of the same microsecond apart: one order for pages, ``since`` and ``until``, and every index ends in it.
    ``actor`` is the fingerprint of who acted; ``actor_uuid`` is set where our own player wrote it.

    Missing on purpose: a name or an address of the person (names are joined from identity when shown); correct answers; ``modified_at``
    (triggers refuse every UPDATE but that of ``voided_by``).

    Personal data: the pseudonym of the person and what that person studied, when and with which result.
    """

    seq = models.BigIntegerField(_("order of storing"), primary_key=True)
    statement_id = models.UUIDField(_("statement id"), unique=True)
    stored = models.DateTimeField(_("stored"))
    timestamp = models.DateTimeField(_("happened"))
    verb = models.CharField(_("verb"), max_length=500)
    object_iri = models.CharField(_("object"), max_length=500)
    actor = models.UUIDField(_("actor"), null=True, blank=True)
    actor_uuid = models.UUIDField(_("person"), null=True, blank=True)
    registration = models.UUIDField(_("enrolment"), null=True, blank=True)
    institution = models.ForeignKey(
        "identity.Institution",
        verbose_name=_("institution"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    target = models.UUIDField(_("points to statement"), null=True, blank=True)
    key = models.ForeignKey(
        "learning.XapiKey",
        verbose_name=_("written with key"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
    )
    voided_by = models.UUIDField(_("voided by"), null=True, blank=True)
    content_hash = models.CharField(_("content hash"), max_length=64)
    text = models.TextField(_("text as written"))

    objects = StatementQuerySet.as_manager()

    class Meta:
        verbose_name = _("activity statement")
        verbose_name_plural = _("activity statements")
        ordering = ["seq"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="statement_text_not_empty"),
        ]
        indexes = [
            models.Index(fields=["actor_uuid", "-timestamp"], name="statement_by_person", condition=Q(actor_uuid__isnull=False)),
            models.Index(fields=["actor", "-timestamp"], name="statement_by_actor", condition=Q(actor_uuid__isnull=True)),
            models.Index(fields=["verb", "seq"], name="statement_by_verb"),
            models.Index(fields=["registration", "seq"], name="statement_by_registration", condition=Q(registration__isnull=False)),
            models.Index(fields=["target"], name="statement_by_target", condition=Q(target__isnull=False)),
            models.Index(fields=["seq"], name="statement_pointing", condition=Q(target__isnull=False)),
            models.Index(fields=["institution", "seq"], name="statement_by_institution", condition=Q(institution__isnull=False)),
            models.Index(fields=["key", "seq"], name="statement_by_key", condition=Q(key__isnull=False)),
        ]

    def __str__(self) -> str:
        return str(self.statement_id)


class StatementTerm(models.Model):
    """An agent, activity or attachment that a statement names, by fingerprint: main as actor or object, else anywhere. Serves the filters.

    Missing on purpose: a constraint on the statement (terms are written in bulk beside their statements and deleted with them).

    Personal data: fingerprints of actors.
    """

    pk = models.CompositePrimaryKey("value", "statement_id")
    value = models.UUIDField(_("fingerprint"))
    statement = models.ForeignKey(
        Statement, verbose_name=_("statement"), on_delete=models.DO_NOTHING, related_name="terms", db_column="seq", db_constraint=False,
        db_index=False,
    )  # fmt: skip
    is_main = models.BooleanField(_("actor or object"))

    class Meta:
        verbose_name = _("statement term")
        verbose_name_plural = _("statement terms")

    def __str__(self) -> str:
        return f"{self.statement_id} {self.value}"


class XapiHome(models.Model):
    """A system of an institution: accounts whose ``homePage`` is this address belong to the institution's own learners.

    Personal data: none.
    """

    institution = models.ForeignKey("identity.Institution", verbose_name=_("institution"), on_delete=models.PROTECT, related_name="+")
    address = models.CharField(_("address of the system"), max_length=200, unique=True)
    created_at = models.DateTimeField(_("registered"))

    class Meta:
        verbose_name = _("system of an institution")
        verbose_name_plural = _("systems of institutions")
        ordering = ["address"]

    def __str__(self) -> str:
        return self.address


class XapiAccount(models.Model):
    """An account of an institution's system that statements came about; ``person_uuid`` is empty while nobody knows whose it is.

    Missing on purpose: counters (the hot path writes no shared row).

    Personal data: the institution's number of a learner, and whose it is.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey("identity.Institution", verbose_name=_("institution"), on_delete=models.PROTECT, related_name="+")
    home_page = models.CharField(_("address of the system"), max_length=200)
    name = models.CharField(_("number at the institution"), max_length=120)
    actor = models.UUIDField(_("fingerprint"), unique=True)
    person_uuid = models.UUIDField(_("person"), null=True, blank=True, db_index=True)
    first_seen = models.DateTimeField(_("first statement"))

    class Meta:
        verbose_name = _("account at an institution")
        verbose_name_plural = _("accounts at institutions")
        ordering = ["name"]
        indexes = [models.Index(fields=["institution", "name"], name="xapi_account_by_name")]

    def __str__(self) -> str:
        return self.name


class XapiKey(models.Model):
    """With what a system writes to the store and reads from it. The secret is shown once and kept as a digest of its 256 random bits.

    A key without an institution is an operator's: any actor, everything readable.

    Personal data: none.
    """

    name = models.CharField(_("name"), max_length=80)
    key = models.CharField(_("key"), max_length=40, unique=True)
    secret_hash = models.CharField(_("digest of the secret"), max_length=64)
    institution = models.ForeignKey(
        "identity.Institution", verbose_name=_("institution"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    scopes = models.JSONField(_("scopes"), default=list)
    authority = models.UUIDField(_("fingerprint of the authority"), null=True, blank=True, db_index=True)
    created_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

    bound: Bound | None = None
    """The one learner that the credentials in use are narrowed to; set for one request by a bearer token, never stored."""

    class Meta:
        verbose_name = _("store key")
        verbose_name_plural = _("store keys")
        constraints = [models.CheckConstraint(condition=~Q(secret_hash=""), name="xapi_key_has_a_secret")]

    def __str__(self) -> str:
        return self.name


class XapiDocument(models.Model):
    """A document of the state, activity profile or agent profile resource; ``place`` is the fingerprint of everything that names it.

    Personal data: whatever a learning activity remembers about a person.
    """

    kind = models.CharField(_("kind"), max_length=16)
    place = models.CharField(_("place"), max_length=64, unique=True)
    activity = models.CharField(_("activity"), max_length=64, blank=True)
    agent = models.CharField(_("agent"), max_length=64, blank=True)
    registration = models.UUIDField(_("enrolment"), null=True, blank=True)
    name = models.CharField(_("document id"), max_length=500)
    owner = models.ForeignKey("learning.XapiKey", verbose_name=_("owner"), on_delete=models.PROTECT, related_name="+")
    content = models.BinaryField(_("content"))
    content_type = models.CharField(_("content type"), max_length=200)
    etag = models.CharField(max_length=40)
    updated = models.DateTimeField(_("updated"))

    class Meta:
        verbose_name = _("store document")
        verbose_name_plural = _("store documents")
        indexes = [models.Index(fields=["kind", "activity", "agent", "updated"], name="xapi_document_by_place")]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class ActivityDefinition(models.Model):
    """How the store describes an activity: what was said about it, merged.

    Personal data: none.
    """

    key = models.CharField(_("fingerprint"), max_length=64, unique=True)
    iri = models.TextField(_("activity"))
    definition = models.JSONField(_("definition"), default=dict)
    said = models.CharField(_("digest of what was said last"), max_length=32, blank=True)

    class Meta:
        verbose_name = _("activity definition")
        verbose_name_plural = _("activity definitions")

    def __str__(self) -> str:
        return self.iri


def attachment_path(attachment: XapiAttachment, filename: str) -> str:
    """Where the bytes lie: by their own hash, outside the database and without an address."""
    return f"xapi/{attachment.sha2[:2]}/{attachment.sha2}"


class XapiAttachment(models.Model):
    """The bytes of attachments, once for each hash.

    Personal data: whatever a statement attached.
    """

    sha2 = models.CharField("SHA-2", max_length=128, unique=True)
    file = models.FileField(_("file"), upload_to=attachment_path, max_length=200)
    content_type = models.CharField(_("content type"), max_length=200)

    class Meta:
        verbose_name = _("statement attachment")
        verbose_name_plural = _("statement attachments")

    def __str__(self) -> str:
        return self.sha2


class XapiRefusal(models.Model):
    """A request of a key that was refused, with the reason and the part of the statement that caused it: what a school's technician looks for.

    Kept for thirty days. Missing on purpose: what was sent (it may say things about people that were never stored).

    Personal data: none.
    """

    key = models.ForeignKey(XapiKey, verbose_name=_("store key"), on_delete=models.CASCADE, related_name="refusals")
    at = models.DateTimeField(_("refused"))
    method = models.CharField(_("method"), max_length=8)
    resource = models.CharField(_("resource"), max_length=40)
    status = models.PositiveSmallIntegerField(_("status"))
    part = models.CharField(_("part"), max_length=200, blank=True)
    reason = models.CharField(_("reason"), max_length=400)
    request_id = models.CharField(_("request"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("refused request")
        verbose_name_plural = _("refused requests")
        ordering = ["-id"]
        indexes = [models.Index(fields=["key", "-id"], name="xapi_refusal_by_key")]

    def __str__(self) -> str:
        return f"{self.status} {self.reason}"


class XapiForward(models.Model):
    """Another store that an institution's new statements are sent on to, and how far that has come.

    ``sent_through`` is the ``seq`` of the last statement that the other store has; ``next_try_at`` is empty while nothing failed.

    Personal data: none; the secret of the other store, encrypted.
    """

    institution = models.OneToOneField("identity.Institution", verbose_name=_("institution"), on_delete=models.PROTECT, related_name="+")
    url = models.URLField(_("address of the other store"), max_length=300)
    username = models.CharField(_("key of the other store"), max_length=200)
    secret = models.TextField(_("secret of the other store"))
    is_active = models.BooleanField(_("active"), default=True)
    sent_through = models.BigIntegerField(_("sent through"), default=0)
    sent = models.PositiveBigIntegerField(_("statements sent"), default=0)
    skipped = models.PositiveBigIntegerField(_("statements that the other store refused"), default=0)
    failures = models.PositiveSmallIntegerField(_("failures in a row"), default=0)
    next_try_at = models.DateTimeField(_("next try"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=400, blank=True)
    last_success_at = models.DateTimeField(_("last success"), null=True, blank=True)

    class Meta:
        verbose_name = _("forwarding")
        verbose_name_plural = _("forwardings")

    def __str__(self) -> str:
        return self.url


class StatementTotal(models.Model):
    """How often a person did something with an activity in a month: what stays when statements of that month are purged.

    Personal data: the pseudonym of the person and what that person studied.
    """

    month = models.DateField(_("month"))
    institution = models.ForeignKey(
        "identity.Institution", verbose_name=_("institution"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    actor = models.UUIDField(_("actor"), null=True, blank=True)
    verb = models.CharField(_("verb"), max_length=500)
    object_iri = models.CharField(_("object"), max_length=500)
    statements = models.PositiveIntegerField(_("statements"))

    class Meta:
        verbose_name = _("monthly total of statements")
        verbose_name_plural = _("monthly totals of statements")
        constraints = [
            models.UniqueConstraint(fields=["month", "institution", "actor", "verb", "object_iri"], name="statement_total_once"),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} {self.verb} {self.statements}"
