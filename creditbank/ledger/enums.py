"""Kinds of accounts and transactions: closed lists."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class AccountKind(models.TextChoices):
    """In which condition credit lies where it lies."""

    ISSUER = "issuer", _("issuer")
    PENDING = "pending", _("pending")
    AVAILABLE = "available", _("available")
    HELD = "held", _("held")
    BRIDGE = "bridge", _("bridge")
    CONVERTED = "converted", _("converted")
    AWARD = "award", _("awarded")
    EXPIRED = "expired", _("expired")
    REVOKED = "revoked", _("revoked")


MAY_BE_NEGATIVE = frozenset({AccountKind.ISSUER, AccountKind.BRIDGE})


class TransactionType(models.TextChoices):
    """Why credit moves."""

    DEPOSIT = "deposit", _("deposit")
    VERIFY = "verify", _("confirmation")
    HOLD = "hold", _("hold")
    RELEASE = "release", _("release")
    CONVERT = "convert", _("conversion")
    AWARD = "award", _("award")
    EXPIRE = "expire", _("expiry")
    REVOKE = "revoke", _("revocation")
    REVERSE = "reverse", _("reversal")
    TRANSFER = "transfer", _("transfer")


BY_TWO = (TransactionType.REVERSE, TransactionType.REVOKE, TransactionType.TRANSFER)
"""What takes two different persons, neither of them the owner: whatever takes credit back or moves it sideways."""


_K = AccountKind
PATHS: dict[str, frozenset[tuple[str, str]]] = {
    TransactionType.DEPOSIT: frozenset({(_K.ISSUER, _K.PENDING)}),
    TransactionType.VERIFY: frozenset({(_K.PENDING, _K.AVAILABLE)}),
    TransactionType.HOLD: frozenset({(_K.AVAILABLE, _K.HELD)}),
    TransactionType.RELEASE: frozenset({(_K.HELD, _K.AVAILABLE)}),
    TransactionType.CONVERT: frozenset({(_K.HELD, _K.BRIDGE), (_K.BRIDGE, _K.CONVERTED)}),
    TransactionType.AWARD: frozenset({(_K.CONVERTED, _K.AWARD)}),
    TransactionType.EXPIRE: frozenset({(_K.PENDING, _K.EXPIRED), (_K.AVAILABLE, _K.EXPIRED)}),
    TransactionType.REVOKE: frozenset({(_K.PENDING, _K.REVOKED), (_K.AVAILABLE, _K.REVOKED)}),
    TransactionType.TRANSFER: frozenset({(kind, kind) for kind in (_K.ISSUER, _K.PENDING, _K.AVAILABLE, _K.EXPIRED, _K.REVOKED)}),
}
"""Between which kinds of accounts each type moves credit; a reversal mirrors what it reverses."""


class HoldState(models.TextChoices):
    """What became of a reservation."""

    PENDING = "pending", _("held")
    POSTED = "posted", _("used")
    VOIDED = "voided", _("released")
    EXPIRED = "expired", _("expired")
