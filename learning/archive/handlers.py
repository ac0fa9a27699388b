"""What the archive does when its person is erased."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from foundation.api import deletion_permit
from identity.api import Eraser, Treatment, register_eraser
from learning.archive.models import Evidence, LearningRecord


def erase(person: Any, at: datetime) -> dict[str, int]:
    """Files go, and their rows with the names that they had; records stay, under the pseudonym."""
    rows = list(Evidence.objects.filter(record__learner=person))
    if not rows:
        return {}
    with deletion_permit(Evidence, action="archive.erase", actor=None, reason="erasure", data={"files": len(rows)}):
        Evidence.objects.filter(pk__in=[row.pk for row in rows]).delete()
    for row in rows:
        transaction.on_commit(lambda file=row.file: file.storage.delete(file.name))  # type: ignore[misc]
    return {"evidence_files": len(rows)}


def stays(person: Any) -> list[str]:
    number = LearningRecord.objects.filter(learner=person).count()
    return [_("%(number)s learning records stay under a pseudonym, because credit rests on them.") % {"number": number}] if number else []


register_eraser(
    Eraser(
        part="learning.archive", erase=erase, stays=stays,
        treats={"learning.LearningRecord": Treatment.PSEUDONYM, "learning.Evidence": Treatment.DELETED},
    )
)  # fmt: skip
