"""Appeals, exceptions and evidence over HTTP: the same steps as on the pages, by the same persons, and nothing by a token."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from creditbank.api import (
    Appeal,
    Application,
    ApplicationEvidence,
    IndividualException,
    LineDecision,
    balances,
    confirm_decision,
    decide_application,
    find_faults,
)
from foundation.api import AuditEntry, Notice
from identity.api import Role
from tests.creditbank.test_rest import bearer, token_of
from tests.factories.creditbank import earn, make_application, make_bank
from tests.factories.identity import UserFactory, person_as

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def bank():
    return make_bank()


@pytest.fixture
def partly(bank):
    """Decided today by two persons: line 1 recognised, line 2 not; the learner has not answered."""
    at = timezone.now()
    application = make_application(bank, state="checking", at=at)
    choices = {1: LineDecision("accept"), 2: LineDecision("refuse", reason="content")}
    decide_application(application, decisions=choices, actor=bank.officer, at=at)
    return confirm_decision(application, actor=bank.reviewer, at=at)


def post(client, path, body=None, key=None, **head):
    more = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    return client.post(f"/api/v1/{path}", body or {}, content_type="application/json", **more, **head)


def appeal_of(client, application, key="k1", **changes):
    client.force_login(application.learner)
    return post(client, f"me/applications/{application.reference}/appeals", {"ground": "rule", "text": "第二项内容相当"} | changes, key)


# --- appeals ---


def test_an_appeal_is_opened_once_a_key_and_says_by_when_it_is_decided(client, partly):
    first, again = appeal_of(client, partly), appeal_of(client, partly)

    said = first.json()
    assert (first.status_code, said["application"], said["level"], said["result"], said["default_result"]) == (
        201,
        partly.reference,
        1,
        "",
        "uphold",
    )
    assert said["due_on"] == (timezone.localdate() + timedelta(days=30)).isoformat()
    assert (again.status_code, again.json(), Appeal.objects.count()) == (201, said, 1)
    assert client.get("/api/v1/me/appeals?open=true").json()["items"] == [said]
    assert client.get(f"/api/v1/me/applications/{partly.reference}/appeals/1").json() == said


def test_somebody_new_takes_and_grants_the_appeal_and_the_books_balance(client, bank, partly):
    appeal_of(client, partly)
    address = f"desk/applications/{partly.reference}/appeal"
    client.force_login(bank.reviewer)
    not_new = post(client, f"{address}/take")
    client.force_login(person_as(Role.REVIEWER, bank.institution))

    taken = post(client, f"{address}/take")
    done = post(client, f"{address}/decide", {"result": "granted", "answer": "内容相当"})

    assert (not_new.status_code, not_new.json()["code"], taken.status_code) == (409, "same_person", 200)
    assert (done.json()["state"], done.json()["verdict"], done.json()["decided_credits"]) == ("posted", "full", "5")
    assert find_faults() == []


@pytest.mark.parametrize("result", ["escalated", "withdrawn"])
def test_nobody_decides_an_appeal_by_what_is_not_theirs_to_say(client, bank, partly, result):
    appeal_of(client, partly)
    client.force_login(person_as(Role.REVIEWER, bank.institution))

    answer = post(client, f"desk/applications/{partly.reference}/appeal/decide", {"result": result, "answer": "x"})

    assert (answer.status_code, answer.json()["result"], Appeal.objects.get().result) == (422, ["upheld", "granted", "reverse"], "")


def test_a_withdrawn_appeal_leaves_the_case_where_it_stood_and_uses_its_level(client, bank, partly):
    appeal_of(client, partly)
    judge = person_as(Role.REVIEWER, bank.institution)
    client.force_login(judge)
    post(client, f"desk/applications/{partly.reference}/appeal/take")
    client.force_login(partly.learner)

    first = post(client, f"me/applications/{partly.reference}/appeals/1/withdraw")
    again = post(client, f"me/applications/{partly.reference}/appeals/1/withdraw")

    assert (first.json()["result"], first.json()["by_default"], again.status_code, again.json()["code"]) == (
        "withdrawn",
        False,
        409,
        "wrong_state",
    )
    application = Application.objects.get()
    assert (application.state, application.waiting_until) == ("decided", timezone.localdate() + timedelta(days=30))
    assert [step.to_state for step in application.steps.order_by("id")][-3:] == ["appealed", "appeal_decided", "decided"]
    assert Notice.objects.filter(recipient_uuid=judge.uuid, code="recognition.appeal_is_gone").count() == 1
    assert AuditEntry.objects.filter(action="recognition.withdraw_appeal", person_uuid=partly.learner.uuid).count() == 1
    assert appeal_of(client, partly, "k2").json()["level"] == 2


def test_nobody_else_withdraws_an_appeal_and_a_token_opens_none(client, bank, partly):
    appeal_of(client, partly)
    client.force_login(UserFactory())
    assert post(client, f"me/applications/{partly.reference}/appeals/1/withdraw").status_code == 404
    client.logout()

    head = bearer(token_of(bank.institution, "applications:read"))
    answer = post(client, f"me/applications/{partly.reference}/appeals", {"ground": "rule", "text": "x"}, "k9", **head)

    assert (answer.status_code, Appeal.objects.get().result) == (401, "")


# --- exceptions ---


def ask_exception(client, bank, application, key="e1", **changes):
    client.force_login(bank.officer)
    body = {
        "application": application.reference, "kind": "waive", "path": "1.1", "reason": "军训已免",
        "expires_on": (timezone.localdate() + timedelta(days=30)).isoformat(),
    }  # fmt: skip
    return post(client, "desk/exceptions", body | changes, key)


def test_one_officer_proposes_and_another_person_approves_and_then_the_learner_reads_it(client, bank):
    application = make_application(bank)

    made = ask_exception(client, bank, application).json()
    own = post(client, f"desk/exceptions/{made['uuid']}/answer", {"approve": True})
    client.force_login(application.learner)
    before = client.get("/api/v1/me/exceptions").json()["items"]
    client.force_login(bank.reviewer)
    wordless = post(client, f"desk/exceptions/{made['uuid']}/answer", {"approve": False})
    done = post(client, f"desk/exceptions/{made['uuid']}/answer", {"approve": True})
    client.force_login(application.learner)

    assert (made["state"], own.status_code, before, wordless.status_code) == ("proposed", 403, [], 422)
    assert (done.json()["state"], [row["path"] for row in client.get("/api/v1/me/exceptions").json()["items"]]) == ("approved", ["1.1"])
    assert client.get(f"/api/v1/desk/exceptions/{made['uuid']}").status_code == 403


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"path": "9.9"}, "path"), ({"expires_on": "2020-01-01"}, "expires_on"), ({"kind": "value", "value": "viel"}, "value")],
)
def test_an_exception_that_makes_no_sense_is_refused_with_its_field(client, bank, changes, field):
    answer = ask_exception(client, bank, make_application(bank), **changes)

    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (422, "bad_exception", field)
    assert not IndividualException.objects.exists()


def test_an_exception_for_an_application_elsewhere_does_not_exist(client, bank):
    other = make_application(make_bank())

    assert ask_exception(client, bank, other).json()["code"] == "unknown_application"


def test_lists_ask_as_much_for_many_rows_as_for_one(client, bank):
    ask_exception(client, bank, make_application(bank))
    client.get("/api/v1/desk/exceptions")
    with CaptureQueriesContext(connection) as one:
        client.get("/api/v1/desk/exceptions")
    for number in range(4):
        ask_exception(client, bank, make_application(bank), key=f"m{number}")
    with CaptureQueriesContext(connection) as many:
        answer = client.get("/api/v1/desk/exceptions")

    assert (len(answer.json()["items"]), len(many)) == (5, len(one))


# --- evidence ---


@pytest.fixture
def asking():
    """Rule R1 asks for a training record where no school stands for it."""
    return make_bank(amounts=("3",), evidence=["培训记录"])


@pytest.fixture
def learner(asking):
    person = UserFactory(name="林晓雯")
    earn(asking, person, trust="verified")
    return person


def test_evidence_is_brought_item_by_item_and_then_the_application_goes(client, asking, learner):
    client.force_login(learner)
    address = f"/api/v1/me/proposals/{asking.programme.code}"
    shown = client.get(address).json()
    body = {"programme": asking.programme.code, "snapshot_hash": shown["snapshot_hash"], "declaration": True}
    plan = client.get(f"{address}/evidence").json()
    early = post(client, "me/applications", body, "a1")

    brought = client.post(f"{address}/evidence", {"number": 1, "file": SimpleUploadedFile("扫描.pdf", PDF)})
    sent = post(client, "me/applications", body, "a2")

    assert [(item["item"], item["is_done"]) for item in plan["items"]] == [("培训记录", False)]
    assert (early.status_code, early.json()["code"], early.json()["items"]) == (409, "evidence_missing", ["培训记录"])
    file = brought.json()["items"][0]["files"][0]
    assert (brought.status_code, brought.json()["complete"], file["media_type"], file["size"]) == (201, True, "application/pdf", len(PDF))
    assert (sent.status_code, sent.json()["reference"]) == (201, brought.json()["application"])
    answer = client.get(f"/api/v1/me/applications/{sent.json()['reference']}/evidence/{file['uuid']}")
    assert (answer.content, answer["Content-Type"], answer["X-Content-Type-Options"]) == (PDF, "application/pdf", "nosniff")
    client.force_login(asking.officer)
    assert [row["sha256"] for row in client.get(f"/api/v1/desk/applications/{sent.json()['reference']}/evidence").json()["items"]] == [
        file["sha256"]
    ]


@pytest.mark.parametrize(("content", "reason"), [(b"MZ\x90", "kind"), (b"", "size"), (b"%PDF-" + b"0" * (10 * 1024 * 1024), "size")])
def test_a_file_that_is_not_taken_is_told_why_and_nothing_is_kept(client, asking, learner, content, reason):
    client.force_login(learner)

    answer = client.post(
        f"/api/v1/me/proposals/{asking.programme.code}/evidence", {"number": 1, "file": SimpleUploadedFile("x.pdf", content)}
    )

    assert (answer.status_code, answer.json()["code"], answer.json()["reason"]) == (422, "bad_file", reason)
    assert (ApplicationEvidence.objects.count(), Application.objects.count()) == (0, 0)


def test_a_file_leaves_a_draft_and_nothing_that_was_sent(client, asking, learner):
    client.force_login(learner)
    brought = client.post(
        f"/api/v1/me/proposals/{asking.programme.code}/evidence", {"number": 1, "file": SimpleUploadedFile("x.pdf", PDF)}
    ).json()
    address = f"/api/v1/me/applications/{brought['application']}/evidence/{brought['items'][0]['files'][0]['uuid']}"
    shown = client.get(f"/api/v1/me/proposals/{asking.programme.code}").json()
    post(client, "me/applications", {"programme": asking.programme.code, "snapshot_hash": shown["snapshot_hash"], "declaration": True}, "a")

    refused = client.delete(address)

    assert (refused.status_code, refused.json()["code"], ApplicationEvidence.objects.count()) == (409, "wrong_state", 1)
    client.force_login(UserFactory())
    assert (client.delete(address).status_code, client.get(address).status_code) == (404, 404)


def test_a_choice_of_records_narrows_the_proposal_that_is_read_and_sent(client, bank):
    learner = UserFactory(name="林晓雯")
    kept = earn(bank, learner, which=0)
    earn(bank, learner, which=1)
    client.force_login(learner)
    address = f"/api/v1/me/proposals/{bank.programme.code}"
    whole = client.get(address).json()["posted"]

    chosen = client.put(f"{address}/records", {"records": [str(kept.uuid)]}, content_type="application/json").json()
    shown = client.get(address).json()
    sent = post(
        client, "me/applications", {"programme": bank.programme.code, "snapshot_hash": shown["snapshot_hash"], "declaration": True}, "a"
    )

    assert (whole, chosen["records"], shown["posted"], sent.json()["proposed_credits"]) == ("5", [str(kept.uuid)], "3", "3")
    assert balances(learner.uuid)["V"].held == Decimal(4)
    strange = client.put(f"{address}/records", {"records": ["00000000-0000-4000-8000-000000000000"]}, content_type="application/json")
    assert strange.json()["code"] == "unknown_record"
