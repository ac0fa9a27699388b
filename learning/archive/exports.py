"""The archive as a table file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from foundation.api import format_credits, in_language
from learning.archive.models import LearningRecord
from learning.xapi.models import Statement
from learning.xapi.queries import in_words

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


def activity_csv(statements: QuerySet[Statement]) -> Iterator[bytes]:
    """Statements in words as CSV in UTF-8 with a byte order mark, a line each."""
    yield b"\xef\xbb\xbf" + _line([_("Time"), _("What"), _("Object"), _("Score in per cent"), _("Minutes"), _("Source"), _("Statement")])
    for row in statements.iterator(chunk_size=500):
        told = in_words([row])[0]
        when = timezone.localtime(told.at).strftime("%Y-%m-%d %H:%M:%S")
        score = "" if told.score is None else format(told.score.normalize(), "f")
        cells = (when, told.verb_name, told.object_name, score, told.minutes, told.source or _("this platform"), told.ident)
        yield _line([neutral(cell) for cell in cells])


def activity_json(statements: QuerySet[Statement]) -> Iterator[bytes]:
    """Statements as they were written, as one JSON list that every record store reads."""
    before = b"["
    for row in statements.iterator(chunk_size=500):
        yield before + json.dumps({"id": str(row.statement_id), **json.loads(row.text)}, ensure_ascii=False).encode()
        before = b",\n"
    yield b"[]" if before == b"[" else b"]"


def _line(cells: Iterable[Any]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue().encode()


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
