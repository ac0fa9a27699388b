"""Transcripts: what had been awarded on a day, as a paper that anyone can check."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.api import append_only
from identity.api import User


class TranscriptQuerySet(models.QuerySet["Transcript"]):
    """Transcripts as their reader may see them."""

    """Transcripts as their reader may see them."""

    def visible_to(self, user: Any) -> TranscriptQuerySet:
        """One's own. Whoever holds the code verifies it, which is another question."""
        return self.filter(learner=user) if user.is_authenticated else self.none()


@append_only(mutable=("revoked_at", "revoked_reason"))
class Transcript(models.Model):
    """A transcript as issued: a snapshot of balances and awards with its hash, and the codes under which it is verified.

    Missing on purpose: editing. A mistake is revoked, and a new one issued.

    Personal data: name as on the day of issue, and what was awarded.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    learner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("learner"))
    code = models.CharField(_("code"), max_length=32, unique=True, help_text=_("128 random bits; stands in the QR code."))
    short_code = models.CharField(_("short code"), max_length=12, unique=True, help_text=_("For typing, shown in fours."))
    content = models.JSONField(_("content"))
    content_hash = models.CharField(_("hash"), max_length=64)
    issued_at = models.DateTimeField(_("issued"))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_reason = models.CharField(_("reason"), max_length=300, blank=True)

    objects = TranscriptQuerySet.as_manager()

    class Meta:
        verbose_name = _("transcript")
        verbose_name_plural = _("transcripts")
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.printed_code

    @property
    def printed_code(self) -> str:
        """The short code in fours: ABCD-EFGH-JKLM."""
        return "-".join(self.short_code[at : at + 4] for at in range(0, len(self.short_code), 4))
