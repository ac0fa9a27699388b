"""Papers of the city beside the certificates that learners fetched (``seeds.cases``): transcripts, and the codes of submission files."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

from creditbank.api import SubmissionCode, issue_transcript, replace_codes, revoke_transcript
from identity.api import User
from seeds.city import City
from seeds.clock import standing_at
from seeds.timeline import Event

DATA = Path(__file__).resolve().parent / "data"


def enter_codes(city: City) -> None:
    """The code table of the bank that receives submission files."""
    if not SubmissionCode.objects.exists():
        with (DATA / "submission-codes.csv").open(encoding="utf-8", newline="") as file:
            replace_codes(
                "SHCB", [(row["sheet"], row["kind"], row["ours"], row["theirs"], row["label"]) for row in csv.DictReader(file)], actor=None
            )


def events(city: City) -> Iterator[Event]:
    """林晓雯 has a transcript that has run out, one that she took back, and one that holds."""
    lin = city.named("lin")
    for person, days_ago, valid_days, taken_back in (
        (lin, 200, 90, False), (city.named("du"), 30, 0, False), (lin, 20, 0, True), (city.learners[0], 9, 180, False), (lin, 5, 0, False),
    ):  # fmt: skip
        yield Event(city.at(days_ago, hour=19), partial(_issue, city, person, days_ago, valid_days, taken_back=taken_back))


def _issue(city: City, person: User, days_ago: int, valid_days: int, *, taken_back: bool) -> None:
    at = city.at(days_ago, hour=19)
    with standing_at(at):
        paper = issue_transcript(person, actor=person, at=at, valid_until=at.date() + timedelta(days=valid_days) if valid_days else None)
    if taken_back:
        later = at + timedelta(hours=15)
        with standing_at(later):
            revoke_transcript(paper, actor=person, at=later, reason="发错了收件人，已另行出具。")
