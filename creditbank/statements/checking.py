"""Checking a paper that somebody holds: by its code, or by the file itself. Writes nothing, and asks nothing of the ledger."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from creditbank.recognition.enums import ApplicationState
from creditbank.recognition.models import ApplicationStep
from creditbank.statements.enums import Standing
from creditbank.statements.exceptions import NotAPaper
from creditbank.statements.models import Certificate, Transcript
from creditbank.statements.seals import is_as_issued, read_document, read_seal

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""No letters or digits that look like others: people type these codes from paper."""
SHORT_LENGTH = 12
CODE_LENGTH = 32
LARGEST_FILE = 5 * 1024 * 1024
"""Bytes of a file that is handed in; our own papers have a tenth of it."""

AnyPaper = Transcript | Certificate


@dataclass(frozen=True)
class Checked:
    """What a check found: the standing, the paper (None where nothing is known), since when and why it is not valid."""

    standing: Standing
    paper: AnyPaper | None = None
    since: datetime | date | None = None
    reason: str = ""


NOTHING = Checked(Standing.UNKNOWN)


def clean_code(text: str) -> str:
    """A typed code: any case, blanks and hyphens ignored, full width understood."""
    return re.sub(r"[\s\-–—_·]+", "", unicodedata.normalize("NFKC", text[:80])).upper()


def find_paper(text: str) -> AnyPaper | None:
    """A paper by its long or its short code. Two queries, whatever the code is and whether it is found or not."""
    code = clean_code(text)
    asked = {"code": code.lower()} if len(code) > SHORT_LENGTH else {"short_code": code}
    certificate = Certificate.objects.filter(**asked).select_related("application").first()
    transcript = Transcript.objects.filter(**asked).first()
    return certificate or transcript


def check_code(text: str, *, on: date) -> Checked:
    """What is true today of the paper with this code."""
    paper = find_paper(text)
    return check_paper(paper, on=on) if paper else NOTHING


def check_paper(paper: AnyPaper, *, on: date) -> Checked:
    """What is true of a paper on a day. A certificate of an award that was taken back is revoked with it. At most one query."""
    if not is_as_issued(paper):
        return Checked(Standing.ALTERED, paper)
    if paper.revoked_at is not None:
        return Checked(Standing.REVOKED, paper, timezone.localtime(paper.revoked_at), paper.revoked_reason)
    if isinstance(paper, Certificate) and paper.application.state == ApplicationState.REVERSED:
        step = ApplicationStep.objects.filter(application=paper.application, to_state=ApplicationState.REVERSED).last()
        return Checked(Standing.REVOKED, paper, timezone.localtime(step.at) if step else None)
    if paper.valid_until is not None and paper.valid_until < on:
        return Checked(Standing.EXPIRED, paper, paper.valid_until)
    return Checked(Standing.VALID, paper)


def check_file(data: bytes, *, on: date) -> Checked:
    """What is true of a file that somebody holds: altered where a byte differs from what we gave out, else as its paper stands.

    Raises NotAPaper: empty, too_large, kind (neither PDF nor JSON), unsealed (a file that does not claim to be ours).
    """
    if not data.strip():
        raise NotAPaper("empty")
    if len(data) > LARGEST_FILE:
        raise NotAPaper("too_large")
    claim = read_seal(data) if data.startswith(b"%PDF-") else _read_json(data)
    if claim is None:
        raise NotAPaper("unsealed")
    code, is_whole = claim
    paper = find_paper(code) if len(code) == CODE_LENGTH else None
    if not is_whole:
        return Checked(Standing.ALTERED, paper)
    return check_paper(paper, on=on) if paper else NOTHING


def _read_json(data: bytes) -> tuple[str, bool] | None:
    """A document of ours; None for other JSON. Raises NotAPaper for what is no JSON object."""
    try:
        document: Any = json.loads(data.decode("utf-8-sig"))
        return read_document(document) if isinstance(document, dict) else None
    except (ValueError, RecursionError) as error:  # no JSON, or built to break its reader
        raise NotAPaper("kind") from error
