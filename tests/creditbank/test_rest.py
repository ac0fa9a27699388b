"""The bank over HTTP: what a person may do by session, what an institution's system may do by token, and that both go the same ways as pages."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from creditbank.api import Application, Transaction, balances, find_faults, release_batch
from creditbank.results.models import ResultBatch
from foundation.api import AuditEntry
from identity.api import Role, make_token
from learning.api import LearningRecord
from tests.factories.creditbank import OutcomeFactory, make_application, make_bank, make_learner
from tests.factories.identity import UserFactory, person_as

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank():
    return make_bank()


def token_of(institution, *scopes: str, days: int = 30) -> str:
    expires = timezone.localdate() + timedelta(days=days)
    return make_token(institution, name="教务系统", scopes=scopes, expires_on=expires, actor=None, at=timezone.now())[1]


def bearer(text: str, **more: str) -> dict[str, str]:
    return {"HTTP_AUTHORIZATION": f"Bearer {text}", **more}


# --- public ---


def test_outcomes_are_found_by_words_and_owner(client, bank):
    OutcomeFactory(code="X:OTHER", title_zh="别的")

    answer = client.get("/api/v1/outcomes", {"q": "来源课程1", "owner": bank.source.code}).json()

    assert [(row["code"], row["credits"], row["credit_system"]) for row in answer["items"]] == [(bank.outcomes[0].code, "4", "V")]


def test_a_programme_is_read_with_its_requirements(client, bank):
    answer = client.get(f"/api/v1/programmes/{bank.programme.code}").json()

    assert (answer["total"], [(leaf["path"], leaf["need_credits"]) for leaf in answer["requirements"]]) == (
        "76",
        [("1.1", "3"), ("1.2", "2")],
    )


def test_a_published_version_is_read_as_sentences_and_as_data(client, bank):
    answer = client.get(f"/api/v1/rulebooks/{bank.version.book.code}/versions/1").json()

    rule = answer["rules"][0]
    assert (rule["id"], rule["sentence_zh"]) == ("R1", "《来源课程1》（成绩 ≥ 60） ⇒ 《目标课程1》，3 学分。")
    assert rule["document"]["lhs"]["leaf"]["min_score"] == "60"
    assert answer["hash"] == bank.version.content_hash


def test_conversion_gives_every_programme_with_the_reason_for_what_does_not_count(client, bank):
    codes = [outcome.code for outcome in bank.outcomes]

    answer = client.post("/api/v1/convert", {"outcomes": codes, "score": "59"}, content_type="application/json").json()

    [row] = answer["answers"]
    assert (row["posted"], row["programme"]) == ("0", bank.programme.code)
    assert [(one["record"], one["reasons"][0]["code"], one["reasons"][0]["text_en"]) for one in row["unused"]] == [
        (codes[0], "rule_failed", "rule R1 asks for a score of at least 60; found 59"),
        (codes[1], "rule_failed", "rule R2 asks for a score of at least 60; found 59"),
    ]


def test_an_unknown_outcome_is_named(client, bank):
    answer = client.post("/api/v1/convert", {"outcomes": ["NO:SUCH"]}, content_type="application/json")

    assert (answer.status_code, answer.json()["code"], answer.json()["outcomes"]) == (422, "unknown_outcome", ["NO:SUCH"])


# --- one's own ---


@pytest.mark.parametrize(
    "path", ["me/account", "me/account/A/statement", "me/applications", "me/proposals/X", "desk/applications", "results", "applications"]
)
def test_what_is_personal_asks_who_one_is(client, bank, path):
    answer = client.get(f"/api/v1/{path}")

    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def test_an_account_says_what_there_is_as_text(client, bank):
    client.force_login(make_learner(bank))

    answer = client.get("/api/v1/me/account").json()

    assert [(row["unit"], row["available"], row["held"]) for row in answer["balances"] if row["available"] != "0"] == [("V", "8", "0")]
    lines = client.get("/api/v1/me/account/V/statement").json()["lines"]
    assert [(line["type"], line["change"], line["balance"]) for line in lines] == [("verify", "4", "8"), ("verify", "4", "4")]


def test_applying_twice_with_one_key_is_one_application(client, bank):
    learner = make_learner(bank)
    client.force_login(learner)
    shown = client.get(f"/api/v1/me/proposals/{bank.programme.code}").json()
    body = {"programme": bank.programme.code, "snapshot_hash": shown["snapshot_hash"], "declaration": True}

    first = client.post("/api/v1/me/applications", body, content_type="application/json", HTTP_IDEMPOTENCY_KEY="k1")
    again = client.post("/api/v1/me/applications", body, content_type="application/json", HTTP_IDEMPOTENCY_KEY="k1")

    assert (first.status_code, first.json()["state"], first.json()["proposed_credits"]) == (201, "submitted", "5")
    assert again.json() == first.json()
    assert Application.objects.count() == 1
    assert balances(learner.uuid)["V"].held == Decimal(8)


def test_a_proposal_that_is_no_longer_true_is_refused_and_nothing_changes(client, bank):
    client.force_login(make_learner(bank))
    before = Application.objects.count(), Transaction.objects.count(), AuditEntry.objects.count()
    body = {"programme": bank.programme.code, "snapshot_hash": "0" * 64, "declaration": True}

    answer = client.post("/api/v1/me/applications", body, content_type="application/json", HTTP_IDEMPOTENCY_KEY="k1")

    assert (answer.status_code, answer.json()["code"]) == (409, "records_changed")
    assert (Application.objects.count(), Transaction.objects.count(), AuditEntry.objects.count()) == before


def test_another_persons_application_does_not_exist(client, bank):
    application = make_application(bank)
    client.force_login(UserFactory())

    assert client.get(f"/api/v1/me/applications/{application.reference}").status_code == 404
    assert client.post(f"/api/v1/me/applications/{application.reference}/withdraw").status_code == 404


# --- the desk ---


def test_two_persons_decide_over_http_and_the_books_balance(client, bank):
    application = make_application(bank)
    address = f"/api/v1/desk/applications/{application.reference}"
    lines = [{"position": line.position, "choice": "accept"} for line in application.lines.all()]
    client.force_login(bank.officer)

    client.post(f"{address}/claim")
    decided = client.post(f"{address}/decide", {"lines": lines}, content_type="application/json")
    alone = client.post(f"{address}/confirm")
    client.force_login(bank.reviewer)
    confirmed = client.post(f"{address}/confirm")

    assert (decided.json()["state"], alone.status_code, confirmed.json()["state"]) == ("second_review", 403, "posted")
    assert find_faults() == []


def test_a_line_without_a_decision_is_named_and_nothing_changes(client, bank):
    application = make_application(bank, state="checking")
    client.force_login(bank.officer)
    body = {"lines": [{"position": 1, "choice": "refuse"}]}

    answer = client.post(f"/api/v1/desk/applications/{application.reference}/decide", body, content_type="application/json")

    application.refresh_from_db()
    assert (answer.status_code, answer.json()["code"], application.state) == (422, "decision_incomplete", "checking")


def test_a_step_from_the_wrong_state_is_a_conflict(client, bank):
    application = make_application(bank, state="checking")
    client.force_login(bank.officer)

    answer = client.post(f"/api/v1/desk/applications/{application.reference}/claim")

    assert (answer.status_code, answer.json()["code"], answer.json()["state"]) == (409, "wrong_state", "checking")


# --- institutions' systems ---


def results_of(bank, learner, **changes: str) -> dict:
    row = {
        "learner": learner.email,
        "result_id": "S-1",
        "outcome": bank.outcomes[0].code,
        "earned_on": "2026-06-30",
        "score": "86",
        "credits": "4",
    }
    return {"name": "2026 春", "results": [row | changes]}


def test_results_come_in_by_token_and_enter_when_a_person_releases_them(client, bank):
    learner, token = UserFactory(), token_of(bank.source, "results:write", "results:read")
    head = bearer(token, HTTP_IDEMPOTENCY_KEY="term-1")

    first = client.post("/api/v1/results", results_of(bank, learner), content_type="application/json", **head)
    again = client.post("/api/v1/results", results_of(bank, learner), content_type="application/json", **head)

    assert (first.status_code, first.json()["state"], first.json()["credits"]) == (201, "submitted", "4")
    assert again.json() == first.json()
    assert (ResultBatch.objects.count(), LearningRecord.objects.count()) == (1, 0)
    release_batch(ResultBatch.objects.get(), actor=person_as(Role.REVIEWER, bank.source), at=timezone.now())
    assert client.get(f"/api/v1/results/{first.json()['uuid']}", **bearer(token)).json()["state"] == "released"
    assert balances(learner.uuid)["V"].available == Decimal(4)


def test_results_with_errors_are_answered_with_every_error(client, bank):
    token = token_of(bank.source, "results:write")
    body = results_of(bank, UserFactory(), score="101", earned_on="soon")

    answer = client.post("/api/v1/results", body, content_type="application/json", **bearer(token, HTTP_IDEMPOTENCY_KEY="k")).json()

    assert (answer["state"], [(error["row"], error["column"], error["code"]) for error in answer["errors"]]) == (
        "refused", [(1, "earned_on", "not_a_date"), (1, "score", "out_of_range")],
    )  # fmt: skip


def test_the_same_key_with_other_results_is_refused(client, bank):
    head = bearer(token_of(bank.source, "results:write"), HTTP_IDEMPOTENCY_KEY="k")
    client.post("/api/v1/results", results_of(bank, UserFactory()), content_type="application/json", **head)

    answer = client.post("/api/v1/results", results_of(bank, UserFactory(), score="60"), content_type="application/json", **head)

    assert (answer.status_code, answer.json()["code"], ResultBatch.objects.count()) == (422, "idempotency_key_reused", 1)


def test_a_token_without_the_scope_is_refused(client, bank):
    answer = client.get("/api/v1/results", **bearer(token_of(bank.source, "applications:read")))

    assert (answer.status_code, answer.json()["code"], answer.json()["scope"]) == (403, "scope_missing", "results:read")


@pytest.mark.parametrize("text", ["", "x", "jlb_" + "a" * 43, "\u00e9", "a" * 9000])
def test_a_token_that_does_not_exist_opens_nothing(client, bank, text):
    assert client.get("/api/v1/results", **bearer(text.encode().decode("latin-1"))).status_code == 401


def test_an_expired_and_a_revoked_token_open_nothing(client, bank):
    from identity.institutions.models import ApiToken
    from identity.institutions.tokens import revoke_token

    expired, revoked = token_of(bank.source, "results:read", days=-1), token_of(bank.source, "results:read")
    revoke_token(ApiToken.objects.first(), actor=None, at=timezone.now())

    assert [client.get("/api/v1/results", **bearer(text)).status_code for text in (expired, revoked)] == [401, 401]


def test_a_token_sees_its_own_institution_alone(client, bank):
    application = make_application(bank)
    own, other = token_of(bank.institution, "applications:read"), token_of(bank.source, "applications:read")

    assert [row["reference"] for row in client.get("/api/v1/applications", **bearer(own)).json()["items"]] == [application.reference]
    assert client.get("/api/v1/applications", **bearer(other)).json()["items"] == []


def test_an_administrator_makes_a_token_that_is_shown_once(client, bank):
    client.force_login(person_as(Role.SCHOOL_ADMINISTRATOR, bank.source))
    address = f"/institutions/{bank.source.code}/tokens/"
    body = {"name": "教务系统", "scopes": ["results:read"], "expires_on": (timezone.localdate() + timedelta(days=9)).isoformat()}

    page = client.post(address, body)

    text = page.context["fresh"]["text"]
    assert client.get("/api/v1/results", **bearer(text)).status_code == 200
    assert text not in client.get(address).content.decode()


@pytest.mark.parametrize(
    "body", [{}, {"name": "x", "scopes": ["all"], "expires_on": "2099-01-01"}, {"name": "\x00", "scopes": "", "expires_on": "x"}]
)
def test_a_token_form_with_mistakes_makes_nothing(client, bank, body):
    from identity.institutions.models import ApiToken

    client.force_login(person_as(Role.SCHOOL_ADMINISTRATOR, bank.source))

    assert client.post(f"/institutions/{bank.source.code}/tokens/", body).status_code == 400
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("path", ["desk/applications", "applications"])
def test_lists_ask_as_much_for_thirty_rows_as_for_one(client, bank, path):
    head = bearer(token_of(bank.institution, "applications:read")) if path == "applications" else {}
    client.force_login(bank.officer)
    make_application(bank)
    client.get(f"/api/v1/{path}", **head)
    with CaptureQueriesContext(connection) as one:
        client.get(f"/api/v1/{path}", {"limit": 50}, **head)
    for _ in range(9):
        make_application(bank)
    with CaptureQueriesContext(connection) as ten:
        answer = client.get(f"/api/v1/{path}", {"limit": 50}, **head)

    assert (len(answer.json()["items"]), len(ten)) == (10, len(one))
