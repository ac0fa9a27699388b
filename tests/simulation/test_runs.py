"""A simulation from the desk: who may start it, whom it asks, what is kept, and that the same facts go in as for an application."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from creditbank.agreements.queries import limits_of, rule_base, target_of, version_in_force
from creditbank.api import Application, draft_version
from creditbank.models import Programme
from creditbank.recognition.earlier import awarded
from creditbank.recognition.evidence import evidence_names
from creditbank.recognition.queries import propose
from creditbank.rules.decide import decide
from creditbank.simulation import actions
from creditbank.simulation.actions import start_simulation, work_simulation
from creditbank.simulation.answers import Book, ask
from creditbank.simulation.exceptions import NobodyToAsk, NothingToCompareWith
from creditbank.simulation.fast import Fast
from creditbank.simulation.kernel import candidates_of
from creditbank.simulation.models import SimulationRun
from creditbank.simulation.population import population_of
from creditbank.simulation.queries import facts_of_many, population_at, report_of_run, runs_of
from creditbank.simulation.tables import RuleTables
from foundation.api import AuditEntry, Job
from identity.api import Role, User
from learning.api import LearningRecord
from tests.city import built_city
from tests.factories.creditbank import AT, ON, earn, make_bank, make_learner
from tests.factories.identity import MembershipFactory, UserFactory, person_as


@pytest.fixture
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def stricter(bank, least="90"):
    """A draft whose first rule asks for more, and that gives more for the second."""
    rules = []
    for row in bank.version.rules.order_by("code"):
        grant = row.grants[0] | ({"amount": "2.5"} if row.code == "R2" else {})
        rules.append(
            {"id": row.code, "lhs": row.lhs | ({"min_score": least} if row.code == "R1" else {}), "grants": [grant], "route": row.route}
        )
    return draft_version(bank.version.book, rules=rules, limits=[], valid_from=ON + timedelta(days=30), actor=bank.officer)


def pupil(bank, **records):
    person = UserFactory()
    MembershipFactory(person=person, institution=bank.institution, role=Role.LEARNER)
    for which, score in records.items():
        earn(bank, person, which=int(which[1:]), score=score)
    return person


@pytest.mark.postgres(also="sqlite")
@pytest.mark.django_db
def test_a_simulation_says_who_gains_and_who_loses_and_keeps_its_report(media, django_capture_on_commit_callbacks):
    bank = make_bank()
    loses, gains, same = pupil(bank, r0="80"), pupil(bank, r1="80"), pupil(bank)
    draft = stricter(bank)

    with django_capture_on_commit_callbacks(execute=True):
        run = start_simulation(draft, actor=bank.officer, at=AT)

    run.refresh_from_db()
    report = report_of_run(run)
    assert (run.state, run.compared_with, run.on, run.learners_total) == ("done", bank.version, draft.valid_from, 3)
    assert {verdict: [one.learner for one in listed] for verdict, listed in report.examples if listed} == {
        "lost": [str(loses.uuid)], "gained": [str(gains.uuid)], "unchanged": [str(same.uuid)],
    }  # fmt: skip
    assert (report.before.total, report.after.total) == (Decimal(5), Decimal("2.5"))
    assert [(row.rule, row.before, row.after, row.difference) for row in report.rules] == [("R1", 1, 0, 1), ("R2", 1, 1, 0)]
    with run.learners.open() as stored:
        frame = pd.read_parquet(stored)
    assert sorted(zip(frame.verdict, frame.before, frame.after, strict=True)) == [
        ("gained", 2000, 2500),
        ("lost", 3000, 0),
        ("unchanged", 0, 0),
    ]
    assert (run.job.state, run.job.done, run.job.total) == ("done", 16, 16)
    assert list(AuditEntry.objects.filter(action__startswith="simulation.").order_by("id").values_list("action", "actor_uuid")) == [
        ("simulation.start", bank.officer.uuid), ("simulation.finish", None),
    ]  # fmt: skip
    assert not list((media / "simulations").rglob("shard-*"))


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "here", "may"), [
    (Role.CREDIT_OFFICER, True, True), (Role.REVIEWER, True, True), (Role.CREDIT_OFFICER, False, False), (Role.REVIEWER, False, False),
    (Role.LEARNER, True, False), (Role.AUDITOR, False, False),
])  # fmt: skip
def test_officers_and_reviewers_of_the_books_institution_start_one_and_nobody_else(media, role, here, may):
    bank = make_bank()
    draft, person = stricter(bank), person_as(role, bank.institution if here else None)
    before = (AuditEntry.objects.count(), Job.objects.count())

    if may:
        assert start_simulation(draft, actor=person, at=AT).started_by_uuid == person.uuid
    else:
        with pytest.raises(PermissionDenied):
            start_simulation(draft, actor=person, at=AT)
        assert (SimulationRun.objects.count(), AuditEntry.objects.count(), Job.objects.count()) == (0, *before)


@pytest.mark.django_db
def test_the_version_in_force_is_not_compared_with_itself(media):
    bank = make_bank()

    with pytest.raises(NothingToCompareWith):
        start_simulation(bank.version, actor=bank.officer, at=AT)

    assert SimulationRun.objects.count() == Job.objects.count() == 0


@pytest.mark.django_db
def test_a_simulation_about_nobody_has_failed(media):
    bank = make_bank()
    run = start_simulation(stricter(bank), actor=bank.officer, at=AT)

    with pytest.raises(NobodyToAsk):
        work_simulation(run, at=AT)

    run.refresh_from_db()
    assert (run.state, run.report, run.job.state, run.job.message) == ("failed", None, "failed", "nobody")


@pytest.mark.django_db
def test_one_that_broke_off_goes_on_with_what_is_left(media, monkeypatch):
    bank = make_bank()
    for _ in range(4):
        pupil(bank, r0="80")
    run, told = start_simulation(stricter(bank), actor=bank.officer, at=AT), []

    def dying(job, *, done):
        told.append(done)
        if done == 5:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(actions, "report_progress", dying)
        work_simulation(run, at=AT)
    monkeypatch.setattr(actions, "report_progress", lambda job, *, done: told.append(done))
    run = work_simulation(run, at=AT)

    assert told == [*range(6), *range(5, 17)]
    assert (run.state, report_of_run(run).of_class("lost").learners) == ("done", 4)


@pytest.mark.django_db
def test_runs_are_seen_at_the_desk_of_the_institution_and_by_auditors(media):
    bank, other = make_bank(), make_bank()
    run = start_simulation(stricter(bank), actor=bank.officer, at=AT)

    assert list(runs_of(run.version, user=bank.reviewer)) == list(runs_of(run.version, user=bank.auditor)) == [run]
    assert list(runs_of(run.version, user=other.officer)) == []


@pytest.mark.postgres(also="sqlite")
@pytest.mark.django_db
def test_whom_the_rules_concern_learns_there_or_has_applied_there():
    bank, other = make_bank(), make_bank()
    here, applicant, stranger = pupil(bank, r0="80"), make_learner(bank), pupil(other, r0="80")
    Application.objects.create(learner=applicant, institution=bank.institution, programme=bank.programme)

    people = population_at(bank.institution, on=ON)

    found = {facts.learner: facts.target.code for facts in people}
    assert found == {str(here.uuid): "", str(applicant.uuid): bank.programme.code}
    assert str(stranger.uuid) not in found
    assert [dict(people.value("groups", row)) for row, facts in enumerate(people) if facts.learner == str(here.uuid)] == [
        {"education": bank.institution.kind, "school": bank.institution.code}
    ]


@pytest.mark.django_db
def test_loading_asks_as_often_for_one_as_for_thirty():
    bank = make_bank()
    pupil(bank, r0="80", r1="90")
    with CaptureQueriesContext(
        connection,
    ) as few:
        population_at(bank.institution, on=ON)
    for _ in range(29):
        pupil(bank, r0="80", r1="90")

    with CaptureQueriesContext(connection) as many:
        assert len(population_at(bank.institution, on=ON)) == 30

    assert len(many) == len(few)


@pytest.fixture
def city(own_database):
    """A copy of the demo city."""
    name = settings.DATABASES["default"]["NAME"]
    connections["default"].close()
    shutil.copyfile(built_city(), name)
    for leftover in (f"{name}-wal", f"{name}-shm"):
        Path(leftover).unlink(missing_ok=True)


def test_everybody_of_the_demo_city_hears_the_same_as_when_asked_alone(city):
    asked = given = at_once = 0
    today, learners = date(2026, 3, 2), list(User.objects.filter(pk__in=LearningRecord.objects.values("learner")).order_by("pk"))
    for programme in Programme.objects.select_related("institution", "system"):
        version = version_in_force(programme.institution, on=today)
        if version is None:
            continue
        book, target = Book(rule_base(version), limits_of(version)), target_of(programme)
        everybody = {person.pk: target for person in learners}
        brought = evidence_names(book.base)
        people = population_of(facts_of_many(learners, everybody, dict.fromkeys(everybody, programme.pk), on=today, evidence=brought))
        fast = Fast(people, RuleTables(book.base, today), book.limits)
        frame = candidates_of(people, fast.tables)
        for row, facts in enumerate(people):
            whole, found = decide(facts, book.base, book.limits, today), fast.answer(row)
            answer = found or ask(facts, book, today)
            mine = frame[(frame.learner == row) & (frame.bits == 0)]
            assert (answer.objective, answer.posted, answer.proved) == (
                whole.objective[:6],
                whole.posted * 1000,
                whole.proof.status == "optimal",
            )
            assert answer.states == {one.id: "used" for one in facts.records} | {one.record: one.headline.code for one in whole.unused}
            assert {one.rule for one in whole.allocation} <= {fast.tables.rules[rule].id for rule in mine.rule}
            asked, given, at_once = asked + 1, given + bool(answer.posted), at_once + (found is not None)
        for person in [*[one for one in learners if awarded(one, programme)][:3], *learners[:3]]:
            alone = propose(person, programme, on=today)
            assert (
                decide(next(facts for facts in people if facts.learner == str(person.uuid)), book.base, book.limits, today)
                == alone.decision
            )

    assert asked > 200
    assert given > 20
    assert at_once > asked // 3
