"""Papers of the city: transcripts and certificates, among them some that are no longer valid."""

from __future__ import annotations

import csv
from datetime import timedelta
from pathlib import Path

from django.utils import timezone

from creditbank.api import (
    Application,
    ApplicationState,
    Certificate,
    SubmissionCode,
    Transcript,
    issue_certificate,
    issue_transcript,
    replace_codes,
    revoke_certificate,
    revoke_transcript,
)
from seeds.city import City

DATA = Path(__file__).resolve().parent / "data"


def issue_papers(city: City) -> None:
    """Transcripts for those who asked, the first of 林晓雯 taken back again; certificates of what was credited, one revoked and renewed."""
    now = timezone.now()
    if not SubmissionCode.objects.exists():
        with (DATA / "submission-codes.csv").open(encoding="utf-8", newline="") as file:
            replace_codes(
                "SHCB", [(row["sheet"], row["kind"], row["ours"], row["theirs"], row["label"]) for row in csv.DictReader(file)], actor=None
            )
    for person in (city.named("lin"), *city.learners[:3]):
        if not Transcript.objects.filter(learner=person).exists():
            first = issue_transcript(person, actor=person, at=now - timedelta(hours=3))
            if person == city.named("lin"):
                revoke_transcript(first, actor=person, at=now - timedelta(hours=2), reason="发错了收件人，已另行出具。")
                issue_transcript(person, actor=person, at=now - timedelta(hours=1))
    if Certificate.objects.exists():
        return
    credited = Application.objects.filter(state=ApplicationState.POSTED).order_by("id")
    papers = [issue_certificate(row, actor=row.learner, at=now - timedelta(hours=3)) for row in credited.select_related("learner")]
    if papers:
        revoke_certificate(papers[0], actor=city.named("he"), at=now - timedelta(hours=2), reason="姓名登记有误，已更正。")
        issue_certificate(papers[0].application, actor=city.named("zhou"), at=now - timedelta(hours=1))
