"""Checks and clean forms of what people type about themselves."""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

NAME_MAX = 50
FORBIDDEN_IN_NAMES = re.compile(r"[\x00-\x1f\x7f<>{}\\|^`]")


def clean_name(text: str) -> str:
    """A person's name as it is kept: normalised, inner blanks single, never split into parts.

    Raises ValidationError for an empty name, one of more than 50 characters, or control characters and brackets.
    """
    name = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()
    if not name:
        raise ValidationError(_("Please enter your name."), code="required")
    if len(name) > NAME_MAX:
        raise ValidationError(_("A name has at most 50 characters."), code="too_long")
    if FORBIDDEN_IN_NAMES.search(name):
        raise ValidationError(_("The name contains a character that names do not have."), code="invalid")
    return name


def clean_phone(text: str) -> str:
    """A telephone number in E.164: full-width digits, spaces, hyphens and a missing +86 are understood.

    Raises ValidationError for what is no number. Numbers of the demo (+86 100…) count as possible, because they cannot be dialled.
    """
    typed = unicodedata.normalize("NFKC", text).strip()
    try:
        number = phonenumbers.parse(typed, "CN")
    except phonenumbers.NumberParseException as error:
        raise ValidationError(_("This is not a telephone number. Example: 138 1234 5678"), code="invalid") from error
    if not phonenumbers.is_possible_number(number):
        raise ValidationError(_("This telephone number has too few or too many digits. Example: 138 1234 5678"), code="invalid")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def show_phone(phone: str | None) -> str:
    """138 1234 5678 for a number of the mainland, the international form for others."""
    if phone and phone.startswith("+86") and len(phone) == len("+8613812345678"):
        return f"{phone[3:6]} {phone[6:10]} {phone[10:]}"
    return phone or ""


def mask_phone(phone: str | None) -> str:
    """138****5678: enough for the owner to recognise it."""
    digits = phone[3:] if phone and phone.startswith("+86") else (phone or "")
    return f"{digits[:3]}****{digits[-4:]}" if digits else ""


def mask_name(name: str) -> str:
    """张*三 for 张小三, 张* for 张三: by code point, so that rare characters count as one."""
    if len(name) <= 1:
        return "*"
    return name[0] + "*" if len(name) == 2 else name[0] + "*" * (len(name) - 2) + name[-1]  # noqa: PLR2004  two characters
