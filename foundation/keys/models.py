"""The data key of each person, wrapped."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class PersonKey(models.Model):
    """The key under which one person's files and texts are sealed, wrapped by a master key. Erasing the person destroys it; the row stays and
    says so, and no other key is ever made for that pseudonym.

    Personal data: none. A pseudonym, and a key that opens nothing without the master key.
    """

    owner_uuid = models.UUIDField(_("owner"), unique=True)
    wrapped = models.BinaryField(_("wrapped key"), null=True)
    master = models.CharField(_("master key"), max_length=60, blank=True, db_index=True)
    made_at = models.DateTimeField(_("made"), auto_now_add=True)
    destroyed_at = models.DateTimeField(_("destroyed"), null=True, blank=True)

    class Meta:
        verbose_name = _("key of a person")
        verbose_name_plural = _("keys of people")
        constraints = [
            models.CheckConstraint(
                condition=Q(wrapped__isnull=False, destroyed_at__isnull=True)
                | Q(wrapped__isnull=True, destroyed_at__isnull=False, master=""),
                name="person_key_is_there_or_destroyed",
            ),
        ]

    def __str__(self) -> str:
        return str(self.owner_uuid)
