"""Messages to people, shown in their own language."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from foundation.notices.texts import notice_text


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Notices as their reader may see them."""

    def visible_to(self, user: Any) -> NoticeQuerySet:
        """A person sees the notices to that person, nobody else's."""
        return self.filter(recipient_uuid=user.uuid) if user.is_authenticated else self.none()

    def unread(self) -> NoticeQuerySet:
        return self.filter(read_at__isnull=True)


class Notice(models.Model):
    """One message: a code with data, put into words when it is shown.

    Personal data: the pseudonym of the reader; ``data`` may name a course or a reference number, never another person.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    recipient_uuid = models.UUIDField(_("recipient"))
    code = models.CharField(_("code"), max_length=80)
    data = models.JSONField(_("data"), default=dict, blank=True)
    url = models.CharField(_("link"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("sent"), auto_now_add=True)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-id"]
        indexes = [models.Index(fields=["recipient_uuid", "-id"], name="notice_by_recipient")]

    def __str__(self) -> str:
        return self.title

    @property
    def title(self) -> str:
        return notice_text(self.code).render(get_language() or "zh-hans", self.data)[0]

    @property
    def body(self) -> str:
        return notice_text(self.code).render(get_language() or "zh-hans", self.data)[1]
