from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_tasks import task

from foundation.api import Job, enqueue, finish_job, report_progress, start_job

done: list[int] = []


@task()
def note_down(number: int) -> None:
    done.append(number)


def test_without_a_queue_work_starts_after_the_commit_and_not_before(own_database):
    done.clear()

    with transaction.atomic():
        enqueue(note_down, number=7)
        assert done == []

    assert done == [7]


def test_work_of_a_transaction_that_failed_never_starts(own_database):
    done.clear()

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        enqueue(note_down, number=8)
        1 / 0  # noqa: B018

    assert done == []


def test_with_a_queue_the_task_is_written_in_the_callers_transaction(own_database, settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    from django_tasks_db.models import DBTaskResult

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        enqueue(note_down, number=9)
        1 / 0  # noqa: B018
    assert DBTaskResult.objects.count() == 0

    with transaction.atomic():
        enqueue(note_down, number=10)
    assert [row.args_kwargs["kwargs"] for row in DBTaskResult.objects.all()] == [{"number": 10}]


@pytest.mark.django_db
def test_a_job_tells_how_far_it_is_and_ends_at_its_total():
    job = start_job("import", total=10)

    report_progress(job, done=4, message="第 4 行")
    job.refresh_from_db()
    assert (job.state, job.done, job.message) == ("running", 4, "第 4 行")

    report_progress(job, done=99)
    finish_job(job, at=timezone.now())
    job.refresh_from_db()
    assert (job.state, job.done, job.total) == ("done", 10, 10)


@pytest.mark.django_db
def test_a_job_cannot_have_done_more_than_there_is():
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(name="x", total=3, done=4)

    assert Job.objects.count() == 0
