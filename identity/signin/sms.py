"""Text messages, behind one setting: ``SMS_BACKEND`` names a class with ``send(to, text)``."""

from __future__ import annotations

import logging

from django.conf import settings
from django.utils.module_loading import import_string

logger = logging.getLogger(__name__)


class ConsoleBackend:
    """Says in the log that a message would have gone out, without its text: codes are secrets."""

    def send(self, to: str, text: str) -> None:
        logger.info("A text message of %d characters to …%s was not sent: no gateway is set.", len(text), to[-4:])


def send_sms(to: str, text: str) -> None:
    """Send one text message by the configured gateway."""
    import_string(settings.SMS_BACKEND)().send(to, text)
