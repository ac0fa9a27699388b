"""The learning record store's one table of statements."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from foundation.api import append_only
from identity.api import Role


class StatementQuerySet(models.QuerySet["Statement"]):
    """Statements as their reader may see them."""

    def visible_to(self, user: Any) -> StatementQuerySet:
        """A person sees the statements about that person; an auditor sees all."""
        if not user.is_authenticated:
            return self.none()
        if user.acts_as(Role.AUDITOR):
            return self
        return self.filter(actor_uuid=user.uuid)

    def standing(self) -> StatementQuerySet:
        """Statements that nobody voided."""
        return self.filter(voided_by__isnull=True)


@append_only(mutable=("voided_by",))
class Statement(models.Model):
    """One activity statement, kept as the text that was written, once and for ever.

    The columns repeat what is asked for often; the text is the truth. ``seq`` orders statements that were stored at the same moment.

    Missing on purpose: a name or an address of the person (names are joined from identity when shown); correct answers; ``modified_at``
    (triggers refuse every UPDATE but that of ``voided_by``).

    Personal data: the pseudonym of the person and what that person studied, when and with which result.
    """

    seq = models.BigAutoField(primary_key=True)
    statement_id = models.UUIDField(_("statement id"), unique=True)
    stored = models.DateTimeField(_("stored"))
    timestamp = models.DateTimeField(_("happened"))
    verb = models.CharField(_("verb"), max_length=500)
    object_iri = models.CharField(_("object"), max_length=500)
    actor_hash = models.CharField(_("actor"), max_length=64)
    actor_uuid = models.UUIDField(_("person"), null=True, blank=True)
    registration = models.UUIDField(_("enrolment"), null=True, blank=True)
    institution = models.ForeignKey(
        "identity.Institution", verbose_name=_("institution"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    target = models.UUIDField(_("points to statement"), null=True, blank=True, db_index=True)
    key = models.ForeignKey(
        "learning.XapiKey", verbose_name=_("written with key"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
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
            models.Index(fields=["actor_hash", "stored"], name="statement_by_actor"),
            models.Index(fields=["object_iri", "stored"], name="statement_by_object"),
            models.Index(fields=["verb", "stored"], name="statement_by_verb"),
            models.Index(fields=["registration", "stored"], name="statement_by_registration"),
            models.Index(fields=["actor_uuid", "-timestamp"], name="statement_by_person"),
        ]

    def __str__(self) -> str:
        return str(self.statement_id)


class StatementTerm(models.Model):
    """An agent or activity that a statement names, by fingerprint: main as actor or object, else anywhere. Serves the filters of the store.

    Missing on purpose: a foreign key (terms are written in bulk beside their statements, and looked up by their uuid alone).

    Personal data: fingerprints of actors.
    """

    statement_id = models.UUIDField(_("statement"))
    value = models.CharField(_("fingerprint"), max_length=64)
    is_main = models.BooleanField(_("actor or object"))

    class Meta:
        verbose_name = _("statement term")
        verbose_name_plural = _("statement terms")
        constraints = [models.UniqueConstraint(fields=["value", "statement_id", "is_main"], name="statement_term_once")]

    def __str__(self) -> str:
        return f"{self.statement_id} {self.value[:8]}"


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
    created_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("valid until"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)

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
