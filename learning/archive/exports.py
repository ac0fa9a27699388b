"""The archive as a table file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext as _

from foundation.api import format_credits, in_language
from learning.archive.models import LearningRecord

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def neutral(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def archive_csv(records: Iterable[LearningRecord]) -> bytes:
    """Records as CSV in UTF-8 with a byte order mark, so that spreadsheets read Chinese; one line each, in the given order."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(
        [
            _("Record number"),
            _("Title"),
            _("Institution"),
            _("Source"),
            _("Trust"),
            _("State"),
            _("Level"),
            _("Score"),
            _("Grade"),
            _("Notional hours"),
            _("Credits"),
            _("Credit system"),
            _("Earned on"),
            _("Issued on"),
            _("Valid until"),
            _("Content hash"),
        ]
    )
    for record in records:
        writer.writerow([neutral(value) for value in _cells(record)])
    return b"\xef\xbb\xbf" + buffer.getvalue().encode()


def _cells(record: LearningRecord) -> list[Any]:
    system = record.credit_system
    level = record.level
    return [
        record.uuid,
        record.title,
        record.institution_name,
        record.get_source_display(),
        record.get_trust_display(),
        record.get_state_display(),
        in_language(level.name_zh, level.name_en) if level else "",
        record.score,
        record.grade,
        record.notional_hours,
        format_credits(record.credits, system.step) if record.credits is not None and system else "",
        in_language(system.name_zh, system.name_en) if system else "",
        record.earned_on,
        record.issued_on,
        record.valid_until,
        record.content_hash,
    ]
