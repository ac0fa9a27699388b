"""Keys of the store: made, found, revoked. The secret is shown once and kept as a digest."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from foundation.api import record_audit_entry
from learning.xapi.models import XapiKey
from learning.xapi.reading import agent_key

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
    row = XapiKey(name=name, key=secrets.token_hex(16), secret_hash=_digest(secret), institution=institution, scopes=wanted, created_at=at)
    row.authority = UUID(hex=agent_key(authority_of(row)))
    row.save(force_insert=True)
    record_audit_entry(
        "xapi.create_key", actor=actor, about=row, data={"scopes": wanted, "institution": institution.code if institution else ""}
    )
    return row, secret


@transaction.atomic
def revoke_key(row: XapiKey, *, actor: Any, at: datetime) -> None:
    """The key opens nothing from now on; what it wrote stays."""
    XapiKey.objects.filter(pk=row.pk, revoked_at__isnull=True).update(revoked_at=at)
    record_audit_entry("xapi.revoke_key", actor=actor, about=row)


def authority_of(key: XapiKey) -> dict[str, Any]:
    """Who vouches for what a key writes: an account of the store, whatever was sent."""
    return {"objectType": "Agent", "name": key.name, "account": {"homePage": f"{settings.SITE_URL}/xapi", "name": key.key}}


def find_key(key: str, secret: str, *, at: datetime) -> tuple[XapiKey | None, bool]:
    """The key of this name, if there is one, and whether it may pass: living, and the secret is its own (compared in constant time). One
    query."""
    row = XapiKey.objects.select_related("institution").filter(key=key).first()
    fits = secrets.compare_digest(row.secret_hash if row else "", _digest(secret))
    return row, row is not None and fits and is_living(row, at)


def is_living(key: XapiKey, at: datetime) -> bool:
    """Neither revoked nor expired."""
    return key.revoked_at is None and (key.expires_at is None or key.expires_at > at)


def living_operator_keys(at: datetime) -> list[XapiKey]:
    """Keys that may write about anybody and read everything, for the health page. One query."""
    return [key for key in XapiKey.objects.filter(institution__isnull=True, revoked_at__isnull=True).order_by("pk") if is_living(key, at)]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
