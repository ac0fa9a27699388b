"""What the archive does when its person is erased, and what it gives of a person's own data."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from foundation.api import deletion_permit
from identity.api import About, Eraser, Exporter, PersonFile, Treatment, register_eraser, register_exporter, safe_name
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


def files(person: Any) -> Iterator[PersonFile]:
    """Everything that was kept with the person's records."""
    for row in Evidence.objects.filter(record__learner=person).order_by("id"):
        yield PersonFile(f"evidence/{row.sha256[:16]}-{safe_name(row.filename)}", lambda row=row: row.content)  # type: ignore[misc]


register_exporter(
    Exporter(
        part="learning.archive", files=files,
        gives=(About("learning.LearningRecord", of=("learner",)), About("learning.Evidence", of=("record__learner",))),
    )
)  # fmt: skip
