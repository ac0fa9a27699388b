"""The bank of the demo city: every state that somebody may click for, and amounts that agree wherever they stand."""

from __future__ import annotations

import csv
import io
import shutil
from collections import Counter, defaultdict
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from django.utils import timezone

from creditbank.api import (
    Agreement,
    Application,
    Certificate,
    Correction,
    IndividualException,
    Posting,
    ResultBatch,
    RuleBookVersion,
    SimulationRun,
    Transaction,
    Transcript,
    find_faults,
)
from foundation.api import AuditEntry, Notice
from identity.api import User
from tests.city import built_city

MINE = {"available", "held", "award"}


@pytest.fixture
def city(own_database):
    """A copy of the city, in which commits are real."""
    name = settings.DATABASES["default"]["NAME"]
    connections["default"].close()
    shutil.copyfile(built_city(), name)
    for leftover in (f"{name}-wal", f"{name}-shm"):
        Path(leftover).unlink(missing_ok=True)
    return name


def test_every_state_can_be_clicked_for(city):
    today = timezone.localdate()

    assert set(Application.objects.values_list("state", flat=True)) == {
        "draft", "submitted", "checking", "information_requested", "second_review", "decided", "posted", "withdrawal_requested", "withdrawn",
        "lapsed", "appealed", "reversed",
    }  # fmt: skip
    assert {("posted", "full"), ("posted", "partial"), ("decided", "partial"), ("decided", "refused")} <= set(
        Application.objects.values_list("state", "verdict")
    )
    assert set(Application.objects.exclude(state="draft").values_list("required_approvals", flat=True)) == {0, 1, 2, 5}
    assert set(Agreement.objects.values_list("status", flat=True)) == {"draft", "signed", "active", "suspended", "ended"}
    assert Agreement.objects.get(code="OPEN-2025").supersedes.status == "ended"
    assert {row.signatures.count() for row in Agreement.objects.filter(status="draft")} == {0, 1}
    in_force = RuleBookVersion.objects.in_force(on=today)
    assert {version.book.institution.kind for version in in_force.select_related("book__institution")} == {
        "higher", "vocational", "community", "elderly", "awarding_body"
    }  # fmt: skip
    assert dict(Counter(ResultBatch.objects.values_list("state", flat=True))) == {"submitted": 1, "refused": 1, "undone": 1, "released": 1}
    assert set(Correction.objects.values_list("kind", "state")) == {("revoke", "proposed"), ("revoke", "done"), ("reverse", "done")}
    exceptions = [(row.state, row.expires_on >= today) for row in IndividualException.objects.all()]
    assert sorted(exceptions) == [("approved", False), ("approved", True), ("ended", True), ("proposed", True)]
    assert [run.state for run in SimulationRun.objects.all()] == ["done"]
    papers = [(paper.revoked_at is not None, bool(paper.valid_until and paper.valid_until < today)) for paper in Transcript.objects.all()]
    assert set(papers) == {(False, False), (True, False), (False, True)}
    assert Certificate.objects.filter(revoked_at__isnull=False).count() == 1
    assert {row.code for row in Notice.objects.filter(recipient_uuid=_person("lin").uuid)} >= {"ledger.expired", "ledger.expiring"}


def test_what_happened_is_written_down_with_its_day(city):
    """Audit entries and notices carry the day of the story, and the ledger was posted in the order of its days."""
    opened = AuditEntry.objects.get(action="recognition.submit", person_uuid=_person("chen").uuid)
    chen = Application.objects.get(learner=_person("chen"))
    days = list(Transaction.objects.order_by("id").values_list("effective_on", flat=True))
    late = [after for before, after in pairwise(days) if (before - after).days > LONGEST_STORY]

    assert timezone.localdate(opened.at) == timezone.localdate(chen.submitted_at)
    assert late == []


LONGEST_STORY = 60
"""Days that a story reaches ahead of the next one's beginning."""


def test_account_statement_certificate_transcript_and_api_say_the_same(city):
    assert find_faults() == []
    certified = Certificate.objects.filter(revoked_at__isnull=True).select_related("learner", "application")
    people = {paper.learner for paper in certified} | {_person(key) for key in ("lin", "chen", "wang", "du")}

    wrong = {person.name: _disagreements(person) for person in people}

    assert {name: said for name, said in wrong.items() if said} == {}
    for paper in certified:
        lines = sum((Decimal(line["credits"]) for line in paper.content["lines"]), Decimal(0))
        assert lines == Decimal(paper.content["credits"]) == paper.application.decided_credits == _awarded_by(paper.application)
    for paper in Transcript.objects.filter(revoked_at__isnull=True, valid_until__isnull=True).select_related("learner"):
        counted = {unit: sum(kinds[kind] for kind in MINE) for unit, kinds in _counted(paper.learner).items()}
        assert {unit["unit"]: Decimal(unit["total"]) for unit in paper.content["units"]} == {u: n for u, n in counted.items() if n}


def _disagreements(person) -> list[str]:
    """Where account, statement and API say anything else than the postings, added up one by one."""
    client = Client()
    client.force_login(person)
    counted, said = _counted(person), []
    told = {row["unit"]: row for row in client.get("/api/v1/me/account").json()["balances"]}
    for unit, kinds in counted.items():
        for name, kind in (("available", "available"), ("held", "held"), ("awarded", "award"), ("expired", "expired")):
            if Decimal(told[unit][name]) != kinds[kind]:
                said.append(f"API {unit} {name}: {told[unit][name]} instead of {kinds[kind]}")
        mine = sum(kinds[kind] for kind in MINE)
        lines = client.get(f"/api/v1/me/account/{unit}/statement").json()["lines"]
        if Decimal(lines[0]["balance"]) != mine or sum(Decimal(line["change"]) for line in lines) != mine:
            said.append(f"statement {unit}")
        page = client.get("/my/credits/", {"unit": unit})
        purse = page.context["current"]
        if (purse.balance.available, purse.balance.held, purse.balance.awarded) != (kinds["available"], kinds["held"], kinds["award"]):
            said.append(f"page {unit}")
        if _last_in_file(client, unit) != mine:
            said.append(f"file {unit}")
    return said


def _last_in_file(client, unit: str) -> Decimal:
    """The balance in the last line of a unit in the statement as a file."""
    text = client.get("/my/credits/statement.csv").content.decode("utf-8-sig")
    return [Decimal(row[-1]) for row in csv.reader(io.StringIO(text)) if row[0] == unit][-1]


def _counted(person) -> dict[str, dict[str, Decimal]]:
    """What stands in each kind of account of a person by unit: every posting added and subtracted."""
    sums: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for posting in Posting.objects.select_related("source__unit", "destination__unit"):
        for account, sign in ((posting.source, -1), (posting.destination, 1)):
            if account.owner_uuid == person.uuid:
                sums[account.unit.code][account.kind] += sign * posting.amount
    return sums


def _awarded_by(application) -> Decimal:
    rows = Posting.objects.filter(transaction__application_uuid=application.uuid, destination__kind="award", transaction__type="award")
    return sum((row.amount for row in rows), Decimal(0))


def _person(key: str) -> User:
    return User.objects.get(email=f"{key}@demo.example")
