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


class HoldState(models.TextChoices):
    """What became of a reservation."""

    PENDING = "pending", _("held")
    POSTED = "posted", _("used")
    VOIDED = "voided", _("released")
    EXPIRED = "expired", _("expired")
