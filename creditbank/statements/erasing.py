"""What papers do when somebody is erased: the register forgets them. Who holds one can still check its signature, but not whether it stands."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from creditbank.statements.keeping import forget_files
from creditbank.statements.models import Certificate, Transcript
from foundation.api import deletion_permit
from identity.api import Eraser, Treatment, register_eraser

PAPERS = (Transcript, Certificate)


def erase(person: Any, at: datetime) -> dict[str, int]:
    """A paper is a snapshot with the name in it, so it goes whole, with its files; what it told of stays in the ledger."""
    taken = 0
    for model in PAPERS:
        rows = model.objects.filter(learner=person)
        papers = list(rows)
        number = len(papers)
        if number:
            transaction.on_commit(lambda papers=papers: forget_files(papers))  # type: ignore[misc]
            with deletion_permit(model, action="statements.erase", actor=None, reason="erasure", data={"papers": number}):
                rows.delete()
        taken += number
    return {"papers": taken}


def stays(person: Any) -> list[str]:
    """What becomes of papers that others hold."""
    number = sum(model.objects.filter(learner=person, revoked_at__isnull=True).count() for model in PAPERS)
    text = _("%(number)s papers can no longer be verified here afterwards; download what you want to keep, its signature stays valid.")
    return [text % {"number": number}] if number else []


register_eraser(
    Eraser(
        part="creditbank.statements", erase=erase, stays=stays,
        treats={
            "creditbank.Transcript": Treatment.DELETED, "creditbank.Certificate": Treatment.DELETED, "creditbank.SubmissionCode": Treatment.PSEUDONYM,
        },
    )
)  # fmt: skip
