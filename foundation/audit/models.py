"""The audit log: who did what to which object, in the transaction that did it."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from foundation.audit.immutability import append_only
from foundation.keys.fields import SealedTextField


class Area(models.Func):
    """What an action begins with, up to its dot: ``ledger.`` of ``ledger.deposit``. Written without parameters, so that an index can answer."""

    template = "substr(%(expressions)s, 1, instr(%(expressions)s, '.'))"
    output_field = models.CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """The same with PostgreSQL's name of the function."""
        return self.as_sql(compiler, connection, template="substr(%(expressions)s, 1, strpos(%(expressions)s, '.'))", **context)


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    """Narrowing the audit log to what an index leads to."""

    def in_area(self, area: str) -> AuditEntryQuerySet:
        """Entries whose action begins so: ``ledger`` for ``ledger.deposit``."""
        return self.alias(area=Area("action")).filter(area=f"{area}.")


@append_only
class AuditEntry(models.Model):
    """One change, written in the same database transaction as the change itself: no entry, no change.

    Missing on purpose: names (a person is a uuid, so erasing a person leaves the log whole); foreign keys (the log outlives its objects).

    Personal data: none by itself. Pseudonyms of the actor and of the person concerned, the address of the request, and the reason, which is sealed under
    the key of the person concerned.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField(_("time"), db_index=True)
    actor_uuid = models.UUIDField(_("actor"), null=True, blank=True, help_text=_("Empty where the system itself acted."))
    acting_role = models.CharField(_("acting role"), max_length=40, blank=True)
    acting_institution = models.CharField(_("acting institution"), max_length=40, blank=True)
    action = models.CharField(_("action"), max_length=80)
    object_type = models.CharField(_("kind of object"), max_length=80, blank=True)
    object_key = models.CharField(_("object"), max_length=64, blank=True)
    person_uuid = models.UUIDField(_("person concerned"), null=True, blank=True)
    reason = SealedTextField(_("reason"), blank=True, owner="person_uuid")
    data = models.JSONField(_("data"), default=dict, blank=True)
    request_id = models.CharField(_("request"), max_length=40, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        indexes = [
            models.Index(fields=["object_type", "object_key"], name="audit_by_object"),
            models.Index(fields=["person_uuid", "-at", "-id"], name="audit_by_person"),
            models.Index(fields=["actor_uuid", "-at", "-id"], name="audit_by_actor"),
            models.Index(Area("action"), models.F("at").desc(), models.F("id").desc(), name="audit_by_area"),
        ]

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


@append_only(mutable=("salt",))
class LogLeaf(models.Model):
    """One row of history as a leaf of the Merkle log (docs/adr/0035): its place, which row it is, and the hash over salt and row.

    Written some minutes after the row, never by whoever wrote the row. ``salt`` goes when the person whom the row is about is erased; the
    hash stays, and with it every root.

    Personal data: none that can be read; the salt, which goes with the person.
    """

    index = models.BigIntegerField(_("place"), primary_key=True)
    source = models.CharField(_("source"), max_length=10)
    row = models.BigIntegerField(_("row"))
    hash = models.BinaryField(_("hash"), unique=True)
    salt = models.BinaryField(_("salt"), null=True)

    class Meta:
        verbose_name = _("leaf of the log")
        verbose_name_plural = _("leaves of the log")
        constraints = [models.UniqueConstraint(fields=["source", "row"], name="log_leaf_once")]

    def __str__(self) -> str:
        return f"{self.index}: {self.source} {self.row}"


@append_only
class LogNode(models.Model):
    """The root over 256 leaves (level 1), over 256 of these (level 2), and so on: all that is stored of the tree above its leaves.

    Personal data: none.
    """

    level = models.PositiveSmallIntegerField(_("level"))
    number = models.BigIntegerField(_("number"))
    hash = models.BinaryField(_("hash"))

    class Meta:
        verbose_name = _("node of the log")
        verbose_name_plural = _("nodes of the log")
        constraints = [models.UniqueConstraint(fields=["level", "number"], name="log_node_once")]

    def __str__(self) -> str:
        return f"{self.level}/{self.number}"


@append_only
class LogHead(models.Model):
    """A signed tree head: so many leaves, this root, at this time. Whoever keeps a copy notices if history is ever changed.

    Personal data: none.
    """

    size = models.BigIntegerField(_("leaves"))
    root = models.BinaryField(_("root"))
    made_at = models.DateTimeField(_("signed"))
    key = models.CharField(_("key"), max_length=43)
    signature = models.CharField(_("signature"), max_length=128)

    class Meta:
        verbose_name = _("head of the log")
        verbose_name_plural = _("heads of the log")
        constraints = [models.CheckConstraint(condition=models.Q(size__gt=0), name="log_head_has_leaves")]
        indexes = [models.Index(fields=["size"], name="log_head_by_size")]

    def __str__(self) -> str:
        return f"{self.pk}: {self.size}"


@append_only
class LogCheck(models.Model):
    """One look at the log: which leaves were computed anew, and what was found. ``faults`` are {"promise", "row", "found", "expected"}, the first hundred.

    Personal data: none; faults name rows by number.
    """

    started_at = models.DateTimeField(_("begun"))
    finished_at = models.DateTimeField(_("done"))
    since = models.BigIntegerField(_("from leaf"))
    size = models.BigIntegerField(_("leaves"))
    anchors = models.PositiveSmallIntegerField(_("anchors"), default=0)
    faults = models.JSONField(_("faults"), default=list)
    fault_count = models.PositiveIntegerField(_("number of faults"))

    class Meta:
        verbose_name = _("check of the log")
        verbose_name_plural = _("checks of the log")
        constraints = [
            models.CheckConstraint(condition=models.Q(finished_at__gte=models.F("started_at")), name="log_check_in_order"),
            models.CheckConstraint(condition=models.Q(since__gte=0, size__gte=models.F("since")), name="log_check_of_leaves"),
        ]

    def __str__(self) -> str:
        return f"{self.finished_at:%Y-%m-%d %H:%M}"
