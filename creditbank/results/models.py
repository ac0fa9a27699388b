"""Results that an institution uploads: the file, its rows, and who let them enter."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from creditbank.results.enums import BatchState, RowState
from foundation.api import Job
from identity.api import Institution, Role

RESULT_ROLES = (Role.CREDIT_OFFICER, Role.REVIEWER)


class ResultBatchQuerySet(models.QuerySet["ResultBatch"]):
    """Uploads as their reader may see them."""

    def visible_to(self, user: Any) -> ResultBatchQuerySet:
        """Those of the institutions at whose desk the person works; all for auditors."""
        if not user.is_authenticated:
            return self.none()
        if user.acts_as(Role.AUDITOR):
            return self.all()
        return self.filter(institution__in=user.institutions_as(*RESULT_ROLES))


def file_path(batch: ResultBatch, filename: str) -> str:
    """Where the file lies: by its content, never under a name that somebody typed."""
    return f"results/{batch.sha256[:2]}/{batch.sha256}"


class ResultBatch(models.Model):
    """One file of results. Nothing enters an archive before every row is good, the uploader confirmed, and another person released it.

    Missing on purpose: editing a row. A wrong file is discarded and a better one uploaded; what was released is undone by two persons.

    ``complaints`` sums up what is wrong with all its rows: a list of {"column", "code", "n", "data"}, ``data`` of the first of its kind.

    Personal data: the file with its rows; pseudonyms of who uploaded, released and undid it.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", verbose_name=_("institution"))
    file = models.FileField(_("file"), upload_to=file_path, max_length=200)
    filename = models.CharField(_("file name"), max_length=200)
    sha256 = models.CharField("SHA-256", max_length=64)
    state = models.CharField(_("state"), max_length=12, choices=BatchState.choices, default=BatchState.READING)
    complaint = models.JSONField(_("why the file cannot be read"), default=dict, blank=True)
    rows_total = models.PositiveIntegerField(_("rows"), default=0)
    rows_bad = models.PositiveIntegerField(_("rows with errors"), default=0)
    complaints = models.JSONField(_("kinds of errors"), default=list, blank=True)
    rows_known = models.PositiveIntegerField(_("rows already entered"), default=0)
    credits_total = models.DecimalField(_("credits in all"), max_digits=14, decimal_places=3, default=0)
    uploaded_by_uuid = models.UUIDField(_("uploaded by"))
    uploaded_at = models.DateTimeField(_("uploaded"))
    submitted_at = models.DateTimeField(_("confirmed"), null=True, blank=True)
    released_by_uuid = models.UUIDField(_("released by"), null=True, blank=True)
    released_at = models.DateTimeField(_("released"), null=True, blank=True)
    undo_asked_by_uuid = models.UUIDField(_("undo asked by"), null=True, blank=True)
    undo_reason = models.CharField(_("why it is undone"), max_length=300, blank=True)
    undone_by_uuid = models.UUIDField(_("undo released by"), null=True, blank=True)
    lines_read = models.PositiveIntegerField(
        _("rows read"), default=0, help_text=_("Up to this row of the file its rows are kept, one by one.")
    )
    worked_at = models.DateTimeField(_("last worked on"), null=True, blank=True)
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    objects = ResultBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("upload of results")
        verbose_name_plural = _("uploads of results")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=BatchState.values), name="result_batch_state_is_known"),
            models.CheckConstraint(
                condition=Q(released_by_uuid__isnull=True) | ~Q(released_by_uuid=F("uploaded_by_uuid")), name="results_released_by_another"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["releasing", "halted", "released", "undo_asked", "undoing", "undo_halted", "undone"])
                | Q(released_by_uuid__isnull=False, rows_bad=0),
                name="results_released_whole",
            ),
            models.CheckConstraint(
                condition=Q(undone_by_uuid__isnull=True)
                | (Q(undo_asked_by_uuid__isnull=False) & ~Q(undone_by_uuid=F("undo_asked_by_uuid")) & ~Q(undo_reason="")),
                name="results_undone_by_two",
            ),
        ]
        indexes = [models.Index(fields=["institution", "-id"], name="result_batches")]

    def __str__(self) -> str:
        return self.filename

    @property
    def rows_good(self) -> int:
        return self.rows_total - self.rows_bad - self.rows_known


class ResultRow(models.Model):
    """One row of an upload: what it says (as text, by column), what is wrong with it, and the record that it became.

    ``problems`` is a list of {"column", "code", "data"}; ``values`` holds normalised text, with the learner's pseudonym.

    Personal data: a person's result. Deleted with the person; a record that was entered belongs to the archive.
    """

    batch = models.ForeignKey(ResultBatch, on_delete=models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField(_("row"))
    state = models.CharField(_("state"), max_length=8, choices=RowState.choices)
    values = models.JSONField(_("values"))
    problems = models.JSONField(_("problems"), default=list, blank=True)
    record_uuid = models.UUIDField(_("learning record"), null=True, blank=True)

    class Meta:
        verbose_name = _("row of an upload")
        verbose_name_plural = _("rows of uploads")
        ordering = ["batch", "line"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "line"], name="result_row_once"),
            models.CheckConstraint(
                condition=~Q(state__in=["entered", "undone", "kept"]) | Q(record_uuid__isnull=False), name="result_row_entered_has_record"
            ),
        ]
        indexes = [models.Index(fields=["batch", "state", "line"], name="result_rows_by_state")]

    def __str__(self) -> str:
        return f"{self.batch_id}:{self.line}"
