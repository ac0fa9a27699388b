from __future__ import annotations

import pytest

from foundation.api import Problem, answer_once
from foundation.models import IdempotencyKey


def _count_calls(calls: list[int]):
    def work() -> tuple[int, dict[str, int]]:
        calls.append(1)
        return 201, {"n": len(calls)}

    return work


@pytest.mark.django_db
def test_the_same_key_does_the_work_once_and_answers_alike():
    calls: list[int] = []
    ask = {"principal": "a", "endpoint": "POST /x", "key": "k", "body": {"b": 1, "a": 2}, "work": _count_calls(calls)}

    first = answer_once(**ask)
    again = answer_once(**{**ask, "body": {"a": 2, "b": 1}})

    assert (first, again, len(calls)) == ((201, {"n": 1}), (201, {"n": 1}), 1)


@pytest.mark.django_db
def test_the_same_key_for_another_request_is_refused_and_changes_nothing():
    calls: list[int] = []
    answer_once(principal="a", endpoint="POST /x", key="k", body={"a": 1}, work=_count_calls(calls))

    with pytest.raises(Problem) as refusal:
        answer_once(principal="a", endpoint="POST /x", key="k", body={"a": 2}, work=_count_calls(calls))

    assert (refusal.value.status, refusal.value.code, len(calls)) == (422, "idempotency_key_reused", 1)
    assert IdempotencyKey.objects.count() == 1


@pytest.mark.django_db
def test_another_callers_equal_key_is_another_key():
    calls: list[int] = []
    answer_once(principal="a", endpoint="POST /x", key="k", body={}, work=_count_calls(calls))

    answer = answer_once(principal="b", endpoint="POST /x", key="k", body={}, work=_count_calls(calls))

    assert (answer, len(calls)) == ((201, {"n": 2}), 2)


def test_work_that_fails_leaves_no_key_behind(own_database):
    def fail() -> tuple[int, None]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        answer_once(principal="a", endpoint="POST /x", key="k", body={}, work=fail)

    assert IdempotencyKey.objects.count() == 0
