"""Figures of a desk: rules by which nothing was recognised, found in the same way of few decisions and of many."""

from __future__ import annotations

from datetime import timedelta

import pytest

from creditbank.api import confirm_decision
from creditbank.recognition import reports
from tests.factories.creditbank import LATER, make_application, make_bank

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("few", [2000, 0])
def test_a_rule_is_unused_until_something_is_recognised_by_it_in_the_period(monkeypatch, few):
    monkeypatch.setattr(reports, "FEW", few)
    bank = make_bank()
    application = make_application(bank, state="second_review")
    institutions, day = [bank.programme.institution_id], LATER.date()

    def unused(days: int = 0) -> tuple[str, ...]:
        return reports.report_of(institutions, since=day + timedelta(days=days), until=day + timedelta(days=days)).unused_rules

    before = unused()
    confirm_decision(application, actor=bank.reviewer, at=LATER)
    used = {line.rule for line in application.lines.all() if line.decided}

    assert before == ("R1", "R2")
    assert used == {"R1", "R2"}
    assert unused() == ()
    assert unused(days=1) == ("R1", "R2")
