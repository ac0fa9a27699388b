"""The audit log: who did what to which object, in the transaction that did it."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.audit.immutability import append_only
from foundation.keys.fields import SealedTextField


@append_only
class AuditEntry(models.Model):
    """One change, written in the same database transaction as the change itself: no entry, no change.

    Missing on purpose: names (a person is a uuid, so erasing a person leaves the log whole); foreign keys (the log outlives its objects).

    Personal data: none by itself. Pseudonyms of the actor and of the person concerned, the address of the request, and the reason, which is sealed under
    the key of the person concerned.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField(_("time"), db_index=True)
    actor_uuid = models.UUIDField(_("actor"), null=True, blank=True, db_index=True, help_text=_("Empty where the system itself acted."))
    acting_role = models.CharField(_("acting role"), max_length=40, blank=True)
    acting_institution = models.CharField(_("acting institution"), max_length=40, blank=True)
    action = models.CharField(_("action"), max_length=80, db_index=True)
    object_type = models.CharField(_("kind of object"), max_length=80, blank=True)
    object_key = models.CharField(_("object"), max_length=64, blank=True)
    person_uuid = models.UUIDField(_("person concerned"), null=True, blank=True, db_index=True)
    reason = SealedTextField(_("reason"), blank=True, owner="person_uuid")
    data = models.JSONField(_("data"), default=dict, blank=True)
    request_id = models.CharField(_("request"), max_length=40, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [models.Index(fields=["object_type", "object_key"], name="audit_by_object")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.action} {self.object_type} {self.object_key}"


class DeletionPermit(models.Model):
    """Leave to delete rows of one append-only table, for the transaction that wrote it.

    The row never outlives its transaction: ``deletion_permit`` takes it away again, so nobody else ever sees one. On PostgreSQL it
    holds for the named transaction alone, even if it were left behind.

    Personal data: none.
    """

    table_name = models.CharField(_("table"), max_length=80)
    transaction = models.CharField(_("transaction"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("permit to delete")
        verbose_name_plural = _("permits to delete")

    def __str__(self) -> str:
        return self.table_name
