"""Sending a notice by e-mail."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import send_mail
from django.utils import translation
from django_tasks import task

from foundation.notices.models import Notice
from foundation.notices.recipients import find_recipient


@task()
def send_notice(notice_id: int) -> None:
    """Send one notice in the reader's language; a reader without an address, or gone, gets none."""
    notice = Notice.objects.filter(pk=notice_id).first()
    recipient = find_recipient(notice.recipient_uuid) if notice else None
    if notice is None or recipient is None or not recipient.email:
        return
    with translation.override(recipient.language):
        body = notice.body
        if notice.url:
            body = f"{body}\n\n{settings.SITE_URL}{notice.url}"
        send_mail(notice.title.replace("\n", " "), body, None, [recipient.email])
