from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foundation.api import Problem, begins_with, cursor_page, stretch_of
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


# --- stretches of a list on a page ---


def _names(stretch):
    return [job.name for job in stretch.items]


@pytest.mark.django_db
@pytest.mark.parametrize("order", [("-id",), ("-total", "id")])
def test_stretches_lead_to_the_end_and_all_the_way_back(order):
    Job.objects.bulk_create([Job(name=str(number), total=number % 3) for number in range(7)])
    ways, given = [], {}
    while True:
        stretch = stretch_of(Job.objects.all(), given, size=3, order=order)
        ways.append(_names(stretch))
        if not stretch.after:
            break
        given = {"after": stretch.after}

    assert ways == ([["6", "5", "4"], ["3", "2", "1"], ["0"]] if order == ("-id",) else [["2", "5", "1"], ["4", "0", "3"], ["6"]])
    back = []
    while stretch.before:
        stretch = stretch_of(Job.objects.all(), {"before": stretch.before}, size=3, order=order)
        back.append(_names(stretch))
    assert back == ways[-2::-1]
    assert stretch.after
    assert (stretch.count, stretch.has_more) == (7, False)


@pytest.mark.django_db
def test_a_list_is_counted_to_a_thousand_and_no_further(django_assert_num_queries):
    Job.objects.bulk_create([Job(name=str(number)) for number in range(1001)])

    with django_assert_num_queries(2):
        stretch = stretch_of(Job.objects.all(), {}, size=3)

    assert (stretch.count, stretch.has_more) == (1000, True)


@pytest.mark.django_db
@pytest.mark.parametrize("given", [{"after": "zz"}, {"before": "zz"}, {"after": ""}])
def test_a_page_with_a_marker_that_is_none_of_ours_begins_anew(given):
    Job.objects.bulk_create([Job(name=str(number)) for number in range(3)])

    assert _names(stretch_of(Job.objects.all(), given, size=2)) == ["2", "1"]


@pytest.mark.django_db
def test_what_begins_with_a_text_takes_it_as_it_is():
    Job.objects.bulk_create([Job(name=name) for name in ("ab", "abc", "aB", "a%c", "b", "ab\u00fc", "ab学")])

    assert sorted(Job.objects.filter(begins_with("name", "ab")).values_list("name", flat=True)) == ["ab", "abc", "ab\u00fc", "ab学"]
    assert list(Job.objects.filter(begins_with("name", "a%")).values_list("name", flat=True)) == ["a%c"]
