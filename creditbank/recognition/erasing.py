"""What recognition does when somebody is erased: files go, texts are unreadable with the key, decisions stay."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from creditbank.recognition.enums import OPEN_STATES, ApplicationState
from creditbank.recognition.models import Application, ApplicationEvidence
from identity.api import Eraser, Treatment, register_eraser

WAITING = (*OPEN_STATES, ApplicationState.APPEALED, ApplicationState.APPEAL_DECIDED)


def erase(person: Any, at: datetime) -> dict[str, int]:
    """Files and their names go; that there was a file, and its hash, stays with the decision that rests on it. Drafts go whole."""
    files = list(ApplicationEvidence.objects.filter(application__learner=person).exclude(file=""))
    ApplicationEvidence.objects.filter(pk__in=[row.pk for row in files]).update(file="", filename="")
    for row in files:
        transaction.on_commit(lambda file=row.file: file.storage.delete(file.name))  # type: ignore[misc]
    drafts = Application.objects.filter(learner=person, state=ApplicationState.DRAFT)
    ApplicationEvidence.objects.filter(application__in=drafts).delete()
    return {"evidence_files": len(files), "drafts": drafts.delete()[1].get("creditbank.Application", 0)}


def obstacles(person: Any) -> list[str]:
    """What is not decided."""
    rows = Application.objects.filter(learner=person, state__in=WAITING).order_by("id").values_list("reference", flat=True)
    return [_("Application %(reference)s is not decided: withdraw it, or wait for the answer.") % {"reference": row} for row in rows]


def stays(person: Any) -> list[str]:
    """Awards."""
    posted = Application.objects.filter(learner=person, state=ApplicationState.POSTED).count()
    text = _(
        "%(number)s awards and their postings stay in the ledger under a pseudonym, as the law asks of books; nobody can tie them to you any more."
    )
    return [text % {"number": posted}] if posted else []


register_eraser(
    Eraser(
        part="creditbank.recognition", erase=erase, obstacles=obstacles, stays=stays,
        treats={
            "creditbank.Application": Treatment.SEALED, "creditbank.ApplicationLine": Treatment.SEALED, "creditbank.ApplicationStep": Treatment.SEALED,
            "creditbank.ApplicationVote": Treatment.SEALED, "creditbank.ApplicationRerun": Treatment.PSEUDONYM,
            "creditbank.DeclaredInterest": Treatment.SEALED, "creditbank.Appeal": Treatment.SEALED, "creditbank.Correction": Treatment.SEALED,
            "creditbank.SourceReview": Treatment.SEALED, "creditbank.IndividualException": Treatment.SEALED,
            "creditbank.ApplicationEvidence": Treatment.EMPTIED, "creditbank.RecognitionPolicy": Treatment.PSEUDONYM,
            "creditbank.ExpertStanding": Treatment.SEALED, "creditbank.SpotCheckDraw": Treatment.PSEUDONYM,
            "creditbank.SpotCheck": Treatment.SEALED,
        },
    )
)  # fmt: skip
