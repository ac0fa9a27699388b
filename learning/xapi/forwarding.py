"""Sending an institution's new statements on to another store: in the order of storing, again after failures, with a state people can see."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import transaction
from django.db.models import F

from foundation.api import OutboundFailed, OutboundRefused, record_audit_entry, require_outbound, send_outbound
from learning.xapi.finding import horizon
from learning.xapi.models import Statement, XapiForward
from learning.xapi.multipart import write_mixed
from learning.xapi.rows import order_number
from learning.xapi.storing import read_attachment

BATCH = 100
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
TEMPORARY = frozenset({401, 403, 404, 408, 425, 429})
"""Answers that a change on the other side may mend; other 4xx are about what was sent."""


class ForwardingRefused(Exception):
    """This address cannot be forwarded to; ``code`` is the guard's: scheme, credentials, host, port, address, unknown."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _Interrupted(Exception):
    """The other store cannot take anything now."""


@transaction.atomic
def set_forwarding(institution: Any, *, url: str, username: str, secret: str, actor: Any, at: datetime) -> XapiForward:
    """Send what is stored from now on to another store; an empty secret keeps the one that is known.

    Raises ForwardingRefused for an address that the server must not call.
    """
    try:
        require_outbound(url)
    except OutboundRefused as refused:
        raise ForwardingRefused(refused.code) from refused
    except OutboundFailed as failed:
        raise ForwardingRefused("unknown") from failed
    row = XapiForward.objects.select_for_update().filter(institution=institution).first()
    if row is None:
        row = XapiForward(institution=institution, sent_through=order_number(at))
    row.url, row.username, row.is_active = url, username, True
    row.failures, row.next_try_at, row.last_error = 0, None, ""
    if secret:
        row.secret = _cipher().encrypt(secret.encode()).decode()
    row.save()
    record_audit_entry("xapi.set_forwarding", actor=actor, about=row, data={"url": url, "institution": institution.code})
    return row


@transaction.atomic
def stop_forwarding(row: XapiForward, *, actor: Any) -> None:
    """Send nothing more; where it stopped is remembered."""
    XapiForward.objects.filter(pk=row.pk).update(is_active=False)
    record_audit_entry("xapi.stop_forwarding", actor=actor, about=row)


def forward_all(at: datetime) -> dict[str, int]:
    """Send what is due for every institution; returns the numbers sent by institution code."""
    due = XapiForward.objects.filter(is_active=True).exclude(next_try_at__gt=at).select_related("institution").order_by("pk")
    return {row.institution.code: forward(row, at) for row in due}


def forward(row: XapiForward, at: datetime) -> int:
    """Send an institution's statements that the other store does not have, batch by batch, until all are sent or it fails.

    A batch that was sent twice (a crash between answer and note) is known there by its ids. What the other store refuses for its content
    is left out and counted.
    """
    sent, last = 0, order_number(horizon())
    while True:
        batch = list(
            Statement.objects.filter(institution=row.institution_id, seq__gt=row.sent_through, seq__lte=last)
            .order_by("seq")
            .only("seq", "statement_id", "text")[:BATCH]
        )
        if not batch:
            return sent
        try:
            refused = _send(row, batch)
        except _Interrupted as error:
            _pause(row, at, str(error))
            return sent
        sent += len(batch) - refused
        _advance(row, batch[-1].seq, len(batch) - refused, refused, at)


def _advance(row: XapiForward, through: int, sent: int, skipped: int, at: datetime) -> None:
    row.sent_through, row.failures = through, 0
    changes = {"sent": F("sent") + sent, "skipped": F("skipped") + skipped, "failures": 0, "next_try_at": None, "last_error": ""}
    XapiForward.objects.filter(pk=row.pk).update(sent_through=through, last_success_at=at, **changes)


def _pause(row: XapiForward, at: datetime, reason: str) -> None:
    """Wait twice as long after each failure, up to six hours."""
    row.failures += 1
    pause = min(FIRST_PAUSE * 2 ** min(row.failures - 1, 20), LONGEST_PAUSE)
    XapiForward.objects.filter(pk=row.pk).update(failures=row.failures, next_try_at=at + pause, last_error=reason[:400])


def _send(row: XapiForward, batch: Sequence[Statement]) -> int:
    """Send statements; where the content is refused, halves and halves of halves. Returns how many were refused for good."""
    status = _post(row, batch)
    if status < 300:  # noqa: PLR2004
        return 0
    if len(batch) == 1:
        return 0 if status == 409 else 1  # noqa: PLR2004  there already, in words of its own
    middle = len(batch) // 2
    return _send(row, batch[:middle]) + _send(row, batch[middle:])


def _post(row: XapiForward, batch: Sequence[Statement]) -> int:
    statements = [json.loads(item.text) for item in batch]
    hashes = {attachment["sha2"].lower() for statement in statements for attachment in statement.get("attachments", ())}
    parts = [part for part in map(read_attachment, sorted(hashes)) if part is not None]
    content = json.dumps(statements, ensure_ascii=False).encode()
    content, content_type = write_mixed(content, parts) if parts else (content, "application/json")
    word = base64.b64encode(f"{row.username}:{_secret(row)}".encode()).decode()
    version = "2.0.0" if any(statement.get("version", "").startswith("2.") for statement in statements) else "1.0.3"
    headers = {"Authorization": f"Basic {word}", "Content-Type": content_type, "X-Experience-API-Version": version}
    try:
        answer = send_outbound("POST", f"{row.url.rstrip('/')}/statements", purpose="forwarding", headers=headers, body=content)
    except (OutboundRefused, OutboundFailed) as error:
        raise _Interrupted(str(error)) from error
    if answer.status >= 500 or answer.status in TEMPORARY or 300 <= answer.status < 400:  # noqa: PLR2004
        said = answer.body.decode("utf-8", "replace").replace("\x00", "")
        raise _Interrupted(f"{answer.status} {said}".strip())
    return answer.status


def _secret(row: XapiForward) -> str:
    try:
        return _cipher().decrypt(row.secret.encode()).decode()
    except InvalidToken as error:
        raise _Interrupted("The secret cannot be read any more (SECRET_KEY has changed). Enter it again.") from error


def _cipher() -> Fernet:
    """Secrets of other stores are kept encrypted with a key that follows from SECRET_KEY."""
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(b"xapi.forwarding\x1f" + settings.SECRET_KEY.encode()).digest()))
