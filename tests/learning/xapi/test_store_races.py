"""Many systems write at once about the same things: nothing is lost, nobody waits for ever."""

from __future__ import annotations

import pytest

from learning.xapi.models import ActivityDefinition, Statement, StatementTerm
from tests.creditbank.ledger.test_races import WORKERS, race
from tests.learning.xapi.test_store import ACTIVITY, Store, statement


@pytest.mark.postgres
def test_eight_writers_about_the_same_five_activities_lose_nothing(postgres_db, django_db_blocker):
    with django_db_blocker.unblock():
        stores = [Store() for _ in range(WORKERS)]

        def write(number: int) -> int:
            batches = [
                [
                    statement(object={"id": f"{ACTIVITY}/{(number + place + at) % 5}", "definition": {"name": {"en": str(number)}}})
                    for at in range(10)
                ]
                for place in range(5)
            ]
            return sum(len(stores[number].send(*batch).json()) for batch in batches)

        found = race(write)

        assert found == [50] * WORKERS
        assert Statement.objects.count() == 50 * WORKERS
        assert ActivityDefinition.objects.count() == 5
        assert StatementTerm.objects.filter(is_main=True).count() == 2 * 50 * WORKERS
