"""Results of a class: checked whole, confirmed, released by a second person, undone by two; resumed after a break; the books balance."""

from __future__ import annotations

import io
from datetime import timedelta
from decimal import Decimal

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from creditbank.api import Correction, Posting, Transaction, balances, find_faults, submit_application
from creditbank.recognition.actions import start_application
from creditbank.results.actions import (
    answer_undo,
    applying,
    ask_to_undo,
    enter_rows,
    go_on,
    release_batch,
    resume_batches,
    submit_batch,
    undo_rows,
    upload_results,
)
from creditbank.results.enums import TRANSITIONS, BatchState, RowState
from creditbank.results.exceptions import NothingToEnter, SecondPersonRequired, WrongBatchState
from creditbank.results.exports import errors_xlsx, template_csv, template_xlsx
from creditbank.results.models import ResultBatch, ResultRow
from foundation.api import AuditEntry
from identity.api import Membership, Role, link_learner_number
from learning.api import LearningRecord
from tests.creditbank.results.school import School
from tests.factories.creditbank import make_bank
from tests.factories.identity import UserFactory, person_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def school():
    return School()


def counts() -> tuple[int, int, int]:
    return LearningRecord.objects.count(), Transaction.objects.count(), Posting.objects.count()


def problems(batch: ResultBatch) -> list[tuple[int, list[tuple[str, str]]]]:
    return [(row.line, [(p["column"], p["code"]) for p in row.problems]) for row in batch.rows.filter(state=RowState.BAD)]


# --- reading ---


def test_a_file_without_errors_is_read_and_nothing_is_entered(school):
    before = counts()

    batch = school.upload()

    assert (batch.state, batch.rows_total, batch.rows_bad, batch.rows_known, batch.credits_total) == (BatchState.READ, 3, 0, 0, Decimal(12))
    assert counts() == before


def test_every_error_of_every_row_is_found_at_once_with_its_column(school):
    other = make_bank().outcomes[0].code
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()

    batch = school.upload(
        school.line(0, learner="13899999999", score="101", on="30.6.2026"),
        school.line(1, name="别人", outcome="NO:SUCH"),
        school.line(2, outcome=other, on=tomorrow, credits="4.3"),
        school.line(1, id="S-0", credits="0.3"),
        ",,,,,,",
        "=1+1,,S-9,,,,x",
    )

    assert batch.state == BatchState.REFUSED
    assert problems(batch) == [
        (2, [("learner", "no_such_learner"), ("earned_on", "not_a_date"), ("score", "out_of_range")]),
        (3, [("name", "other_name"), ("outcome", "no_such_outcome")]),
        (4, [("outcome", "not_your_outcome"), ("earned_on", "in_the_future")]),
        (5, [("result_id", "repeated"), ("credits", "off_step")]),
        (7, [("learner", "formula"), ("outcome", "required"), ("earned_on", "required"), ("credits", "not_a_number")]),
    ]


def test_a_file_that_is_no_table_says_why(school):
    batch = upload_results(school.home, content=b"colour\nred\n", filename="x.csv", actor=school.officer, at=timezone.now())
    batch.refresh_from_db()

    assert (batch.state, batch.complaint["code"], batch.rows_total) == (BatchState.REFUSED, "unknown_headings", 0)


def test_a_learner_may_be_named_by_the_schools_number_phone_or_mail(school):
    numbered, mailed = UserFactory(name="学号"), UserFactory(name="邮箱", email="Someone@Example.org")
    link_learner_number(numbered, school.home, "2026010101", actor=None, at=timezone.now())

    batch = school.upload(
        school.line(0, learner="2026010101", name=""),
        school.line(1, learner="someone@example.ORG", name=""),
        school.line(2, learner="+86 138 0000 0002"),
    )

    assert [row.values["person"] for row in batch.rows.all()] == [str(who.uuid) for who in (numbered, mailed, school.learners[2])]


def test_credits_come_from_the_catalogue_where_the_row_names_none(school):
    batch = school.upload(school.line(0, credits=""))

    assert batch.credits_total == Decimal(4)


def test_nobody_uploads_results_of_their_own(school):
    officer = school.officer
    officer.phone = "+8613700000001"
    officer.save()

    batch = school.upload(school.line(0, learner="13700000001", name=""))

    assert problems(batch) == [(2, [("learner", "own_result")])]


# --- confirming and releasing ---


def test_a_file_with_errors_cannot_be_confirmed_and_nothing_changes(school):
    batch = school.upload(school.line(0), school.line(1, score="400"))
    before, audit = counts(), AuditEntry.objects.count()

    with pytest.raises(WrongBatchState):
        submit_batch(batch, actor=school.officer, at=timezone.now())

    assert (counts(), AuditEntry.objects.count()) == (before, audit)


def test_released_rows_become_records_and_available_credit(school):
    batch = school.released()

    assert (batch.state, batch.rows.filter(state=RowState.ENTERED).count()) == (BatchState.RELEASED, 3)
    assert [balances(learner.uuid)["V"].available for learner in school.learners] == [Decimal(4)] * 3
    record = LearningRecord.objects.get(learner=school.learners[0])
    assert (record.title_zh, record.score, record.trust, record.external_id) == ("来源课程1", Decimal(86), "institution", "S-0")
    assert find_faults() == []


def test_the_uploader_cannot_release_and_nothing_changes(school):
    both = person_as(Role.CREDIT_OFFICER, school.home)
    batch = submit_batch(school.upload(actor=both), actor=both, at=timezone.now())
    before = counts()

    with pytest.raises(SecondPersonRequired):
        release_batch(batch, actor=both, at=timezone.now())

    batch.refresh_from_db()
    assert (batch.state, counts()) == (BatchState.SUBMITTED, before)


def test_the_schema_itself_refuses_a_release_by_the_uploader(school):
    batch = school.upload()

    with pytest.raises(IntegrityError), transaction.atomic():
        ResultBatch.objects.filter(pk=batch.pk).update(released_by_uuid=batch.uploaded_by_uuid)


def test_the_schema_itself_refuses_a_release_with_errors(school):
    batch = school.upload(school.line(0, score="400"))

    with pytest.raises(IntegrityError), transaction.atomic():
        ResultBatch.objects.filter(pk=batch.pk).update(state="released", released_by_uuid=school.reviewer.uuid)


def test_the_same_file_again_changes_nothing(school):
    school.released()
    before = counts()

    again = school.upload()

    assert (again.state, again.rows_known, again.rows_good) == (BatchState.READ, 3, 0)
    with pytest.raises(NothingToEnter):
        submit_batch(again, actor=school.officer, at=timezone.now())
    assert counts() == before


def test_another_content_under_a_known_number_is_an_error(school):
    school.released()

    batch = school.upload(school.line(0, score="60"), school.line(1))

    assert problems(batch) == [(2, [("result_id", "taken")])]


def test_work_that_broke_off_goes_on_where_it_was_and_enters_nothing_twice(school, monkeypatch):
    monkeypatch.setattr(applying, "CHUNK", 2)
    batch = submit_batch(school.upload(), actor=school.officer, at=timezone.now())
    real, calls = applying.post_many, []

    def dies_in_the_second_chunk(orders):
        calls.append(len(orders))
        if len(calls) == 2:
            raise SystemExit
        return real(orders)

    ResultBatch.objects.filter(pk=batch.pk).update(state=BatchState.RELEASING, released_by_uuid=school.reviewer.uuid)
    monkeypatch.setattr(applying, "post_many", dies_in_the_second_chunk)
    with pytest.raises(SystemExit):
        enter_rows(batch, at=timezone.now())
    assert [row.state for row in batch.rows.all()] == ["entered", "entered", "good"]
    assert LearningRecord.objects.filter(institution=school.home).count() == 2

    enter_rows(batch, at=timezone.now())

    assert [row.state for row in batch.rows.all()] == ["entered"] * 3
    assert [balances(learner.uuid)["V"].available for learner in school.learners] == [Decimal(4)] * 3
    assert find_faults() == []


# --- undoing ---


def test_two_persons_undo_a_file_by_reversals(school):
    batch = school.released()

    answer_undo(ask_to_undo(batch, reason="成绩传错了", actor=school.officer), agree=True, actor=school.reviewer)

    batch.refresh_from_db()
    assert batch.state == BatchState.UNDONE
    assert [balances(learner.uuid)["V"].available for learner in school.learners] == [Decimal(0)] * 3
    assert sorted(Transaction.objects.values_list("type", flat=True)) == ["deposit"] * 3 + ["reverse"] * 6 + ["verify"] * 3
    assert {(row.state, row.void_reason) for row in LearningRecord.objects.all()} == {("void", "成绩传错了")}
    assert not Correction.objects.exists()  # nothing is left that a second person could take back
    assert find_faults() == []


def test_whoever_asked_cannot_agree_and_nothing_changes(school):
    batch = ask_to_undo(school.released(), reason="错", actor=school.reviewer)
    before = counts()

    with pytest.raises(SecondPersonRequired):
        answer_undo(batch, agree=True, actor=school.reviewer)

    assert counts() == before


def test_an_undo_that_is_refused_leaves_everything(school):
    batch = ask_to_undo(school.released(), reason="错", actor=school.officer)

    batch = answer_undo(batch, agree=False, actor=school.reviewer)

    assert (batch.state, batch.undo_reason) == (BatchState.RELEASED, "")
    assert balances(school.learners[0].uuid)["V"].available == Decimal(4)


def test_credit_that_is_in_use_is_kept_and_named(school):
    batch = school.released()
    learner = school.learners[0]
    submit_application(start_application(school.bank.programme, learner=learner, at=timezone.now()), actor=learner, at=timezone.now())

    answer_undo(ask_to_undo(batch, reason="错", actor=school.officer), agree=True, actor=school.reviewer)

    assert [row.state for row in batch.rows.all()] == ["kept", "undone", "undone"]
    assert balances(learner.uuid)["V"].held == Decimal(4)
    assert find_faults() == []


def test_undoing_that_broke_off_goes_on(school, monkeypatch):
    batch = school.released()
    ResultBatch.objects.filter(pk=batch.pk).update(
        state=BatchState.UNDOING, undo_asked_by_uuid=school.officer.uuid, undone_by_uuid=school.reviewer.uuid, undo_reason="错"
    )
    monkeypatch.setattr(applying, "CHUNK", 2)

    undo_rows(batch, at=timezone.now())
    undo_rows(batch, at=timezone.now())  # the second call finds nothing to do

    assert Transaction.objects.filter(type="reverse").count() == 6
    assert find_faults() == []


# --- steps ---


@pytest.mark.parametrize("state", BatchState.values)
def test_every_step_that_does_not_exist_is_refused(school, state):
    batch = school.upload()
    steps = {
        "submitted": lambda: submit_batch(batch, actor=school.officer, at=timezone.now()),
        "releasing": lambda: release_batch(batch, actor=school.reviewer, at=timezone.now()),
        "undo_asked": lambda: ask_to_undo(batch, reason="错", actor=school.officer),
    }
    ResultBatch.objects.filter(pk=batch.pk).update(
        state=state, released_by_uuid=school.reviewer.uuid, undo_asked_by_uuid=school.officer.uuid, undo_reason="错"
    )

    for target, step in steps.items():
        if target not in TRANSITIONS[state]:
            with pytest.raises(WrongBatchState):
                step()

    batch.refresh_from_db()
    assert batch.state == state


# --- pages ---


def test_the_whole_way_by_http(client, school):
    client.force_login(school.officer)
    sent = client.post("/desk/results/", {"institution": school.home.pk, "file": SimpleUploadedFile("三班.csv", school.file())})
    page = sent["Location"]
    assert "3 条成绩" in client.get(page).content.decode()
    client.post(page + "submit/")
    client.post(page + "release/")  # an officer is no reviewer
    assert ResultBatch.objects.get().state == BatchState.SUBMITTED

    client.force_login(school.reviewer)
    client.post(page + "release/")
    client.post(page + "release/")  # the second click changes nothing

    assert ResultBatch.objects.get().state == BatchState.RELEASED
    assert LearningRecord.objects.filter(institution=school.home).count() == 3
    assert [entry.action for entry in AuditEntry.objects.filter(action__startswith="results.").order_by("id")] == [
        "results.upload", "results.read", "results.submit", "results.release", "results.enter",
    ]  # fmt: skip


def test_rows_with_errors_come_back_as_a_workbook_that_can_be_corrected_and_uploaded(client, school):
    client.force_login(school.officer)
    batch = school.upload(school.line(0, score="101"), school.line(1))

    book = openpyxl.load_workbook(io.BytesIO(client.get(f"/desk/results/{batch.uuid}/errors.xlsx").content))

    [headings, row] = list(book.active.iter_rows(values_only=True))
    assert (headings[:3], headings[-1]) == (("学习者*", "姓名", "成绩编号*"), "错误")
    assert (row[0], row[5], row[-1]) == ("13800000000", "101", "成绩: 101 不在 0 和 100 之间。")
    again = upload_results(
        school.home, content=errors_xlsx(batch.rows.filter(state="bad")), filename="x.xlsx", actor=school.officer, at=timezone.now()
    )
    again.refresh_from_db()
    assert problems(again) == [(2, [("score", "out_of_range")])]


@pytest.mark.parametrize("template", [template_csv, template_xlsx])
def test_the_template_can_be_read_as_it_is(school, template):
    batch = upload_results(school.home, content=template(), filename="t", actor=school.officer, at=timezone.now())
    batch.refresh_from_db()

    assert (batch.complaint, batch.rows_total) == ({}, 1)


def test_a_value_that_looks_like_a_formula_is_written_as_text(school):
    row = ResultRow(values={"learner": "=cmd|' /C calc'!A0"}, problems=[])

    book = openpyxl.load_workbook(io.BytesIO(errors_xlsx([row])))

    cell = book.active["A2"]
    assert (cell.data_type, cell.value, cell.quotePrefix) == ("s", "=cmd|' /C calc'!A0", True)


def test_another_institution_does_not_see_the_upload(client, school):
    batch = school.upload()
    client.force_login(person_as(Role.CREDIT_OFFICER))

    assert [client.get(f"/desk/results/{batch.uuid}/{page}").status_code for page in ("", "errors.xlsx")] == [404, 404]
    assert client.post(f"/desk/results/{batch.uuid}/submit/").status_code == 404


def test_a_missing_reason_keeps_the_page_and_changes_nothing(client, school):
    batch = school.released()
    client.force_login(school.officer)

    answer = client.post(f"/desk/results/{batch.uuid}/ask-undo/", {"reason": " "})

    batch.refresh_from_db()
    assert (answer.status_code, batch.state) == (400, BatchState.RELEASED)


@pytest.mark.parametrize("content", [b"", b"\x00" * 10, b"PK\x03\x04", b"a" * 100_000, "学习者\n".encode() * 3])
def test_whatever_is_uploaded_is_answered_with_a_page(client, school, content):
    client.force_login(school.officer)

    answer = client.post("/desk/results/", {"institution": school.home.pk, "file": SimpleUploadedFile("x.xlsx", content)}, follow=True)

    assert answer.status_code == 200
    assert not ResultBatch.objects.filter(state=BatchState.READ).exists()


def test_the_list_asks_as_much_for_thirty_uploads_as_for_one(client, school):
    client.force_login(school.officer)
    school.upload()
    client.get("/desk/results/")
    with CaptureQueriesContext(connection) as one:
        client.get("/desk/results/")
    for _ in range(29):
        school.upload()
    with CaptureQueriesContext(connection) as thirty:
        client.get("/desk/results/")

    assert len(thirty) == len(one)


def test_a_file_whose_worker_died_is_resumed_and_nothing_enters_twice(school, monkeypatch):
    monkeypatch.setattr(applying, "CHUNK", 1)
    batch = school.released()
    ResultRow.objects.filter(batch=batch, line__gte=3).update(state=RowState.GOOD, record_uuid=None)
    left = LearningRecord.objects.filter(external_id="S-0")
    before = Transaction.objects.count()
    ResultBatch.objects.filter(pk=batch.pk).update(state=BatchState.RELEASING)
    assert resume_batches(at=timezone.now()) == []  # somebody may still be at it

    ResultRow.objects.filter(batch=batch, line__gte=3).update(state=RowState.ENTERED, record_uuid=left.get().uuid)
    assert resume_batches(at=timezone.now() + timedelta(hours=1)) == ["三班.csv"]

    batch.refresh_from_db()
    assert (batch.state, Transaction.objects.count()) == ("released", before)


# --- a releaser who loses the role in the middle ---


def loses_the_role_after_the_first_chunk(monkeypatch, person):
    """Two rows a chunk; once the first is through, the person is no reviewer any more."""
    monkeypatch.setattr(applying, "CHUNK", 2)
    real = applying.went_on

    def went_on(batch, *, done):
        real(batch, done=done)
        Membership.objects.filter(person=person).update(ends_on=timezone.localdate() - timedelta(days=1))

    monkeypatch.setattr(applying, "went_on", went_on)


def test_a_run_stops_when_its_releaser_loses_the_role_and_another_lets_it_go_on(client, school, monkeypatch):
    another = person_as(Role.REVIEWER, school.home)
    batch = school.submitted()
    loses_the_role_after_the_first_chunk(monkeypatch, school.reviewer)

    release_batch(batch, actor=school.reviewer, at=timezone.now())

    batch.refresh_from_db()
    assert (batch.state, [row.state for row in batch.rows.all()], batch.job.done) == ("halted", ["entered", "entered", "good"], 2)
    assert LearningRecord.objects.filter(institution=school.home).count() == 2
    halted = AuditEntry.objects.get(action="results.halt")
    assert (halted.actor_uuid, halted.data["by"]) == (None, str(school.reviewer.uuid))
    with pytest.raises(SecondPersonRequired):
        go_on(batch, actor=school.officer)
    client.force_login(another)
    assert f"/desk/results/{batch.uuid}/go-on/" in client.get(f"/desk/results/{batch.uuid}/").content.decode()

    client.post(f"/desk/results/{batch.uuid}/go-on/")

    batch.refresh_from_db()
    assert (batch.state, batch.released_by_uuid, [row.state for row in batch.rows.all()]) == ("released", another.uuid, ["entered"] * 3)
    assert AuditEntry.objects.get(action="results.go_on").actor_uuid == another.uuid
    assert [balances(learner.uuid)["V"].available for learner in school.learners] == [Decimal(4)] * 3
    assert find_faults() == []


def test_undoing_stops_and_goes_on_likewise_over_http(client, school, monkeypatch):
    another = person_as(Role.REVIEWER, school.home)
    batch = ask_to_undo(school.released(), reason="错", actor=school.officer)
    loses_the_role_after_the_first_chunk(monkeypatch, school.reviewer)

    answer_undo(batch, agree=True, actor=school.reviewer)

    batch.refresh_from_db()
    assert (batch.state, [row.state for row in batch.rows.all()]) == ("undo_halted", ["undone", "undone", "entered"])
    client.force_login(school.officer)
    refused = client.post(f"/api/v1/desk/results/{batch.uuid}/go-on", content_type="application/json")
    client.force_login(another)
    answer = client.post(f"/api/v1/desk/results/{batch.uuid}/go-on", content_type="application/json")

    batch.refresh_from_db()
    assert (refused.status_code, answer.status_code, batch.state, batch.undone_by_uuid) == (403, 200, "undone", another.uuid)
    assert find_faults() == []


def test_what_is_stopped_is_not_resumed_by_the_clock(school, monkeypatch):
    batch = school.submitted()
    loses_the_role_after_the_first_chunk(monkeypatch, school.reviewer)
    release_batch(batch, actor=school.reviewer, at=timezone.now())

    resume_batches(at=timezone.now() + timedelta(days=1))

    batch.refresh_from_db()
    assert batch.state == "halted"
