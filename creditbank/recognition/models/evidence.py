"""Files that a learner hands in with an application."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from creditbank.recognition.models.applications import Application
from foundation.api import unseal

EVIDENCE = "creditbank.evidence"


def evidence_path(evidence: ApplicationEvidence, filename: str) -> str:
    """Where a file lies: by content hash, never under a name that somebody typed."""
    return f"evidence/{evidence.sha256[:2]}/{evidence.sha256}"


class ApplicationEvidenceQuerySet(models.QuerySet["ApplicationEvidence"]):
    """Files as their reader may see them."""

    def visible_to(self, user: Any) -> ApplicationEvidenceQuerySet:
        """Whoever sees the application. Asked of each file's own case: a desk has a hundred thousand."""
        return self.filter(Exists(Application.objects.all().visible_to(user).filter(pk=OuterRef("application_id"))))


class ApplicationEvidence(models.Model):
    """One file for one item of a rule's evidence list. May be taken out while the application is a draft, never afterwards.

    Stored by content hash in a folder without an address; served by a view that asks the policy. What is stored is what was sent, except
    that pictures lose their metadata (place and camera).

    The file is sealed under the learner's key; ``size`` and ``sha256`` are those of the content. It is read through ``content``, and only the
    view that asks the policy does.

    Personal data: the file itself, and its name.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="evidence")
    rule = models.CharField(_("rule"), max_length=40)
    item = models.CharField(_("what it shows"), max_length=120)
    record_uuid = models.UUIDField(_("learning record"))
    file = models.FileField(_("file"), upload_to=evidence_path, max_length=200)
    filename = models.CharField(_("file name"), max_length=200)
    media_type = models.CharField(_("media type"), max_length=80)
    size = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField("SHA-256", max_length=64)
    uploaded_at = models.DateTimeField(_("brought on"))

    objects = ApplicationEvidenceQuerySet.as_manager()

    class Meta:
        verbose_name = _("evidence of an application")
        verbose_name_plural = _("evidence of applications")
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["application", "item", "record_uuid", "sha256"], name="application_evidence_once")]

    def __str__(self) -> str:
        return self.filename

    @property
    def content(self) -> bytes:
        """What was handed in. Raises FileNotFoundError, SealingProblem."""
        with self.file.open("rb") as stream:
            return unseal(EVIDENCE, stream.read())
