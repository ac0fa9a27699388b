from __future__ import annotations

from dataclasses import dataclass

import pytest
from django.db import transaction

from foundation.api import Event, announce, handles
from foundation.events.registry import EventOutsideTransactionError
from foundation.models import Job


@dataclass(frozen=True, kw_only=True)
class LampLit(Event):
    number: int


@pytest.mark.django_db
def test_handlers_run_at_once_and_in_the_order_of_registration():
    heard: list[str] = []

    @dataclass(frozen=True, kw_only=True)
    class BellRung(Event):
        tone: str

    handles(BellRung)(lambda event: heard.append(f"first {event.tone}"))
    handles(BellRung)(lambda event: heard.append(f"second {event.tone}"))

    with transaction.atomic():
        announce(BellRung(tone="a"))
        assert heard == ["first a", "second a"]


def test_an_event_outside_of_a_transaction_is_refused(own_database):
    with pytest.raises(EventOutsideTransactionError):
        announce(LampLit(number=1))


def test_a_handler_that_fails_undoes_the_change_that_was_announced(own_database):
    def refuse(event: LampLit) -> None:
        raise ValueError("no")

    handles(LampLit)(refuse)

    with pytest.raises(ValueError, match="no"), transaction.atomic():
        Job.objects.create(name="lamp")
        announce(LampLit(number=2))

    assert Job.objects.count() == 0
