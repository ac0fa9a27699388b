"""Many systems write at once about the same things: nothing is lost, nobody waits for ever. Real processes, a real database."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from django.db import connections

from learning.xapi.models import ActivityDefinition, Statement, StatementTerm
from tests.learning.xapi.test_store import ACTIVITY, Store, statement

PROCESSES = 8


def race(work: Callable[[int], object]) -> list[object]:
    """What ``work(number)`` returned in each of eight processes that began at the same moment; an exception comes back as its text."""
    connections.close_all()  # a forked process must not speak on its parent's connection
    context = multiprocessing.get_context("fork")
    gate, answers = context.Barrier(PROCESSES), context.SimpleQueue()

    def run(number: int) -> None:
        try:
            gate.wait(30)
            answers.put((number, work(number)))
        except BaseException as error:  # noqa: BLE001  whatever it is, the parent is to hear of it
            answers.put((number, repr(error)))
        finally:
            connections.close_all()

    children = [context.Process(target=run, args=(number,)) for number in range(PROCESSES)]
    for child in children:
        child.start()
    found = dict(answers.get() for _ in children)
    for child in children:
        child.join(30)
    return [found[number] for number in range(PROCESSES)]


def about(number: int, *, name: str = "", **parts: object) -> dict[str, object]:
    """A statement about one of five activities by one of five people."""
    person = {"objectType": "Agent", "mbox": f"mailto:someone{number % 5}@example.org"}
    described = {"id": f"{ACTIVITY}/{number % 5}", "definition": {"name": {"en": name}}}
    return statement(actor=person, object=described, **parts)


@pytest.mark.postgres
def test_eight_processes_about_the_same_five_activities_and_people_lose_nothing(postgres_db, django_db_blocker):
    with django_db_blocker.unblock():
        stores = [Store() for _ in range(PROCESSES)]

        def write(number: int) -> list[str]:
            stored = []
            for size in (1, 10, 3, 30, 10):
                batch = [about(number + at, name=f"{number}.{at}") for at in range(size)]
                answer = stores[number].send(*batch)
                assert answer.status_code == 200, answer.content
                stored += answer.json()
            return stored

        found = race(write)

        assert [len(ids) for ids in found] == [54] * PROCESSES, found
        assert set(Statement.objects.values_list("statement_id", flat=True)) == {UUID(one) for ids in found for one in ids}
        assert Statement.objects.values("seq").distinct().count() == 54 * PROCESSES
        assert ActivityDefinition.objects.count() == 5
        assert StatementTerm.objects.filter(is_main=True).count() == 2 * 54 * PROCESSES


@pytest.mark.postgres
def test_eight_processes_that_send_the_same_batch_store_it_once(postgres_db, django_db_blocker):
    with django_db_blocker.unblock():
        store = Store()
        batch = [about(at, name="same") for at in range(25)]

        found = race(lambda number: store.send(*batch).status_code)

        assert found == [200] * PROCESSES
        assert Statement.objects.count() == 25


@pytest.mark.postgres
def test_of_eight_different_statements_with_one_id_one_wins_and_the_others_hear_409(postgres_db, django_db_blocker):
    with django_db_blocker.unblock():
        store = Store()
        ident = str(uuid4())

        found = race(lambda number: store.send(about(0, id=ident, result={"score": {"raw": number}}), about(1)).status_code)

        assert sorted(found) == [200] + [409] * (PROCESSES - 1)
        assert Statement.objects.count() == 2


@pytest.mark.postgres
def test_a_document_changed_by_eight_processes_with_its_etag_is_changed_once(postgres_db, django_db_blocker):
    with django_db_blocker.unblock():
        store = Store()
        place = {"activityId": ACTIVITY, "profileId": "shared"}
        store.ask("PUT", "activities/profile", {"by": "nobody"}, headers={"if-none-match": "*"}, **place)
        tag = store.ask("GET", "activities/profile", **place)["ETag"]

        found = race(lambda number: store.ask("PUT", "activities/profile", {"by": number}, headers={"if-match": tag}, **place).status_code)

        assert sorted(found) == [204] + [412] * (PROCESSES - 1)
        assert store.ask("GET", "activities/profile", **place).json()["by"] == found.index(204)
