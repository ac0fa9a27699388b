"""Papers that anyone can check: transcripts of what stands in an account, certificates of what was recognised."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from creditbank.recognition.models import CASE_ROLES, Application
from creditbank.statements.enums import CodeKind, PaperKind, SubmissionSheet
from foundation.api import append_only
from identity.api import Role, User

REVOCATION = ("revoked_at", "revoked_reason", "revoked_by_uuid")


class Paper(models.Model):
    """A paper as issued: a snapshot with its hash, the codes under which it is checked, and the signature over all of it.

    Missing on purpose: editing. A mistake is revoked, and a new one issued.

    Its drawn files (``creditbank.statements.keeping``) are kept beside, sealed under the learner's key, and go with it.

    Personal data: name as on the day of issue, and what the paper says, in the row and in its files.
    """

    kind: PaperKind

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    learner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("learner"))
    number = models.CharField(_("number"), max_length=24, unique=True, null=True)  # noqa: DJ001  none on papers from before there were numbers
    code = models.CharField(_("code"), max_length=32, unique=True, help_text=_("128 random bits; stands in the QR code."))
    short_code = models.CharField(_("short code"), max_length=12, unique=True, help_text=_("For typing, shown in fours."))
    content = models.JSONField(_("content"))
    content_hash = models.CharField(_("hash"), max_length=64)
    signing_key = models.CharField(_("signing key"), max_length=43, blank=True, help_text=_("Its JWK thumbprint."))
    signature = models.CharField(_("signature"), max_length=128, blank=True)
    issued_at = models.DateTimeField(_("issued"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True, help_text=_("The last day; empty: without end."))
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True)
    revoked_reason = models.CharField(_("reason"), max_length=300, blank=True)
    revoked_by_uuid = models.UUIDField(_("revoked by"), null=True, blank=True)

    class Meta:
        abstract = True
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.number or self.printed_code

    @property
    def printed_code(self) -> str:
        """The short code in fours: ABCD-EFGH-JKLM."""
        return "-".join(self.short_code[at : at + 4] for at in range(0, len(self.short_code), 4))


class TranscriptQuerySet(models.QuerySet["Transcript"]):
    """Transcripts as their reader may see them."""

    def visible_to(self, user: Any) -> TranscriptQuerySet:
        """One's own. Whoever holds the code verifies it, which is another question."""
        return self.filter(learner=user) if user.is_authenticated else self.none()


@append_only(mutable=REVOCATION, purgeable=True)
class Transcript(Paper):
    """What stood in a person's account on a day, unit by unit and item by item.

    Personal data: name as on the day of issue, and what the person had learnt and been awarded; the same in its drawn files, sealed.
    """

    kind = PaperKind.TRANSCRIPT

    objects = TranscriptQuerySet.as_manager()

    class Meta(Paper.Meta):
        verbose_name = _("transcript")
        verbose_name_plural = _("transcripts")


class CertificateQuerySet(models.QuerySet["Certificate"]):
    """Certificates as their reader may see them."""

    def visible_to(self, user: Any) -> CertificateQuerySet:
        """One's own; those of the institution at whose desk the person works; all of them for auditors."""
        if not user.is_authenticated:
            return self.none()
        if user.acts_as(Role.AUDITOR):
            return self.all()
        return self.filter(Q(learner=user) | Q(application__institution__in=user.institutions_as(*CASE_ROLES)))


@append_only(mutable=REVOCATION, purgeable=True)
class Certificate(Paper):
    """What one application brought: from which results, by which rules, so much credit in a programme.

    ``decided_by_uuid`` is copied from the application, so that the schema itself refuses that the same person revokes.

    Personal data: name as on the day of issue, and what was recognised; the same in its drawn files, sealed; pseudonyms of who decided and
    who revoked.
    """

    kind = PaperKind.CERTIFICATE

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="+", verbose_name=_("application"))
    decided_by_uuid = models.UUIDField(_("decided by"), null=True)

    objects = CertificateQuerySet.as_manager()

    class Meta(Paper.Meta):
        verbose_name = _("certificate of credit")
        verbose_name_plural = _("certificates of credit")
        constraints = [
            models.UniqueConstraint(fields=["application"], condition=Q(revoked_at__isnull=True), name="certificate_one_valid"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True) | (Q(revoked_by_uuid__isnull=False) & ~Q(revoked_reason="")),
                name="certificate_revoked_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(revoked_by_uuid__isnull=True) | Q(decided_by_uuid__isnull=True) | ~Q(revoked_by_uuid=F("decided_by_uuid")),
                name="certificate_revoked_by_second_person",
            ),
        ]


class SubmissionCode(models.Model):
    """What one receiving bank calls one of our values in one of its files: a row of its code table.

    ``ours`` is the value itself (a kind of education, a kind of source, an institution's code, ``level:`` or ``programme:`` with a code), or
    ``*`` for every other value. What stands in no row is left empty, never guessed.

    Personal data: none.
    """

    bank = models.CharField(_("receiving bank"), max_length=20)
    sheet = models.CharField(_("file"), max_length=12, choices=SubmissionSheet.choices)
    kind = models.CharField(_("what is coded"), max_length=12, choices=CodeKind.choices)
    ours = models.CharField(_("our value"), max_length=60)
    theirs = models.CharField(_("their code"), max_length=20)
    label = models.CharField(_("their word for it"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("submission code")
        verbose_name_plural = _("submission codes")
        ordering = ["bank", "sheet", "kind", "ours"]
        constraints = [models.UniqueConstraint(fields=["bank", "sheet", "kind", "ours"], name="submission_code_once")]

    def __str__(self) -> str:
        return f"{self.bank} {self.sheet} {self.kind} {self.ours}: {self.theirs}"
