"""Checks and clean forms of what people type about themselves."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

import phonenumbers
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

NAME_MAX = 50
CIVIL_NUMBER = re.compile(r"[1-9][0-9]{16}[0-9X]")
CIVIL_REGION = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]|9[0-9]")
"""First two digits by GB/T 2260; 81, 82 and 83 stand on residence permits of people of Hong Kong, Macao and Taiwan, 9… on those of foreigners."""
CIVIL_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CIVIL_CHECKS = "10X98765432"
"""Weights and check characters of GB 11643-1999 (ISO 7064, MOD 11-2)."""
OLDEST = 1900
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


def clean_civil_number(text: str, *, on: date) -> str:
    """The number of an identity card as it is kept: eighteen characters, the last a digit or X; blanks, hyphens and full-width digits are understood.

    ``on`` is today: nobody is born later. Raises ValidationError for another length, a region or day of birth that does not exist, and a check
    character that does not fit, as it happens when two digits are exchanged.
    """
    number = re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    if not CIVIL_NUMBER.fullmatch(number):
        raise ValidationError(_("The number has 18 characters: digits, the last may be an X."), code="invalid")
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        born = None
    total = sum(weight * int(digit) for weight, digit in zip(CIVIL_WEIGHTS, number[:17], strict=True))
    if not CIVIL_REGION.match(number) or born is None or born.year < OLDEST or born > on or number[17] != CIVIL_CHECKS[total % 11]:
        raise ValidationError(_("This cannot be the number of an identity card. Please look for a mistyped digit."), code="invalid")
    return number


def mask_civil_number(number: str) -> str:
    """3****************X: that it is there, and nothing of region, birth or sex."""
    return f"{number[0]}{'*' * 16}{number[-1]}" if number else ""
