"""Answers that were given once and are given again when the same caller repeats itself."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class IdempotencyKey(models.Model):
    """The first answer to a request with an ``Idempotency-Key``; kept for two days.

    The key belongs to one caller and one endpoint: another caller's equal key is another key.

    Personal data: the pseudonym of the caller; the stored answer may repeat what the caller may read anyway.
    """

    principal = models.CharField(_("caller"), max_length=64)
    endpoint = models.CharField(_("endpoint"), max_length=120)
    key = models.CharField(_("key"), max_length=200)
    request_hash = models.CharField(_("hash of the request"), max_length=64)
    status = models.PositiveSmallIntegerField(_("status"), null=True, blank=True, help_text=_("Empty while the first request is running."))
    body = models.JSONField(_("answer"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [models.UniqueConstraint(fields=["principal", "endpoint", "key"], name="idempotency_key_once_per_caller")]

    def __str__(self) -> str:
        return f"{self.endpoint} {self.key}"
