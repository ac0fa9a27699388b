"""Keys of the store: made, found, revoked. The secret is shown once and kept as a digest."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Any

from django.db import transaction

from foundation.api import record_audit_entry
from learning.xapi.models import XapiKey

SCOPES = ("statements/write", "statements/read/mine", "statements/read", "state", "define", "profile", "all/read", "all")
OPERATOR_SCOPES = ["all"]
INSTITUTION_SCOPES = ["statements/write", "statements/read/mine", "state", "profile", "define"]


class UnknownScope(Exception):
    """A scope that the standard does not name."""


@transaction.atomic
def create_key(name: str, *, institution: Any, scopes: list[str] | None, actor: Any, at: datetime) -> tuple[XapiKey, str]:
    """A new key and its secret, which cannot be read again. Without an institution it is an operator's. Raises UnknownScope."""
    wanted = scopes or (OPERATOR_SCOPES if institution is None else INSTITUTION_SCOPES)
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown:
        raise UnknownScope(", ".join(unknown))
    secret = secrets.token_urlsafe(32)
    row = XapiKey.objects.create(
        name=name, key=secrets.token_hex(16), secret_hash=_digest(secret), institution=institution, scopes=wanted, created_at=at
    )
    record_audit_entry(
        "xapi.create_key", actor=actor, about=row, data={"scopes": wanted, "institution": institution.code if institution else ""}
    )
    return row, secret


@transaction.atomic
def revoke_key(row: XapiKey, *, actor: Any, at: datetime) -> None:
    """The key opens nothing from now on; what it wrote stays."""
    XapiKey.objects.filter(pk=row.pk, revoked_at__isnull=True).update(revoked_at=at)
    record_audit_entry("xapi.revoke_key", actor=actor, about=row)


def find_key(key: str, secret: str, *, at: datetime) -> XapiKey | None:
    """The living key of these credentials. The digest is compared in constant time; one query."""
    row = XapiKey.objects.filter(key=key, revoked_at__isnull=True).first()
    if not secrets.compare_digest(row.secret_hash if row else "", _digest(secret)) or row is None:
        return None
    return None if row.expires_at is not None and row.expires_at <= at else row


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
