"""Large files: statements do not grow with the rows, reading goes on where it stopped, progress is true, a report of any length stays short."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from creditbank.api import Transaction, find_faults
from creditbank.results.actions import (
    answer_undo,
    applying,
    ask_to_undo,
    enter_rows,
    read_batch,
    release_batch,
    resume_batches,
    submit_batch,
    taking,
    undo_rows,
    upload_results,
)
from creditbank.results.enums import BatchState, RowState
from creditbank.results.models import ResultBatch
from foundation.api import AuditEntry, Notice
from learning.api import LearningRecord
from tests.creditbank.results.school import School

pytestmark = pytest.mark.django_db


@pytest.fixture
def no_worker(settings):
    """What is put into the background stays there, as where the worker was killed."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.dummy.DummyBackend"}}


def fresh(batch: ResultBatch) -> ResultBatch:
    return ResultBatch.objects.select_related("job").get(pk=batch.pk)


def progress(batch: ResultBatch) -> tuple[int, int]:
    job = fresh(batch).job
    return job.done, job.total


def statements(work, batch: ResultBatch) -> int:
    with CaptureQueriesContext(connection) as caught:
        work(fresh(batch), at=timezone.now())
    return len(caught)


def whole_life(school: School) -> tuple[int, int, int]:
    """Statements of reading, entering and undoing all learners' results."""
    batch = school.upload()
    read = statements(read_batch, batch)
    submit_batch(fresh(batch), actor=school.officer, at=timezone.now())
    release_batch(fresh(batch), actor=school.reviewer, at=timezone.now())
    entered = statements(enter_rows, batch)
    answer_undo(ask_to_undo(fresh(batch), reason="传错", actor=school.officer), agree=True, actor=school.reviewer)
    undone = statements(undo_rows, batch)
    assert fresh(batch).rows.filter(state=RowState.UNDONE).count() == len(school.learners)
    return read, entered, undone


def test_a_chunk_of_five_hundred_rows_takes_as_many_statements_as_one_of_ten(no_worker):
    ten, five_hundred = School(10), School(500, first=10)

    assert whole_life(ten) == whole_life(five_hundred)

    assert AuditEntry.objects.filter(action="archive.enter").count() == 510
    assert AuditEntry.objects.filter(action="ledger.deposit").count() == AuditEntry.objects.filter(action="ledger.verify").count() == 510
    assert AuditEntry.objects.filter(action="ledger.reverse").count() == 1020
    assert Notice.objects.filter(code="ledger.deposited").count() == 510
    assert {entry.reason for entry in AuditEntry.objects.filter(action="archive.void")} == {"传错"}
    assert find_faults() == []


# --- reading goes on ---


def breaks_off(monkeypatch, module, name: str, *, before: int):
    """Let a step of a module die when it is called for that many-th time."""
    real, calls = getattr(module, name), []

    def dies(*args, **kwargs):
        calls.append(1)
        if len(calls) == before:
            raise SystemExit
        return real(*args, **kwargs)

    monkeypatch.setattr(module, name, dies)


def test_reading_that_broke_off_goes_on_behind_the_last_row_that_was_kept(no_worker, monkeypatch):
    monkeypatch.setattr(taking, "CHUNK", 2)
    school = School(6)
    batch = school.upload(*(school.line(n) for n in range(4)), school.line(4, id="S-0"), school.line(5, score="400"))
    with monkeypatch.context() as broken:
        breaks_off(broken, taking, "look_up", before=2)
        with pytest.raises(SystemExit):
            read_batch(batch, at=timezone.now())
    kept = list(fresh(batch).rows.values_list("id", "line"))
    assert ([line for _id, line in kept], fresh(batch).state, progress(batch)) == ([2, 3], BatchState.READING, (2, 6))

    read_batch(batch, at=timezone.now())

    after = fresh(batch)
    assert list(after.rows.values_list("id", "line"))[:2] == kept
    assert [(row.line, [(one["code"], one["data"].get("line")) for one in row.problems]) for row in after.rows.filter(state=RowState.BAD)] == [
        (6, [("repeated", 2)]), (7, [("out_of_range", None)]),
    ]  # fmt: skip
    assert (after.state, after.rows_total, after.rows_bad, after.credits_total, progress(after)) == ("refused", 6, 2, Decimal(16), (6, 6))


def test_of_two_that_read_at_once_one_wins_and_every_row_is_kept_once(no_worker, monkeypatch):
    school = School(3)
    batch = school.upload()
    real = taking.numbers_read

    def another_is_quicker(row):
        monkeypatch.setattr(taking, "numbers_read", real)
        read_batch(row, at=timezone.now())
        return {}

    monkeypatch.setattr(taking, "numbers_read", another_is_quicker)
    read_batch(batch, at=timezone.now())

    after = fresh(batch)
    assert (after.state, after.rows_total, list(after.rows.values_list("line", flat=True))) == ("read", 3, [2, 3, 4])


def test_a_file_that_turns_out_damaged_keeps_none_of_its_rows(no_worker, monkeypatch):
    monkeypatch.setattr(taking, "CHUNK", 2)
    monkeypatch.setattr("foundation.tables.reading.MOST_ROWS", 3)
    school = School(5)
    batch = school.upload()

    read_batch(batch, at=timezone.now())

    after = fresh(batch)
    assert (after.state, after.complaint["code"], after.rows_total, after.rows.count()) == ("refused", "too_many_rows", 0, 0)


def test_a_file_is_resumed_only_when_nobody_worked_on_it_lately(no_worker, monkeypatch):
    monkeypatch.setattr(applying, "CHUNK", 2)
    school = School(5)
    batch = school.upload()
    assert resume_batches(at=timezone.now() + timedelta(minutes=1)) == []
    assert resume_batches(at=timezone.now() + timedelta(minutes=3)) == ["三班.csv"]
    submit_batch(fresh(batch), actor=school.officer, at=timezone.now())
    release_batch(fresh(batch), actor=school.reviewer, at=timezone.now())
    with monkeypatch.context() as broken:
        breaks_off(broken, applying, "store_columns", before=2)
        with pytest.raises(SystemExit):
            enter_rows(batch, at=timezone.now())
    assert progress(batch) == (2, 5)

    assert resume_batches(at=timezone.now() + timedelta(minutes=3)) == ["三班.csv"]

    assert (fresh(batch).state, progress(batch)) == (BatchState.RELEASED, (5, 5))
    assert LearningRecord.objects.filter(institution=school.home).count() == 5


# --- entering beside others ---


def test_a_result_that_entered_in_another_file_meanwhile_is_left_out_and_named(client):
    school = School(3)
    first, second = school.submitted(), school.submitted(*(school.line(n, score="60") for n in range(2)), school.line(2, id="S-9"))
    release_batch(first, actor=school.reviewer, at=timezone.now())
    release_batch(second, actor=school.reviewer, at=timezone.now())

    assert [row.state for row in fresh(second).rows.all()] == ["left", "left", "entered"]
    assert LearningRecord.objects.filter(institution=school.home).count() == 4
    assert LearningRecord.objects.get(external_id="S-0").score == Decimal(86)
    assert Transaction.objects.filter(type="deposit").count() == 4
    client.force_login(school.officer)
    assert "有 2 行未录入" in client.get(f"/desk/results/{second.uuid}/").content.decode()
    answer_undo(ask_to_undo(fresh(second), reason="传错", actor=school.officer), agree=True, actor=school.reviewer)
    assert LearningRecord.objects.get(external_id="S-0").state == "active"
    assert find_faults() == []


# --- what the page says ---


@pytest.mark.parametrize(("prefix", "said"), [("", "已读取并检查 2 / 6 行"), ("/en", "2 of 6 rows read and checked")])
def test_the_page_says_how_far_it_is_by_a_labelled_bar_and_a_link(client, no_worker, monkeypatch, prefix, said):
    monkeypatch.setattr(taking, "CHUNK", 2)
    school = School(6)
    batch = school.upload(school.line(0, score="400"), *(school.line(n) for n in range(1, 6)))
    with monkeypatch.context() as broken:
        breaks_off(broken, taking, "look_up", before=2)
        with pytest.raises(SystemExit):
            read_batch(batch, at=timezone.now())
    client.force_login(school.officer)

    page = client.get(f"{prefix}/desk/results/{batch.uuid}/").content.decode()

    assert said in " ".join(page.split())
    assert '<label class="label" for="progress">' in page
    assert '<progress id="progress" max="6" value="2">' in page
    assert 'href="" data-poll' in page


def test_a_file_at_which_nobody_works_says_so(client, no_worker):
    school = School(1)
    batch = school.upload()
    client.force_login(school.officer)
    assert "已有几分钟没有进展" not in client.get(f"/desk/results/{batch.uuid}/").content.decode()

    ResultBatch.objects.filter(pk=batch.pk).update(worked_at=timezone.now() - timedelta(minutes=3))

    assert "已有几分钟没有进展" in client.get(f"/desk/results/{batch.uuid}/").content.decode()


def test_a_report_of_many_mistakes_is_short_on_the_page_and_whole_as_csv(client, monkeypatch):
    monkeypatch.setattr(taking, "CHUNK", 40)
    monkeypatch.setattr("creditbank.results.views.MOST_IN_WORKBOOK", 100)
    school = School(1)
    client.force_login(school.officer)
    lines = [school.line(0, id=f"=1+{n}", score="400", outcome="NO:SUCH" if n % 4 == 0 else school.code) for n in range(120)]
    batch = upload_results(school.home, content=school.file(*lines), filename="x.csv", actor=school.officer, at=timezone.now())

    page = client.get(f"/desk/results/{batch.uuid}/").content.decode()
    answer = client.get(f"/desk/results/{batch.uuid}/errors.csv")
    told = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()

    assert page.count('<th scope="row" class="num">') == 50
    assert {(kind["column"], kind["code"], kind["n"]) for kind in fresh(batch).complaints} == {
        ("result_id", "formula", 120), ("score", "out_of_range", 120), ("outcome", "no_such_outcome", 30),
    }  # fmt: skip
    assert [f"<b>{n}</b>" in page for n in (120, 30)] == [True, True]
    assert (len(told), told[0].split(",")[-1]) == (121, "错误")
    assert all(cell[:1] not in "=+-@" for line in told for cell in line.split(",") if cell)
    assert "errors.xlsx" not in page
    assert client.get(f"/desk/results/{batch.uuid}/errors.xlsx")["Location"] == f"/desk/results/{batch.uuid}/errors.csv"
