"""The HTTP API against its own description: whatever the description allows, and a good deal that it does not, is answered as it says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

from config.api import api
from identity.api import make_token
from identity.institutions.tokens import SCOPES
from tests.factories.creditbank import make_application, make_bank

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = {"anonymous": 2}
USUALLY, LONG = 3, 30
"""How often each operation is asked by one caller; nobody in particular is turned away at the door of most."""
WHO = ("anonymous", "learner", "officer", "reviewer", "token")


@pytest.fixture
def one_connection() -> Iterator[None]:
    """A real WSGI application closes old connections around each request; the test's transaction has to outlive them."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def _headers(who: str) -> dict[str, str]:
    """How this caller says who it is: a session with its own origin, or a token."""
    bank = make_bank()
    application = make_application(bank)
    if who == "token":
        expires = timezone.localdate() + timedelta(days=9)
        text = make_token(bank.source, name="x", scopes=SCOPES, expires_on=expires, actor=None, at=timezone.now())[1]
        return {"Authorization": f"Bearer {text}"}
    if who == "anonymous":
        return {}
    client = Client()
    client.force_login({"learner": application.learner, "officer": bank.officer, "reviewer": bank.reviewer}[who])
    csrf = "a" * 32
    return {"Cookie": f"sessionid={client.cookies['sessionid'].value}; csrftoken={csrf}", "X-CSRFToken": csrf}


@pytest.mark.django_db
@pytest.mark.parametrize("who", WHO)
def test_every_operation_answers_as_it_is_described(who, one_connection):
    """Each operation is asked with what its description allows and with what it forbids; nothing that was written stays."""
    _ask_all(who, EXAMPLES.get(who, USUALLY))


@pytest.mark.soak
@pytest.mark.django_db
@pytest.mark.parametrize("who", WHO)
def test_every_operation_answers_as_it_is_described_for_long(who, one_connection):
    """The same, asked often."""
    _ask_all(who, LONG)


def _ask_all(who: str, examples: int) -> None:
    headers = _headers(who)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    for found in schema.get_all_operations():
        _ask(found.ok(), headers, examples)


def _ask(operation: Any, headers: dict[str, str], examples: int) -> None:
    @given(case=operation.as_strategy())
    @settings(max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    def check(case: Any) -> None:
        case.cookies.clear()  # a caller has one session, and it is not made up
        with transaction.atomic():
            case.call_and_validate(headers=headers, checks=CHECKS)
            transaction.set_rollback(True)

    check()


def test_every_operation_says_what_it_answers_when_something_is_wrong():
    document = api.get_openapi_schema()

    silent = [
        f"{method} {path}"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if not {400, 404, 422, "400", "404", "422"} & set(operation["responses"])
    ]

    assert silent == []
