"""People with papers."""

from __future__ import annotations

import pytest

from creditbank.api import confirm_decision, issue_certificate
from tests.factories.creditbank import LATER, make_application, make_bank


@pytest.fixture
def own_keys(settings, tmp_path_factory):
    """Signing keys of this test alone: keys are retired here, while other tests sign."""
    settings.SIGNING_KEYS_DIR = tmp_path_factory.mktemp("keys")


@pytest.fixture
def bank():
    return make_bank()


@pytest.fixture
def credited(bank):
    """An application of 林晓雯 that was decided by two persons, accepted in advance, and credited: 3 + 2 credits."""
    return confirm_decision(make_application(bank, state="second_review"), actor=bank.reviewer, at=LATER)


@pytest.fixture
def certificate(credited):
    return issue_certificate(credited, actor=credited.learner, at=LATER)
