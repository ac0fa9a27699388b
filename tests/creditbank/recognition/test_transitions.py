"""The table of states: every ordered pair is either a step that is logged and audited, or a refusal that changes nothing."""

from __future__ import annotations

from itertools import product

import pytest
from django.db import connection, transaction

from creditbank.api import Application, ApplicationState, WrongState
from creditbank.recognition.actions.steps import locked, move_on
from creditbank.recognition.enums import TRANSITIONS
from foundation.api import AuditEntry
from tests.creditbank.recognition.test_actions import state_of_everything
from tests.factories.creditbank import AT, make_application, make_bank

pytestmark = pytest.mark.django_db

S = ApplicationState
ALLOWED = {
    S.DRAFT: {S.SUBMITTED},
    S.SUBMITTED: {S.CHECKING, S.WITHDRAWN, S.APPEALED},
    S.CHECKING: {S.INFORMATION_REQUESTED, S.SECOND_REVIEW, S.DECIDED, S.WITHDRAWAL_REQUESTED, S.WITHDRAWN, S.APPEALED},
    S.INFORMATION_REQUESTED: {S.CHECKING, S.WITHDRAWAL_REQUESTED, S.LAPSED, S.WITHDRAWN},
    S.SECOND_REVIEW: {S.DECIDED, S.CHECKING, S.WITHDRAWAL_REQUESTED, S.APPEALED},
    S.DECIDED: {S.ACCEPTED, S.LAPSED, S.APPEALED, S.CHECKING},
    S.ACCEPTED: {S.POSTED},
    S.POSTED: {S.APPEALED, S.REVERSED},
    S.WITHDRAWAL_REQUESTED: {S.WITHDRAWN, S.CHECKING, S.INFORMATION_REQUESTED, S.SECOND_REVIEW},
    S.WITHDRAWN: set(),
    S.LAPSED: set(),
    S.APPEALED: {S.APPEAL_DECIDED},
    S.APPEAL_DECIDED: {S.ACCEPTED, S.POSTED, S.REVERSED, S.DECIDED, S.SUBMITTED, S.CHECKING, S.SECOND_REVIEW},
    S.REVERSED: set(),
}
"""The table of the regulation, written down a second time."""


def test_every_ordered_pair_of_states_is_a_logged_step_or_a_refusal_that_changes_nothing():
    bank = make_bank()
    application = make_application(bank, state="second_review")
    Application.objects.filter(pk=application.pk).update(second_officer=bank.reviewer, verdict="full", decided_credits=5)
    wrong = []

    for before, after in product(S, S):
        Application.objects.filter(pk=application.pk).update(state=before)
        was = (state_of_everything(), AuditEntry.objects.count())
        with transaction.atomic():
            point = transaction.savepoint()
            try:
                move_on(locked(application), after, action="test", actor=bank.officer, at=AT)
            except WrongState:
                happened = False
                assert (state_of_everything(), AuditEntry.objects.count()) == was
            else:
                happened = True
                step = application.steps.last()
                assert (step.from_state, step.to_state, step.by_uuid) == (before, after, bank.officer.uuid)
                assert AuditEntry.objects.count() == was[1] + 1
            transaction.savepoint_rollback(point)
        if happened != (after in ALLOWED[before]):
            wrong.append((before, after))

    assert wrong == []
    assert connection.needs_rollback is False


def test_the_table_names_every_state_once():
    assert set(TRANSITIONS) == set(S) == set(ALLOWED)
