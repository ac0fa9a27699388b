"""The demo's gateways: mail and text messages are kept for the page ``/demo/mailbox/``."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from identity.signin.models import OutboxMessage


class EmailBackend(BaseEmailBackend):
    """Keeps mail."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        rows = [
            OutboxMessage(channel="mail", to=", ".join(message.to)[:254], subject=str(message.subject)[:300], body=str(message.body))
            for message in email_messages
        ]
        return len(OutboxMessage.objects.bulk_create(rows))


class SmsBackend:
    """Keeps text messages."""

    def send(self, to: str, text: str) -> None:
        OutboxMessage.objects.create(channel="sms", to=to, body=text)
