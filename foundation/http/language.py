"""Picking the reader's language where a row keeps its text in two fields."""

from __future__ import annotations

from django.utils.translation import get_language


def in_language(zh: str, en: str) -> str:
    """The text in the language of the request; the other one where it is missing, so that nothing is ever blank."""
    english = (get_language() or "").startswith("en")
    return (en or zh) if english else (zh or en)
