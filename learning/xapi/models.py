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
