"""Files for the catalogue: kept with what they would bring, until somebody confirms."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from creditbank.catalogue.enums import ImportState
from identity.api import Institution, Role


class CatalogueImportQuerySet(models.QuerySet["CatalogueImport"]):
    """Imports as their reader may see them."""

    def visible_to(self, user: Any) -> CatalogueImportQuerySet:
        """Those of the institutions where the person is credit officer; those of the whole city for operators; all for auditors."""
        if not user.is_authenticated:
            return self.none()
        if user.acts_as(Role.AUDITOR):
            return self.all()
        own = Q(institution__in=user.institutions_as(Role.CREDIT_OFFICER))
        return self.filter(own | Q(institution__isnull=True) if user.acts_as(Role.OPERATOR) else own)


def file_path(row: CatalogueImport, filename: str) -> str:
    """Where the file lies: by its content, never under a name that somebody typed."""
    return f"catalogue/{row.sha256[:2]}/{row.sha256}"


class CatalogueImport(models.Model):
    """One file that was read without a complaint: what it would store, by table, and whether somebody has confirmed it.

    A file with complaints is never kept; its sender has it.

    Personal data: pseudonyms of who brought it and who confirmed it.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("institution"),
        help_text=_("Empty: tables of the whole city."),
    )  # fmt: skip
    file = models.FileField(_("file"), upload_to=file_path, max_length=200)
    filename = models.CharField(_("file name"), max_length=200)
    sha256 = models.CharField("SHA-256", max_length=64)
    state = models.CharField(_("state"), max_length=8, choices=ImportState.choices, default=ImportState.READ)
    counts = models.JSONField(_("rows by table"), default=dict)
    brought_by_uuid = models.UUIDField(_("brought by"))
    brought_at = models.DateTimeField(_("brought on"))
    confirmed_by_uuid = models.UUIDField(_("confirmed by"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True, blank=True)

    objects = CatalogueImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import into the catalogue")
        verbose_name_plural = _("imports into the catalogue")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=ImportState.values), name="catalogue_import_state_is_known"),
            models.CheckConstraint(
                condition=~Q(state=ImportState.STORED) | Q(confirmed_by_uuid__isnull=False, confirmed_at__isnull=False),
                name="catalogue_import_confirmed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.filename
