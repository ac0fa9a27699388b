"""What pages of lower apps show of a person's credit."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import AnonymousUser

from creditbank.templatetags.creditbank_tags import absolute, as_credits, my_credit_summary, transaction_name
from tests.factories.identity import UserFactory
from tests.factories.learning import make_record

pytestmark = pytest.mark.django_db


def test_the_home_page_shows_visitors_no_credit():
    assert my_credit_summary({"user": AnonymousUser()}) == ""


def test_the_home_page_shows_the_readers_own_credit():
    person = UserFactory()
    make_record(person, credits=Decimal("3.5"))
    make_record(UserFactory(), credits=Decimal("7.5"))

    shown = my_credit_summary({"user": person})

    assert "3.5" in shown
    assert "7.5" not in shown


def test_amounts_and_kinds_in_words():
    assert absolute(Decimal("-2.5")) == Decimal("2.5")
    assert as_credits("3.000") == "3.0"
    assert transaction_name("deposit") == "存入"
    assert transaction_name("gift") == "gift"
