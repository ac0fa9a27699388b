"""Records: snapshots that nothing changes, entered once, corrected by void and replacement."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from foundation.api import AuditEntry, handles
from foundation.events import registry
from learning.api import (
    CreditsOffStep,
    Evidence,
    LearningRecord,
    RecordAlreadyEntered,
    RecordAlreadyVoid,
    RecordEntered,
    RecordVoided,
    WrongTrust,
    attach_evidence,
    correct_record,
    enter_record,
    enter_records,
    void_record,
)
from learning.archive.actions import add_own_record, content_hash
from learning.archive.exceptions import CreditsWithoutSystem
from tests.factories.identity import InstitutionFactory, UserFactory
from tests.factories.learning import NOON, credit_system, make_course, make_record, new_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(monkeypatch):
    """What is announced about records during a test."""
    events: list[object] = []
    monkeypatch.setattr(
        registry, "_handlers", {key: list(value) for key, value in registry._handlers.items()} | {RecordEntered: [], RecordVoided: []}
    )
    handles(RecordEntered)(events.append)
    handles(RecordVoided)(events.append)
    return events


def test_a_record_enters_with_audit_entry_and_event(heard):
    officer = UserFactory()

    record = enter_record(new_record(outcome_code="N3"), actor=officer, at=NOON)

    entry = AuditEntry.objects.get()
    assert heard == [RecordEntered(record_id=record.pk)]
    assert (entry.action, entry.actor_uuid, entry.person_uuid) == ("archive.enter", officer.uuid, record.learner.uuid)
    assert entry.data == {"source": "institution_upload", "trust": "institution"}
    assert (record.category, record.state, record.recorded_at, record.brought_by_uuid) == ("academic", "active", NOON, officer.uuid)


def test_a_batch_is_entered_whole_or_not_at_all(heard):
    good, bad = new_record(), new_record(credits=Decimal("1.3"))

    with pytest.raises(CreditsOffStep):
        enter_records([good, bad], actor=None, at=NOON)

    assert (LearningRecord.objects.count(), AuditEntry.objects.count(), heard) == (0, 0, [])


def test_a_batch_equals_its_single_records(heard):
    one, two = new_record(), new_record()
    by_batch = enter_records([one, two], actor=None, at=NOON)

    singles = [
        enter_record(new_record(person, institution=record.institution), actor=None, at=NOON)
        for person, record in ((one.learner, by_batch[0]),)
    ]

    assert singles[0].content_hash == by_batch[0].content_hash
    assert len(heard) == AuditEntry.objects.count() == 3


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"credits": Decimal("0.3")}, CreditsOffStep),
        ({"credits": None}, CreditsWithoutSystem),
        ({"credit_system": None}, CreditsWithoutSystem),
        ({"source": "learner_upload"}, WrongTrust),
        ({"institution": None}, WrongTrust),
    ],
)
def test_what_does_not_fit_is_refused_by_name(facts, error):
    with pytest.raises(error):
        enter_record(new_record(**facts), actor=None, at=NOON)

    assert (LearningRecord.objects.count(), AuditEntry.objects.count()) == (0, 0)


def test_an_enrolment_gives_one_record():
    enrolment = uuid.uuid4()
    enter_record(new_record(enrolment=enrolment), actor=None, at=NOON)

    with pytest.raises(RecordAlreadyEntered):
        enter_record(new_record(enrolment=enrolment), actor=None, at=NOON)

    assert LearningRecord.objects.count() == 1


def test_an_institutions_own_id_gives_one_record_there():
    school = InstitutionFactory()
    enter_record(new_record(institution=school, external_id="2025-77"), actor=None, at=NOON)
    enter_record(new_record(external_id="2025-77"), actor=None, at=NOON)

    with pytest.raises(RecordAlreadyEntered):
        enter_record(new_record(institution=school, external_id="2025-77"), actor=None, at=NOON)

    assert LearningRecord.objects.count() == 2


def test_a_correction_is_a_void_record_and_its_replacement(heard):
    learner = UserFactory()
    enrolment = uuid.uuid4()
    wrong = enter_record(new_record(learner, enrolment=enrolment, score=Decimal(68)), actor=None, at=NOON)
    officer = UserFactory()

    right = correct_record(wrong, new_record(learner, enrolment=enrolment, score=Decimal(86)), reason="登记错误", actor=officer, at=NOON)

    wrong.refresh_from_db()
    assert (wrong.state, wrong.void_reason, wrong.voided_by_uuid, wrong.score) == ("void", "登记错误", officer.uuid, Decimal(68))
    assert (right.replaces, wrong.replaced_by, right.score) == (wrong, right, Decimal(86))
    assert heard[1:] == [RecordVoided(record_id=wrong.pk), RecordEntered(record_id=right.pk)]
    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == ["archive.enter", "archive.void", "archive.enter"]


def test_a_void_record_is_not_voided_again():
    record = make_record()
    void_record(record, reason="x", actor=None, at=NOON)
    before = AuditEntry.objects.count()

    with pytest.raises(RecordAlreadyVoid):
        void_record(record, reason="y", actor=None, at=NOON)

    assert (LearningRecord.objects.get().void_reason, AuditEntry.objects.count()) == ("x", before)


def test_renaming_school_and_course_changes_no_byte_of_a_record():
    course = make_course()
    record = make_record(institution=course.institution, title_zh=course.title, course_uuid=course.uuid)
    before = LearningRecord.objects.filter(pk=record.pk).values().get()

    course.institution.name_zh = "改名大学"
    course.institution.save()
    course.title = "改名课程"
    course.save()
    credit_system().__class__.objects.update(name_zh="改名学分")

    assert LearningRecord.objects.filter(pk=record.pk).values().get() == before
    assert content_hash(LearningRecord.objects.get(pk=record.pk)) == record.content_hash


def test_the_content_hash_is_the_same_after_a_round_through_the_database():
    record = make_record(score=Decimal("86.50"), credits=Decimal("3.0"), valid_until=date(2030, 1, 1))

    assert content_hash(LearningRecord.objects.get(pk=record.pk)) == record.content_hash


def test_a_stored_record_cannot_be_rewritten_or_deleted():
    record = make_record()

    with pytest.raises(DatabaseError), transaction.atomic():
        LearningRecord.objects.filter(pk=record.pk).update(credits=9)
    with pytest.raises(DatabaseError), transaction.atomic():
        LearningRecord.objects.filter(pk=record.pk).delete()

    assert LearningRecord.objects.get().credits == Decimal(3)


def test_the_schema_refuses_what_the_action_would():
    with pytest.raises(IntegrityError), transaction.atomic():
        LearningRecord.objects.create(
            learner=UserFactory(), title_zh="x", institution_zh="x", kind_of_education="", source="learner_upload", trust="institution",
            earned_on=date(2025, 1, 1), content_hash="0" * 64, recorded_at=NOON,
        )  # fmt: skip


def test_a_doubled_click_adds_one_own_record():
    learner = UserFactory()
    new = new_record(
        learner, source="learner_upload", trust="self", institution_zh="某公司", credits=None, credit_system=None, category="vocational"
    )

    first = add_own_record(new, key="k", actor=learner, at=NOON)
    again = add_own_record(new, key="k", actor=learner, at=NOON + timedelta(seconds=1))

    assert first.pk == again.pk
    assert (first.trust, first.institution, first.institution_zh) == ("self", None, "某公司")


def test_the_same_file_is_kept_once_with_a_record():
    record = make_record()

    for _time in range(2):
        attach_evidence(
            record, content=b"%PDF-1.7", filename="../../证书.pdf", media_type="application/pdf", actor=record.learner, at=timezone.now()
        )

    evidence = Evidence.objects.get()
    assert evidence.file.name == f"evidence/{evidence.sha256[:2]}/{evidence.sha256}"
    assert AuditEntry.objects.filter(action="archive.attach").count() == 1
