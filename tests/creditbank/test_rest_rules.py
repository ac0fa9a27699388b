"""Agreements, rule books, simulations, plans, papers and uploads of files over HTTP; and how errors are told."""

from __future__ import annotations

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from creditbank.agreements.models import RuleBookVersion
from creditbank.agreements.queries import limits_of, rule_base
from creditbank.api import Agreement, ResultBatch, check_code, confirm_decision, import_version
from creditbank.simulation.models import SimulationRun
from foundation.api import AuditEntry
from identity.api import Role
from learning.api import LearningRecord
from tests.creditbank.test_rest import bearer, results_of, token_of
from tests.creditbank.test_rest_cases import post
from tests.factories.creditbank import LATER, draft_version, make_application, make_bank, make_learner
from tests.factories.identity import InstitutionFactory, UserFactory, person_as

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def bank():
    return make_bank()


def version_address(bank, number=1):
    return f"rulebooks/{bank.version.book.code}/versions/{number}"


# --- agreements ---


@pytest.fixture
def places():
    return InstitutionFactory(code="HERE"), InstitutionFactory(code="THERE")


@pytest.fixture
def officers(places):
    return tuple(person_as(Role.CREDIT_OFFICER, place) for place in places)


def draft(client, officers, key="d1", **changes):
    client.force_login(officers[0])
    parties = [{"institution": code, "role": "both"} for code in ("HERE", "THERE")]
    body = {
        "institution": "HERE", "code": "AG-1", "kind": "bilateral", "parties": parties, "title_zh": "互认协议", "title_en": "Agreement",
        "text_zh": "互认。", "text_en": "We recognise.", "starts_on": timezone.localdate().isoformat(),
    }  # fmt: skip
    return post(client, "agreements", body | changes, key)


def test_an_agreement_is_drafted_signed_suspended_resumed_and_ended_over_http(client, places, officers):
    made = draft(client, officers).json()
    anonymous = client.__class__().get("/api/v1/agreements/AG-1").status_code
    first = post(client, "agreements/AG-1/sign", {"institution": "HERE", "text_hash": made["text_hash"]})
    client.force_login(officers[1])
    second = post(client, "agreements/AG-1/sign", {"institution": "THERE", "text_hash": made["text_hash"]})
    stopped = post(
        client, "agreements/AG-1/suspend", {"institution": "THERE", "from_day": timezone.localdate().isoformat(), "reason": "核查"}
    )
    resumed = post(client, "agreements/AG-1/resume", {"institution": "THERE"})
    ended = post(client, "agreements/AG-1/end", {"institution": "THERE", "last_day": timezone.localdate().isoformat(), "reason": "到期"})

    states = [answer.json()["status"] for answer in (first, second, stopped, resumed, ended)]
    assert (made["status"], anonymous, states) == ("draft", 404, ["draft", "active", "suspended", "active", "ended"])
    said = client.__class__().get("/api/v1/agreements/AG-1").json()
    assert [(row["institution"], row["signed_at"] is not None) for row in said["party_rows"]] == [("HERE", True), ("THERE", True)]
    assert [row["to_status"] for row in said["steps"]] == ["draft", "signed", "active", "suspended", "active", "ended"]


def test_a_step_from_where_the_agreement_does_not_stand_is_a_conflict_and_changes_nothing(client, places, officers):
    draft(client, officers)
    before = AuditEntry.objects.count()

    answer = post(client, "agreements/AG-1/resume", {"institution": "HERE"})

    assert (answer.status_code, answer.json()["code"], answer.json()["state"]) == (409, "wrong_state", "draft")
    assert (Agreement.objects.get().status, Agreement.objects.get().steps.count()) == ("draft", 1)
    assert AuditEntry.objects.count() == before


def test_nobody_signs_for_another_institution_nor_another_text(client, places, officers):
    made = draft(client, officers).json()

    for_others = post(client, "agreements/AG-1/sign", {"institution": "THERE", "text_hash": made["text_hash"]})
    other_text = post(client, "agreements/AG-1/sign", {"institution": "HERE", "text_hash": "0" * 64})
    client.logout()
    by_token = post(
        client,
        "agreements/AG-1/sign",
        {"institution": "HERE", "text_hash": made["text_hash"]},
        **bearer(token_of(places[0], "results:write")),
    )

    assert (for_others.status_code, other_text.status_code, other_text.json()["code"], by_token.status_code) == (
        403,
        409,
        "other_text",
        401,
    )
    assert Agreement.objects.get().signatures.count() == 0


def test_a_number_that_is_taken_and_parties_that_do_not_fit_are_refused(client, places, officers):
    draft(client, officers)
    taken = draft(client, officers, key="d2")
    alone = draft(client, officers, key="d3", code="AG-2", parties=[{"institution": "HERE", "role": "both"}])
    unknown = draft(client, officers, key="d4", code="AG-2", parties=[{"institution": "NOWHERE", "role": "both"}])

    assert [answer.json()["code"] for answer in (taken, alone, unknown)] == ["code_taken", "bad_parties", "unknown_party"]
    assert Agreement.objects.count() == 1


# --- rule books ---


def test_a_version_is_downloaded_and_imported_again_as_it_was(client, bank):
    answer = client.get(f"/api/v1/{version_address(bank)}/file/json")
    again = import_version(bank.version.book, [("book.json", answer.content)], valid_from=date(2027, 1, 1), actor=bank.officer)

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    strip = [{**rule.__dict__, "version": 0} for rule in rule_base(bank.version).rules]
    assert [{**rule.__dict__, "version": 0} for rule in rule_base(again).rules] == strip
    assert limits_of(again) == limits_of(bank.version)


def test_what_is_unchanged_is_not_sent_again(client, bank):
    first = client.get(f"/api/v1/{version_address(bank)}")
    second = client.get(f"/api/v1/{version_address(bank)}", HTTP_IF_NONE_MATCH=first["ETag"])

    assert (first.status_code, second.status_code, second.content) == (200, 304, b"")


def stricter(bank):
    """A draft whose rules ask for 90."""
    rules = [
        {"id": row.code, "lhs": row.lhs | {"min_score": "90"}, "grants": row.grants, "route": row.route}
        for row in bank.version.rules.order_by("code")
    ]
    return draft_version(bank.version.book, rules=rules, limits=[], valid_from=date(2027, 1, 1), actor=bank.officer)


def test_a_draft_exists_for_its_desk_alone_with_its_changes_in_words_and_its_lint(client, bank):
    stricter(bank)
    stranger = client.get(f"/api/v1/{version_address(bank, 2)}").status_code
    client.force_login(bank.reviewer)

    changes = client.get(f"/api/v1/{version_address(bank, 2)}/changes").json()
    findings = client.get(f"/api/v1/{version_address(bank, 2)}/findings").json()

    assert (stranger, changes["against"], [(row["kind"], row["id"]) for row in changes["changes"]]) == (
        404,
        1,
        [("changed", "R1"), ("changed", "R2")],
    )
    assert [piece for piece in changes["changes"][0]["pieces_en"] if piece[0] != "="] == [["-", "60"], ["+", "90"]]
    assert findings["blocked"] is False
    assert {row["code"] for row in findings["findings"]} <= {"L03", "L04", "L22"}
    client.force_login(UserFactory())
    assert client.get(f"/api/v1/{version_address(bank)}/findings").status_code == 403


def test_a_draft_is_imported_published_and_retired_by_two_persons(client, bank):
    client.force_login(bank.officer)
    book = client.get(f"/api/v1/{version_address(bank)}/file/json").content
    body = {"valid_from": "2027-01-01", "uploads": SimpleUploadedFile("book.json", book)}
    made = client.post(f"/api/v1/rulebooks/{bank.version.book.code}/versions", body)
    own = post(client, f"{version_address(bank, 2)}/publish", {})
    client.force_login(bank.reviewer)
    done = post(client, f"{version_address(bank, 2)}/publish", {})
    again = post(client, f"{version_address(bank, 2)}/publish", {})
    ended = post(client, f"{version_address(bank, 2)}/retire", {"last_day": "2027-12-31", "reason": "改版"})

    assert (made.status_code, made.json()["status"], own.status_code) == (201, "draft", 403)
    assert (again.status_code, again.json()["code"]) == (409, "not_a_draft")
    assert (done.json()["status"], ended.json()["status"], ended.json()["valid_to"]) == ("published", "retired", "2027-12-31")


def test_files_with_mistakes_are_answered_with_every_complaint_and_no_draft(client, bank):
    client.force_login(bank.officer)
    table = "rule_id,row,outcome,min_score,kind,credits\nR1,from,SRC:C1,many,,\nR1,to,HOME:T1,,gift,3\n"
    body = {"valid_from": "2027-01-01", "uploads": SimpleUploadedFile("rules.csv", table.encode())}

    answer = client.post(f"/api/v1/rulebooks/{bank.version.book.code}/versions", body)

    assert (answer.status_code, answer.json()["code"], RuleBookVersion.objects.count()) == (422, "bad_files", 1)
    assert {problem["row"] for problem in answer.json()["problems"] if problem["file"] == "rules.csv"} == {2, 3}


# --- simulation and plan ---


def test_a_simulation_is_started_once_followed_and_downloaded(client, bank, django_capture_on_commit_callbacks):
    make_application(bank)
    stricter(bank)
    client.force_login(bank.officer)
    with django_capture_on_commit_callbacks(execute=True):
        started = post(client, f"{version_address(bank, 2)}/simulations", key="s1").json()
        again = post(client, f"{version_address(bank, 2)}/simulations", key="s1").json()

    said = client.get(f"/api/v1/simulations/{started['uuid']}").json()
    rows = client.get(f"/api/v1/simulations/{started['uuid']}/learners/csv").content.decode().splitlines()
    client.force_login(UserFactory())

    assert (again["uuid"], SimulationRun.objects.count(), said["state"], said["done"] == said["total"]) == (
        started["uuid"],
        1,
        "done",
        True,
    )
    assert (said["report"]["learners"], len(rows)) == (1, 2)
    assert client.get(f"/api/v1/simulations/{started['uuid']}").status_code == 404


def test_a_plan_says_where_somebody_stands_and_what_to_take(client, bank):
    learner = make_learner(bank, records=1)
    client.force_login(learner)

    plan = client.get(f"/api/v1/me/plans/{bank.programme.code}").json()

    stand = {row["path"]: (row["done"], row["gap"]["have"] if row["gap"] else None) for row in plan["requirements"]}
    assert stand == {"1.1": (True, "1"), "1.2": (False, "0")}
    assert [course["outcome"] for course in plan["courses"]] == [bank.outcomes[1].code]


def test_what_counts_as_an_outcome_and_towards_a_programme(client, bank):
    target = bank.programme.requirements.order_by("path")[0].outcomes[0]

    one = client.get(f"/api/v1/outcomes/{target}/sources").json()
    all_of = client.get(f"/api/v1/programmes/{bank.programme.code}/sources").json()

    assert [(row["rule"], row["kind"]) for row in one["sources"]] == [("R1", "course")]
    assert [(row["path"], [source["rule"] for source in row["sources"]]) for row in all_of["requirements"]] == [
        ("1.1", ["R1"]),
        ("1.2", ["R2"]),
    ]
    client.force_login(make_learner(bank))
    assert [row["posted"] for row in client.get("/api/v1/me/conversions").json()["answers"]] == ["5"]


# --- account and papers ---


def test_balances_as_of_a_day_and_the_statement_page_by_page(client, bank):
    now = timezone.now()
    application = confirm_decision(make_application(bank, state="second_review", at=now), actor=bank.reviewer, at=now)
    client.force_login(application.learner)

    def balance(days):
        on = timezone.localdate() - timedelta(days=days)
        rows = client.get("/api/v1/me/account", {"on": on.isoformat()}).json()["balances"]
        return {row["unit"]: (row["available"], row["held"], row["awarded"], row["used"]) for row in rows if row["unit"] in {"A", "V"}}

    assert balance(1) == {"A": ("0", "0", "0", "0"), "V": ("0", "0", "0", "0")}
    assert balance(0) == {"A": ("0", "0", "5", "0"), "V": ("0", "0", "0", "8")}
    whole = client.get("/api/v1/me/account/V/statement").json()
    first = client.get("/api/v1/me/account/V/statement", {"limit": 2}).json()
    rest = client.get("/api/v1/me/account/V/statement", {"cursor": first["next_cursor"]}).json()
    assert (first["lines"] + rest["lines"], whole["opening"], whole["closing"]) == (whole["lines"], "0", "0")
    assert client.get("/api/v1/me/account/V/statement", {"cursor": "x"}).json()["code"] == "bad_cursor"
    assert client.get("/api/v1/me/account/file/csv").content.decode("utf-8-sig").count("\n") == 1 + len(whole["lines"]) + 1


def test_a_certificate_is_fetched_once_checked_by_anybody_and_revoked_by_a_second_person(client, bank):
    application = confirm_decision(make_application(bank, state="second_review"), actor=bank.reviewer, at=LATER)
    client.force_login(application.learner)

    made = post(client, f"me/applications/{application.reference}/certificate", key="c1").json()
    again = post(client, f"me/applications/{application.reference}/certificate", key="c2")
    document = client.get(f"/api/v1/me/certificates/{made['uuid']}/document").content
    client.logout()
    by_code = client.get(f"/api/v1/verify/{made['code']}").json()
    by_file = client.post("/api/v1/verify", {"file": SimpleUploadedFile("c.json", document)}).json()
    altered = client.post("/api/v1/verify", {"file": SimpleUploadedFile("c.json", document.replace(b'"5"', b'"9"'))}).json()
    client.force_login(person_as(Role.REVIEWER, bank.institution))
    revoked = post(client, f"desk/certificates/{made['uuid']}/revoke", {"reason": "成绩有误"}).json()

    assert (made["standing"], again.status_code, again.json()["code"]) == ("valid", 409, "certificate_exists")
    assert (by_code["standing"], by_code["holder"], by_code["credits"]) == ("valid", "林*雯", [{"unit": "A", "credits": "5"}])
    assert (by_file["standing"], altered["standing"], revoked["standing"]) == ("valid", "altered", "revoked")
    assert check_code(made["code"], on=timezone.localdate()).reason == "成绩有误"
    assert client.get("/api/v1/verify/NOSUCHCODE22").json()["standing"] == "unknown"


# --- files of results ---


def test_a_file_of_results_is_read_in_the_background_confirmed_by_its_system_and_released_by_a_person(
    client, bank, django_capture_on_commit_callbacks
):
    learner, token = UserFactory(), token_of(bank.source, "results:write", "results:read")
    row = results_of(bank, learner)["results"][0]
    table = ",".join(row) + "\n" + ",".join(row.values()) + "\n"
    with django_capture_on_commit_callbacks(execute=True):
        made = client.post(
            "/api/v1/results/file", {"file": SimpleUploadedFile("spring.csv", table.encode())}, **bearer(token, HTTP_IDEMPOTENCY_KEY="f1")
        ).json()
    address = f"/api/v1/results/{made['uuid']}"

    read = client.get(address, **bearer(token)).json()
    other = client.post(f"{address}/submit", **bearer(token_of(bank.source, "results:write")))
    sent = client.post(f"{address}/submit", **bearer(token)).json()
    client.force_login(bank.officer)
    elsewhere = post(client, f"desk/results/{made['uuid']}/release").status_code
    client.force_login(person_as(Role.REVIEWER, bank.source))
    with django_capture_on_commit_callbacks(execute=True):
        post(client, f"desk/results/{made['uuid']}/release")

    assert (made["state"], read["state"], read["rows"], read["credits"]) == ("reading", "read", 1, "4")
    assert (other.status_code, sent["state"], elsewhere) == (403, "submitted", 404)
    assert (ResultBatch.objects.get().state, LearningRecord.objects.get().credits) == ("released", Decimal(4))


def test_errors_of_a_file_come_page_by_page(client, bank):
    token = token_of(bank.source, "results:write", "results:read")
    body = results_of(bank, UserFactory(), score="101")
    body["results"] = [{**body["results"][0], "result_id": f"S-{n}"} for n in range(3)]
    made = client.post("/api/v1/results", body, content_type="application/json", **bearer(token, HTTP_IDEMPOTENCY_KEY="k")).json()
    address = f"/api/v1/results/{made['uuid']}/errors"

    first = client.get(address, {"limit": 2}, **bearer(token)).json()
    rest = client.get(address, {"limit": 2, "cursor": first["next_cursor"]}, **bearer(token)).json()

    assert [error["row"] for error in first["items"] + rest["items"]] == [1, 2, 3]
    assert (rest["next_cursor"], client.get(f"{address}/file", **bearer(token)).content[:2]) == (None, b"PK")


# --- errors ---


@pytest.mark.parametrize(
    ("language", "title", "message"),
    [("zh-hans", "有些内容不符合要求。", "最多 4000 个字符。"), ("en", "Some values are not valid.", "At most 4000 characters.")],
)
def test_what_is_wrong_is_said_in_the_language_of_the_call(client, bank, language, title, message):
    application = make_application(bank)
    client.force_login(application.learner)
    before = AuditEntry.objects.count()

    answer = post(
        client,
        f"me/applications/{application.reference}/appeals",
        {"ground": "rule", "text": "x" * 4001},
        "k",
        HTTP_ACCEPT_LANGUAGE=language,
    )

    assert (answer.status_code, answer["Content-Type"], answer.json()["title"]) == (422, "application/problem+json", title)
    assert answer.json()["errors"] == [{"field": "body.text", "code": "string_too_long", "message": message}]
    assert AuditEntry.objects.count() == before


def test_text_that_no_database_keeps_is_cleaned_before_it_arrives(client, bank):
    application = make_application(bank, state="checking")
    client.force_login(application.learner)
    body = json.dumps({"text": "不再需要\u0000"}, ensure_ascii=False).replace("不", "\\ud800不")

    answer = client.post(f"/api/v1/me/applications/{application.reference}/withdrawal-request", body, content_type="application/json")

    assert answer.status_code == 200
    assert application.steps.latest("id").note == "?不再需要"
    assert timezone.now() - timedelta(minutes=5) < application.steps.latest("id").at
