from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foundation.api import Problem, cursor_page
from foundation.models import Job


def _walk(limit: int, order: tuple[str, ...]) -> list[str]:
    seen, cursor = [], None
    while True:
        page = cursor_page(Job.objects.all(), cursor=cursor, limit=limit, order=order)
        seen += [job.name for job in page.items]
        if page.next_cursor is None:
            return seen
        cursor = page.next_cursor


@pytest.mark.django_db
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_walking_all_pages_meets_every_row_once_in_order(limit):
    Job.objects.bulk_create([Job(name=str(number), total=number % 3) for number in range(7)])

    assert _walk(limit, ("-id",)) == ["6", "5", "4", "3", "2", "1", "0"]
    assert _walk(limit, ("-total", "id")) == ["2", "5", "1", "4", "0", "3", "6"]


@pytest.mark.django_db
def test_rows_that_arrive_meanwhile_neither_repeat_nor_hide_others():
    Job.objects.bulk_create([Job(name=str(number)) for number in range(4)])
    first = cursor_page(Job.objects.all(), cursor=None, limit=2)
    Job.objects.create(name="new")

    second = cursor_page(Job.objects.all(), cursor=first.next_cursor, limit=2)

    assert [job.name for job in second.items] == ["1", "0"]


@pytest.mark.django_db
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.text(min_size=1, max_size=60))
def test_a_marker_that_is_none_of_ours_is_a_clear_error(text):
    with pytest.raises(Problem) as refusal:
        cursor_page(Job.objects.all(), cursor=text, limit=2)

    assert refusal.value.status == 400
