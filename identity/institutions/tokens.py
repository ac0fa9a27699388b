"""Tokens of institutions for the HTTP API: made, found, revoked. A token is shown once and kept as a digest."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja.security import HttpBearer

from foundation.api import Problem, rate_limited, record_audit_entry
from identity.institutions.models import ApiToken, Institution

SCOPES = {
    "results:write": gettext_lazy("upload results"),
    "results:read": gettext_lazy("read what became of uploads"),
    "applications:read": gettext_lazy("read applications to the institution"),
}
"""What a token may be allowed. None decides anything: deciding takes persons."""
PREFIX = "jlb_"
SHOWN_LETTERS = 10
CALLS_PER_MINUTE = 600


class UnknownScope(Exception):
    """A scope that does not exist, or none at all."""


@transaction.atomic
def make_token(
    institution: Institution, *, name: str, scopes: Iterable[str], expires_on: date, actor: Any, at: datetime
) -> tuple[ApiToken, str]:
    """A new token and its text, which cannot be read again. Raises UnknownScope."""
    wanted = sorted(set(scopes))
    if not wanted or set(wanted) - set(SCOPES):
        raise UnknownScope(", ".join(wanted))
    text = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken.objects.create(
        institution=institution, name=name, beginning=text[:SHOWN_LETTERS], digest=_digest(text), scopes=wanted,
        made_by_uuid=getattr(actor, "uuid", None), made_at=at, expires_on=expires_on,
    )  # fmt: skip
    record_audit_entry("institutions.make_token", actor=actor, about=row, data={"scopes": wanted, "institution": institution.code})
    return row, text


@transaction.atomic
def revoke_token(row: ApiToken, *, actor: Any, at: datetime) -> None:
    """The token opens nothing from now on. Once."""
    if ApiToken.objects.filter(pk=row.pk, revoked_at__isnull=True).update(revoked_at=at):
        record_audit_entry("institutions.revoke_token", actor=actor, about=row)


def find_token(text: str, *, on: date) -> ApiToken | None:
    """The living token of this text. One query."""
    row = ApiToken.objects.select_related("institution").filter(digest=_digest(text)).first()
    return row if row is not None and row.revoked_at is None and row.expires_on >= on else None


class InstitutionToken(HttpBearer):
    """Lets a system in that sends ``Authorization: Bearer …`` with a living token of the wanted scope; ``request.token`` is that token."""

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope

    def authenticate(self, request: HttpRequest, token: str) -> ApiToken | None:
        today = timezone.localdate()
        row = find_token(token, on=today)
        if row is None:
            return None
        if rate_limited(f"api:{row.uuid}", limit=CALLS_PER_MINUTE, seconds=60):
            raise Problem(429, "too_many_requests", _("Too many requests. Please wait a minute."))
        if self.scope not in row.scopes:
            raise Problem(403, "scope_missing", _("This token may not do that."), scope=self.scope)
        if row.used_on != today:
            ApiToken.objects.filter(pk=row.pk).update(used_on=today)
        return row


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
