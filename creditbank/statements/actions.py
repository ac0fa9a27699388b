"""Issuing and revoking transcripts."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from creditbank.rules.snapshot import canonical, hash_of
from creditbank.statements.models import Transcript
from creditbank.statements.queries import ALPHABET, SHORT_LENGTH, transcript_content
from foundation.api import record_audit_entry


@transaction.atomic
def issue_transcript(person: Any, *, actor: Any, at: datetime) -> Transcript:
    """A transcript of what stands in the account now, with random codes of 128 bits and of twelve letters."""
    content = transcript_content(person, on=timezone.localdate(at))
    transcript = Transcript.objects.create(
        learner=person,
        code=secrets.token_hex(16),
        short_code="".join(secrets.choice(ALPHABET) for _ in range(SHORT_LENGTH)),
        content=content,
        content_hash=hash_of(canonical(content)),
        issued_at=at,
    )
    record_audit_entry("statements.issue", actor=actor, about=transcript, concerns=person.uuid, data={"hash": transcript.content_hash})
    return transcript


@transaction.atomic
def revoke_transcript(transcript: Transcript, *, actor: Any, at: datetime, reason: str) -> Transcript:
    """Declare a transcript invalid from now on; whoever verifies it is told since when."""
    Transcript.objects.filter(pk=transcript.pk, revoked_at__isnull=True).update(revoked_at=at, revoked_reason=reason)
    transcript.refresh_from_db()
    record_audit_entry("statements.revoke", actor=actor, about=transcript, concerns=transcript.learner.uuid, reason=reason)
    return transcript
