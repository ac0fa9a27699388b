"""The state of the service, as operators and auditors see it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from creditbank.api import freeze_ledger
from foundation.api import LogCheck, record_audit_entry, seal_log
from identity.api import Role
from learning.xapi.keys import create_key, revoke_key
from learning.xapi.models import XapiForward
from tests.factories.identity import InstitutionFactory, person_as

pytestmark = pytest.mark.django_db


def checks(client):
    return {check.name: (check.ok, check.found) for check in client.get("/en/ops/health/").context["checks"]}


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.AUDITOR])
def test_a_sound_service_is_well_in_every_line(client, role):
    client.force_login(person_as(role))

    found = checks(client)

    assert all(ok for ok, _found in found.values()), found
    assert found["Migrations not yet applied"] == (True, "0")


def test_living_operators_keys_are_listed_and_no_others(client):
    at = timezone.now()
    living, _secret = create_key("nightly import", institution=None, scopes=None, actor=None, at=at)
    revoked, _secret = create_key("old import", institution=None, scopes=None, actor=None, at=at)
    revoke_key(revoked, actor=None, at=at)
    create_key("Moodle", institution=InstitutionFactory(), scopes=None, actor=None, at=at)
    client.force_login(person_as(Role.OPERATOR))

    answer = client.get(reverse("ops_health"))

    assert answer.context["operator_keys"] == [living]
    assert "old import" not in answer.content.decode()


def test_what_is_broken_is_said(client):
    freeze_ledger("a balance below zero", at=timezone.now())
    school = InstitutionFactory()
    XapiForward.objects.create(
        institution=school, url="https://store.example/xapi", username="u", secret="s", failures=3, last_error="503 busy"
    )
    client.force_login(person_as(Role.OPERATOR))

    answer = client.get("/en/ops/health/")

    assert checks(client)["Posting in the ledger"] == (False, "stopped: the books were found wrong")
    assert "503 busy" in answer.content.decode()


def test_a_task_that_waits_too_long_needs_attention(client):
    from django_tasks_db.models import DBTaskResult

    client.force_login(person_as(Role.OPERATOR))
    waiting = DBTaskResult.objects.create(
        args_kwargs={"args": [], "kwargs": {}},
        task_path="x.y",
        backend_name="default",
        queue_name="default",
        priority=0,
        run_after=timezone.now(),
    )
    assert checks(client)["Oldest waiting task"][0] is True

    DBTaskResult.objects.filter(pk=waiting.pk).update(enqueued_at=timezone.now() - timedelta(minutes=11))

    assert checks(client)["Oldest waiting task"] == (False, "11\xa0minutes")


def test_a_log_that_is_not_what_was_sealed_needs_attention(client):
    client.force_login(person_as(Role.OPERATOR))
    assert checks(client)["Log of history"] == (True, "nothing is sealed yet")

    with transaction.atomic():
        record_audit_entry("site.create_home", actor=None)
    head = seal_log(clock=lambda: datetime(2026, 3, 1, 4, tzinfo=UTC)).head
    assert head is not None
    assert checks(client)["Log of history"] == (True, "sealed until 2026-03-01 12:00")

    at = timezone.now()
    LogCheck.objects.create(started_at=at, finished_at=at, since=0, size=head.size, anchors=0, fault_count=1, faults=[])
    assert checks(client)["Log of history"] == (False, "not what was sealed")
