"""Issuing and revoking papers."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone, translation

from creditbank.recognition.enums import ApplicationState
from creditbank.recognition.models import Application
from creditbank.rules.snapshot import canonical, hash_of
from creditbank.statements.checking import ALPHABET, SHORT_LENGTH
from creditbank.statements.contents import certificate_content, transcript_content
from creditbank.statements.enums import CodeKind, SubmissionSheet
from creditbank.statements.events import PaperIssued
from creditbank.statements.exceptions import (
    AlreadyRevoked,
    CertificateExists,
    NameNotPrintable,
    NothingToCertify,
    OfficerNeeded,
    SameHand,
)
from creditbank.statements.fonts import unprintable
from creditbank.statements.models import Certificate, SubmissionCode, Transcript
from creditbank.statements.seals import issue_of, sign_issue
from creditbank.statements.submissions import Made, Submission, submission_table
from foundation.api import announce, notify, record_audit_entry, xlsx_of

P = TypeVar("P", Transcript, Certificate)
TRIES = 20
PREFIXES = {Transcript: "TR", Certificate: "CC"}


@transaction.atomic
def issue_transcript(person: Any, *, actor: Any, at: datetime, valid_until: date | None = None) -> Transcript:
    """A transcript of what stands in the account now, signed, under random codes of 128 bits and of twelve letters.

    Raises NameNotPrintable; SigningKeyMissing.
    """
    content = transcript_content(person, on=timezone.localdate(at))
    return _issue(Transcript, person=person, content=content, actor=actor, at=at, valid_until=valid_until)


@transaction.atomic
def issue_certificate(application: Application, *, actor: Any, at: datetime) -> Certificate:
    """The certificate of what an application brought. The learner fetches the first one; after a revocation an officer issues the next.

    Raises NothingToCertify (not credited, or taken back); CertificateExists; OfficerNeeded; NameNotPrintable; SigningKeyMissing.
    """
    application = (
        Application.objects.select_for_update(of=("self",))
        .select_related("learner", "programme__institution", "programme__system")  # what may have changed during a wait is read after it
        .get(pk=application.pk)
    )
    if application.state != ApplicationState.POSTED or not application.decided_credits:
        raise NothingToCertify
    earlier = list(Certificate.objects.filter(application=application))
    if any(paper.revoked_at is None for paper in earlier):
        raise CertificateExists
    if earlier and getattr(actor, "pk", None) == application.learner_id:
        raise OfficerNeeded
    content = certificate_content(application)
    decided_by = application.first_officer.uuid if application.first_officer else None
    return _issue(
        Certificate, person=application.learner, content=content, actor=actor, at=at, application=application, decided_by_uuid=decided_by
    )


def _issue(
    model: type[P], *, person: Any, content: dict[str, Any], actor: Any, at: datetime, valid_until: date | None = None, **facts: Any
) -> P:
    missing = unprintable(person.name)
    if missing:
        raise NameNotPrintable(missing)
    facts |= {
        "learner": person,
        "content": content,
        "content_hash": hash_of(canonical(content)),
        "issued_at": at,
        "valid_until": valid_until,
    }
    paper = _create(model, facts, at=at)
    data = {"number": paper.number, "hash": paper.content_hash, "key": paper.signing_key}
    record_audit_entry("statements.issue", actor=actor, about=paper, concerns=person.uuid, data=data)
    announce(PaperIssued(kind=paper.kind.value, paper_uuid=str(paper.uuid)))
    return paper


def _create(model: type[P], facts: dict[str, Any], *, at: datetime) -> P:
    """With the next number; where another paper was quicker, the unique column says so, and the next one is taken."""
    for attempt in range(TRIES):
        number, code = _next_number(model, at=at), secrets.token_hex(16)
        issue = issue_of(
            model.kind, number=number, code=code, issued_at=at, valid_until=facts["valid_until"], content_hash=facts["content_hash"]
        )
        signature = sign_issue(issue)
        try:
            with transaction.atomic():
                return model.objects.create(
                    number=number, code=code, short_code="".join(secrets.choice(ALPHABET) for _ in range(SHORT_LENGTH)),
                    signing_key=signature.key, signature=signature.value, **facts,
                )  # fmt: skip
        except IntegrityError:
            if attempt == TRIES - 1:
                raise
    raise AssertionError("unreachable")


def _next_number(model: type[P], *, at: datetime) -> str:
    """CC-2026-000001, counted by year in the order of issue."""
    prefix = f"{PREFIXES[model]}-{timezone.localtime(at).year}-"
    last = model.objects.filter(number__startswith=prefix).order_by("-id").values_list("number", flat=True).first()
    return f"{prefix}{int(last.removeprefix(prefix)) + 1 if last else 1:06d}"


@transaction.atomic
def revoke_transcript(paper: Transcript, *, actor: Any, at: datetime, reason: str) -> Transcript:
    """Declare a transcript invalid from now on; whoever checks it is told since when. Raises AlreadyRevoked."""
    return _revoke(paper, actor=actor, at=at, reason=reason)


@transaction.atomic
def revoke_certificate(paper: Certificate, *, actor: Any, at: datetime, reason: str) -> Certificate:
    """A second person declares a certificate invalid; the learner is told. The award itself is another matter (a reversal).

    Raises SameHand for who decided on the application and for the learner; AlreadyRevoked.
    """
    if actor.uuid == paper.decided_by_uuid or actor.pk == paper.learner_id:
        raise SameHand
    paper = _revoke(paper, actor=actor, at=at, reason=reason)
    with translation.override(paper.learner.language):
        url = reverse("creditbank:certificates")
    notify(paper.learner.uuid, "statements.revoked", url=url, data={"number": paper.number, "reason": reason})
    return paper


def _revoke(paper: P, *, actor: Any, at: datetime, reason: str) -> P:
    changed = type(paper).objects.filter(pk=paper.pk, revoked_at__isnull=True)
    if not changed.update(revoked_at=at, revoked_reason=reason, revoked_by_uuid=getattr(actor, "uuid", None)):
        raise AlreadyRevoked
    paper.refresh_from_db()
    record_audit_entry(
        "statements.revoke", actor=actor, about=paper, concerns=paper.learner.uuid, reason=reason,
        data={"number": paper.number},
    )  # fmt: skip
    return paper


@transaction.atomic
def export_submission(asked: Submission, *, actor: Any) -> tuple[bytes, Made]:
    """A submission file as a workbook of one sheet, and an audit entry that says who took which file with how many rows, and how many people's
    identity card numbers left the sealed store with it.
    """
    made = submission_table(asked)
    data = xlsx_of([made.table])
    facts = {
        "bank": asked.bank, "sheet": asked.sheet.value, "since": asked.since.isoformat(), "until": asked.until.isoformat(),
        "rows": len(made.table.rows), "people_with_number": made.people_with_number, "rows_without_number": made.outline.without_number, "sha256": hashlib.sha256(data).hexdigest(),
    }  # fmt: skip
    record_audit_entry("statements.export_submission", actor=actor, about=asked.institution, data=facts)
    return data, made


@transaction.atomic
def replace_codes(bank: str, rows: Iterable[tuple[str, str, str, str, str]], *, actor: Any) -> int:
    """Put a receiving bank's code table in the place of the one before: (sheet, kind, ours, theirs, label) a row. The number of rows.

    Raises ValueError naming the row for an unknown sheet or kind, an empty value, or a value that stands twice.
    """
    made, seen = [], set()
    for line, (sheet, kind, ours, theirs, label) in enumerate(rows, start=2):
        if sheet not in SubmissionSheet.values or kind not in CodeKind.values or not ours or not theirs or (sheet, kind, ours) in seen:
            raise ValueError(f"row {line}: {sheet}, {kind}, {ours}, {theirs}")
        seen.add((sheet, kind, ours))
        made.append(SubmissionCode(bank=bank, sheet=sheet, kind=kind, ours=ours, theirs=theirs, label=label))
    SubmissionCode.objects.filter(bank=bank).delete()
    SubmissionCode.objects.bulk_create(made)
    record_audit_entry("statements.replace_codes", actor=actor, data={"bank": bank, "rows": len(made)})
    return len(made)
