"""What the demo sends instead of text messages and mail."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class OutboxMessage(models.Model):
    """A text message or mail that the demo keeps on a page instead of sending it; production never writes here.

    Personal data: address and content of a message, in the demo only, where nobody is real.
    """

    channel = models.CharField(_("channel"), max_length=5, choices=[("sms", _("text message")), ("mail", _("e-mail"))])
    to = models.CharField(_("to"), max_length=254)
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    body = models.TextField(_("text"))
    sent_at = models.DateTimeField(_("sent"), auto_now_add=True)

    class Meta:
        verbose_name = _("message of the demo")
        verbose_name_plural = _("messages of the demo")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.channel} {self.to}"
