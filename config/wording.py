"""What is wrong with a value that the HTTP API was sent, in the caller's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

SENTENCES: dict[str, str] = {
    "missing": gettext_noop("This value is needed."),
    "string_type": gettext_noop("This has to be text."),
    "string_too_short": gettext_noop("At least %(min_length)s characters."),
    "string_too_long": gettext_noop("At most %(max_length)s characters."),
    "string_pattern_mismatch": gettext_noop("This is not written as it has to be: %(pattern)s"),
    "too_short": gettext_noop("At least %(min_length)s entries."),
    "too_long": gettext_noop("At most %(max_length)s entries."),
    "list_type": gettext_noop("This has to be a list."),
    "dict_type": gettext_noop("This has to be an object."),
    "model_attributes_type": gettext_noop("This has to be an object."),
    "greater_than_equal": gettext_noop("At least %(ge)s."),
    "less_than_equal": gettext_noop("At most %(le)s."),
    "enum": gettext_noop("One of %(expected)s."),
    "literal_error": gettext_noop("One of %(expected)s."),
    "int": gettext_noop("This has to be a whole number."),
    "decimal": gettext_noop("This has to be a number, written with a dot."),
    "bool": gettext_noop("This has to be true or false."),
    "date": gettext_noop("This has to be a date like 2026-09-01."),
    "uuid": gettext_noop("This is not a valid identifier."),
}
"""By the stable code of the complaint, or by its beginning (``int_parsing``, ``int_type``: int)."""


def complaint_of(item: Mapping[str, Any]) -> str:
    """One complaint of the reader of bodies and parameters in words."""
    code, data = str(item["type"]), dict(item.get("ctx") or {})
    sentence = SENTENCES.get(code) or SENTENCES.get(code.partition("_")[0])
    if sentence is None:
        return _("This value is not valid.")
    if isinstance(data.get("expected"), str):
        data["expected"] = data["expected"].replace(" or ", ", ").replace("'", "")
    try:
        return _(sentence) % data
    except (KeyError, ValueError, TypeError):
        return _("This value is not valid.")
