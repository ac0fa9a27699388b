"""The desk over HTTP beyond single decisions: whose case it is, panels, taking back, and what a desk keeps in order.

Every step is the page's action with the page's permission; who may not take it is refused in the same way, and nothing moves.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.api import api
from creditbank.api import (
    AccountMerger,
    Application,
    Correction,
    ExpertStanding,
    RecognitionPolicy,
    SourceReview,
    SpotCheckDraw,
    balances,
    find_faults,
    request_withdrawal,
)
from foundation.api import AuditEntry
from identity.api import Role
from learning.api import LearningRecord
from tests.creditbank.recognition.test_actions import state_of_everything
from tests.creditbank.recognition.test_routes import new_rules
from tests.creditbank.test_rest import bearer, token_of
from tests.creditbank.test_rest_cases import post
from tests.factories.creditbank import earn, make_application, make_bank, make_learner
from tests.factories.identity import MembershipFactory, UserFactory, person_as
from tests.factories.learning import make_record

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def bank():
    return make_bank()


def case(bank, state, **facts):
    return make_application(bank, state=state, at=timezone.now(), **facts)


def steps(client, row, name, body=None, key=None):
    return post(client, f"desk/applications/{row.reference}/{name}", body, key)


def code(answer):
    return answer.status_code, answer.json().get("code", "")


# --- whose case it is ---


def test_a_case_is_given_back_by_who_has_it_and_taken_by_another(client, bank):
    row, other = case(bank, "checking"), person_as(Role.CREDIT_OFFICER, bank.institution)
    client.force_login(other)
    not_theirs = steps(client, row, "release")
    client.force_login(bank.officer)

    freed = steps(client, row, "release")
    again = steps(client, row, "release")
    client.force_login(other)
    taken = post(client, "desk/next")
    empty = post(client, "desk/next")

    assert (code(not_theirs), freed.status_code, code(again)) == ((409, "not_their_case"), 200, (409, "not_their_case"))
    assert (taken.json()["reference"], taken.json()["state"], code(empty)) == (row.reference, "checking", (409, "nothing_waits"))
    assert Application.objects.get().first_officer == other
    said = AuditEntry.objects.filter(object_key=str(row.uuid)).order_by("-id").values_list("action", "actor_uuid")[:2]
    assert list(said) == [("recognition.claim", other.uuid), ("recognition.release", bank.officer.uuid)]


def test_a_case_is_given_to_an_officer_of_the_institution_alone(client, bank):
    row, other, stranger = case(bank, "submitted"), person_as(Role.CREDIT_OFFICER, bank.institution), person_as(Role.CREDIT_OFFICER)
    client.force_login(bank.reviewer)

    people = client.get(f"/api/v1/desk/applications/{row.reference}/officers").json()["items"]
    refused = steps(client, row, "assign", {"to": str(stranger.uuid)})
    done = steps(client, row, "assign", {"to": str(other.uuid)})

    assert {one["uuid"] for one in people} == {str(bank.officer.uuid), str(other.uuid)}
    assert (code(refused), done.status_code, Application.objects.get().first_officer) == ((422, "unknown_officer"), 200, other)


def test_several_cases_are_taken_at_once_and_each_stands_for_itself(client, bank):
    free, taken = case(bank, "submitted"), case(bank, "checking", learner=make_learner(bank))
    other = person_as(Role.CREDIT_OFFICER, bank.institution)
    client.force_login(other)

    done = post(client, "desk/hand-out", {"cases": [free.reference, taken.reference]}, "k")
    again = post(client, "desk/hand-out", {"cases": [free.reference, taken.reference]}, "k")
    nobody = post(client, "desk/hand-out", {"cases": [free.reference], "to": str(bank.reviewer.uuid)})
    beyond = post(client, "desk/hand-out", {"cases": [free.reference, "RC-1"]})

    assert (done.json()["given"], [one["code"] for one in done.json()["kept"]]) == ([free.reference], ["wrong_state"])
    assert (again.json(), code(nobody), beyond.status_code) == (done.json(), (422, "unknown_officer"), 404)


def test_who_stands_aside_decides_nothing_and_the_case_is_free(client, bank):
    row = case(bank, "checking")
    client.force_login(bank.officer)

    done = steps(client, row, "stand-aside", {"text": "申请人是我的亲属"})
    refused = steps(client, row, "claim")

    assert (done.status_code, Application.objects.get().first_officer, code(refused)) == (200, None, (409, "involved"))
    client.force_login(row.learner)
    assert steps(client, row, "stand-aside", {"text": "x"}).status_code == 403


def test_a_repeated_step_with_its_key_answers_as_before_and_another_callers_key_is_another(client, bank):
    row = case(bank, "submitted")
    client.force_login(bank.officer)

    first, again = steps(client, row, "claim", key="k"), steps(client, row, "claim", key="k")
    without = steps(client, row, "claim")
    client.force_login(person_as(Role.CREDIT_OFFICER, bank.institution))
    elsewhere = steps(client, row, "claim", key="k")

    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert (code(without), code(elsewhere)) == ((409, "wrong_state"), (409, "wrong_state"))
    assert AuditEntry.objects.filter(action="recognition.claim").count() == 1


def test_a_key_that_comes_with_another_text_is_refused_and_changes_nothing(client, bank):
    row = case(bank, "checking")
    client.force_login(bank.officer)
    assert steps(client, row, "ask", {"text": "请补交成绩单"}, "k").status_code == 200
    before = state_of_everything()

    answer = steps(client, row, "ask", {"text": "另一句话"}, "k")

    assert (code(answer), state_of_everything()) == ((422, "idempotency_key_reused"), before)


def test_a_token_takes_no_step_at_the_desk(client, bank):
    row = case(bank, "submitted")
    head = bearer(token_of(bank.institution, "applications:read"))
    before = state_of_everything()

    answers = [
        post(client, f"desk/applications/{row.reference}/{name}", {"text": "x", "to": str(bank.officer.uuid), "grant": True}, **head)
        for name in ("claim", "assign", "release", "stand-aside", "rerun", "votes", "answer-withdrawal")
    ]

    assert ({one.status_code for one in answers}, state_of_everything()) == ({401}, before)


# --- a wish to withdraw, a newer version ---


def test_a_wish_to_withdraw_is_granted_or_refused_with_a_reason(client, bank):
    row = case(bank, "checking")
    request_withdrawal(row, actor=row.learner, at=timezone.now() + timedelta(hours=1), reason="换专业")
    client.force_login(bank.officer)

    silent = steps(client, row, "answer-withdrawal", {"grant": False})
    refused = steps(client, row, "answer-withdrawal", {"grant": False, "note": "已进入复核"})

    assert (code(silent), refused.json()["state"]) == ((422, "note_missing"), "checking")
    assert code(steps(client, row, "answer-withdrawal", {"grant": True})) == (409, "wrong_state")


def test_a_case_is_worked_out_under_newer_rules_only_if_the_learner_gains(client, bank):
    row = case(bank, "checking")
    client.force_login(bank.officer)
    same = steps(client, row, "rerun")
    new_rules(bank, valid_from=timezone.localdate(), amounts=("4", "2"))

    done = steps(client, row, "rerun", key="k")

    assert (code(same), done.json()["proposed_credits"], steps(client, row, "rerun", key="k").json()) == (
        (409, "no_gain"),
        "6",
        done.json(),
    )
    assert Application.objects.get().reruns.count() == 1


# --- panels ---


def test_a_panel_of_three_votes_and_the_majority_posts(client):
    bank = make_bank(route="panel")
    row, expert = case(bank, "second_review"), person_as(Role.EXPERT, bank.institution)
    client.force_login(bank.reviewer)

    silent = steps(client, row, "votes", {"vote": "oppose"})
    first = steps(client, row, "votes", {"vote": "oppose", "note": "内容不足"})
    twice = steps(client, row, "votes", {"vote": "approve"})
    client.force_login(expert)
    last = steps(client, row, "votes", {"vote": "approve"}, "k")
    votes = client.get(f"/api/v1/desk/applications/{row.reference}/votes").json()

    assert (code(silent), first.json()["state"], code(twice)) == ((422, "note_missing"), "second_review", (409, "same_person"))
    assert (last.json()["state"], votes["needed"]) == ("posted", 3)
    assert [(one["voter"], one["vote"], one["as_expert"]) for one in votes["items"]] == [
        (str(bank.reviewer.uuid), "oppose", False),
        (str(expert.uuid), "approve", True),
    ]
    assert find_faults() == []


def test_where_two_decide_there_is_no_vote_and_who_holds_no_role_gives_none(client, bank):
    row = case(bank, "second_review")
    before = state_of_everything()
    client.force_login(bank.reviewer)
    pair = steps(client, row, "votes", {"vote": "approve"})
    client.force_login(bank.officer)

    assert (code(pair), steps(client, row, "votes", {"vote": "approve"}).status_code) == ((409, "no_panel"), 403)
    assert state_of_everything() == before


# --- taking back ---


def test_an_award_is_reversed_once_a_second_person_agrees(client, bank):
    row = case(bank, "second_review")
    client.force_login(bank.reviewer)
    steps(client, row, "confirm")
    client.force_login(bank.officer)

    made = steps(client, row, "propose-reversal", {"reason": "材料系伪造"}, "k")
    again = steps(client, row, "propose-reversal", {"reason": "材料系伪造"}, "k")
    address = f"desk/corrections/{made.json()['uuid']}"
    alone = post(client, f"{address}/agree")
    client.force_login(bank.reviewer)
    listed = client.get("/api/v1/desk/corrections?state=proposed").json()["items"]
    done = post(client, f"{address}/agree")

    assert (made.status_code, again.json(), listed, alone.status_code) == (201, made.json(), [made.json()], 403)
    assert (done.json()["state"], Application.objects.get().state) == ("done", "reversed")
    assert balances(row.learner.uuid)["A"].awarded == 0
    assert code(post(client, f"{address}/refuse", {"reason": "x"})) == (409, "wrong_state")
    assert find_faults() == []


def test_a_result_is_taken_back_by_two_persons_of_its_issuer_and_the_case_is_looked_at_again(client, bank):
    row = case(bank, "checking")
    record = LearningRecord.objects.filter(learner=row.learner).order_by("id")[0]
    officer, reviewer = person_as(Role.CREDIT_OFFICER, bank.source), person_as(Role.REVIEWER, bank.source)
    client.force_login(bank.officer)
    elsewhere = post(client, "desk/corrections", {"record": str(record.uuid), "reason": "x"}, "k")
    client.force_login(officer)
    shown = client.get("/api/v1/desk/issued?q=来源课程1").json()["items"]

    made = post(client, "desk/corrections", {"record": str(record.uuid), "reason": "成绩录入有误"}, "k")
    twice = post(client, "desk/corrections", {"record": str(record.uuid), "reason": "成绩录入有误"}, "k2")
    client.force_login(reviewer)
    done = post(client, f"desk/corrections/{made.json()['uuid']}/agree")
    client.force_login(bank.officer)
    review = client.get("/api/v1/desk/reviews?state=open").json()["items"][0]
    kept = post(client, f"desk/reviews/{review['number']}/keep", {"reason": "另有一门相当"})

    assert (code(elsewhere), code(twice)) == ((422, "unknown_record"), (409, "already_proposed"))
    assert [(one["uuid"], one["credit"]) for one in shown] == [(str(record.uuid), {"held": "4"})]
    assert (done.json()["state"], review["application"], kept.json()["state"]) == ("done", row.reference, "kept")
    assert SourceReview.objects.get().closed_by == bank.officer
    assert find_faults() == []


def test_credit_that_waits_is_confirmed_by_an_officer_of_its_issuer_once(client, bank):
    record = make_record(
        UserFactory(), institution=bank.source, credits=Decimal(3), credit_system=bank.outcomes[0].system, source="self", auto_deposit=False
    )
    officer = person_as(Role.CREDIT_OFFICER, bank.source)
    client.force_login(bank.officer)
    foreign = post(client, f"desk/deposits/{record.uuid}/confirm")
    client.force_login(officer)
    waiting = client.get("/api/v1/desk/deposits").json()["items"]

    done = post(client, f"desk/deposits/{record.uuid}/confirm", key="k")

    assert (foreign.status_code, [one["credit"] for one in waiting]) == (404, [{"pending": "3"}])
    assert (done.json()["credit"], client.get("/api/v1/desk/deposits").json()["items"]) == ({"available": "3"}, [])


# --- what a desk keeps in order ---


def test_a_standing_is_entered_for_an_expert_and_ended_with_a_reason(client, bank):
    expert = person_as(Role.EXPERT, bank.institution, name="方岚")
    said = {"institution": bank.institution.code, "person": str(expert.uuid), "field": "护理", "since": "2015-01-01"}
    client.force_login(bank.officer)

    no_expert = post(client, "desk/standings", said | {"person": str(bank.reviewer.uuid)}, "k1")
    too_soon = post(client, "desk/standings", said | {"since": "2999-01-01"}, "k2")
    elsewhere = post(client, "desk/standings", said | {"institution": bank.source.code}, "k3")
    made, again = post(client, "desk/standings", said, "k4"), post(client, "desk/standings", said, "k4")
    member = next(one for one in client.get("/api/v1/desk/panel-members").json()["items"] if one["name"] == "方岚")
    ended = post(client, f"desk/standings/{made.json()['number']}/end", {"reason": "离职"})

    assert [(one.status_code, one.json()["field"]) for one in (no_expert, too_soon)] == [(422, "person"), (422, "since")]
    assert (elsewhere.status_code, made.status_code, again.json(), ExpertStanding.objects.count()) == (403, 201, made.json(), 1)
    assert (member["roles"], member["since"], ended.json()["ended_why"]) == (["expert"], "2015-01-01", "离职")


def test_a_spot_check_is_drawn_by_a_reviewer_and_answered_by_somebody_who_had_no_part(client, bank):
    row = case(bank, "second_review")
    client.force_login(bank.reviewer)
    steps(client, row, "confirm")
    today = timezone.localdate().isoformat()
    said = {"institution": bank.institution.code, "since": today, "until": today, "wanted": 5, "seed": "42"}

    turned = post(client, "desk/spot-checks", said | {"until": "2020-01-01"}, "k1")
    none = post(client, "desk/spot-checks", said | {"since": "2020-01-01", "until": "2020-01-02"}, "k2")
    made = post(client, "desk/spot-checks", said, "k3")
    address = f"desk/spot-checks/{made.json()['uuid']}"
    own = post(client, f"{address}/1", {"outcome": "right"})
    client.force_login(person_as(Role.REVIEWER, bank.institution))
    silent = post(client, f"{address}/1", {"outcome": "wrong"})
    done = post(client, f"{address}/1", {"outcome": "formal", "note": "缺签名"})

    assert (code(turned), code(none), code(own)) == ((422, "bad_period"), (409, "nothing_to_draw"), (409, "same_person"))
    assert (made.json()["population"], [one["application"] for one in made.json()["checks"]]) == (1, [row.reference])
    assert (code(silent), done.json()["outcome"], post(client, f"{address}/9", {"outcome": "right"}).status_code) == (
        (422, "note_missing"),
        "formal",
        404,
    )
    assert SpotCheckDraw.objects.count() == 1


def test_two_logins_are_merged_by_two_persons_and_the_books_balance(client, bank):
    first, second = make_learner(bank), UserFactory(email="second@example.org")
    for person in (first, second):
        MembershipFactory(person=person, institution=bank.institution, role=Role.LEARNER)
    said = {"institution": bank.institution.code, "source": first.email, "destination": second.email, "reason": "当面核对"}
    client.force_login(bank.officer)

    unknown = post(client, "desk/mergers", said | {"source": UserFactory().email}, "k1")
    made, again = post(client, "desk/mergers", said, "k2"), post(client, "desk/mergers", said, "k2")
    address = f"desk/mergers/{made.json()['uuid']}"
    alone = post(client, f"{address}/agree")
    client.force_login(bank.reviewer)
    done = post(client, f"{address}/agree", key="k")

    assert ((unknown.status_code, unknown.json()["fields"]), made.json()["follows"]) == ((422, ["source"]), {"V": "8"})
    assert (again.json(), alone.status_code, done.json()["state"], done.json()["follows"]) == (made.json(), 403, "done", {})
    assert (balances(second.uuid)["V"].available, post(client, f"{address}/agree", key="k").json()) == (Decimal(8), done.json())
    assert client.get("/api/v1/desk/mergers?state=done").json()["items"][0]["transaction"] == done.json()["transaction"]
    assert (AccountMerger.objects.count(), find_faults()) == (1, [])


def test_periods_are_drafted_by_an_officer_and_published_by_another(client, bank):
    said = {"institution": bank.institution.code, "valid_from": "2026-09-01", "decide_days": 10}
    client.force_login(bank.officer)

    nobody_above = post(client, "desk/policies", said | {"last_default_result": "escalate"}, "k1")
    made = post(client, "desk/policies", said, "k2")
    address = f"desk/policies/{made.json()['number']}/publish"
    own = post(client, address)
    client.force_login(bank.reviewer)
    done = post(client, address)

    assert (code(nobody_above), own.status_code, done.status_code, code(post(client, address))) == (
        (422, "invalid"),
        403,
        200,
        (409, "wrong_state"),
    )
    assert (made.json()["published_at"], done.json()["decide_days"], done.json()["published_at"] is not None) == (None, 10, True)
    assert RecognitionPolicy.objects.get(pk=made.json()["number"]).valid_from == date(2026, 9, 1)


def test_figures_are_those_of_the_page_and_no_other_period_is_asked_for(client, bank):
    row = case(bank, "second_review")
    client.force_login(bank.reviewer)
    steps(client, row, "confirm")

    said = client.get("/api/v1/desk/report?days=30").json()

    assert (said["decided"], said["proposed"], said["recognised"], said["rate"]) == (1, "5", "5", 100)
    assert client.get("/api/v1/desk/report?days=31").status_code == 422


def test_a_file_for_the_catalogue_is_brought_and_stored_or_every_complaint_is_told(client, bank):
    client.force_login(bank.officer)
    here = bank.institution.code
    table = f"outcome,owner,title_zh,credits,system\n{here}:NEW,{here},新课,2,A\n"

    def bring(content, **more):
        file = SimpleUploadedFile("outcomes.csv", content.encode())
        return client.post("/api/v1/desk/catalogue", {"file": file, "institution": here, **more}, HTTP_IDEMPOTENCY_KEY=content[-9:].strip())

    bad = bring(table.replace(",2,A", ",two,A"))
    made, again = bring(table), bring(table)
    elsewhere = bring(table, institution=bank.source.code)
    address = f"desk/catalogue/{made.json()['uuid']}"
    done, twice = post(client, f"{address}/confirm", key="k"), post(client, f"{address}/put-aside")

    assert (bad.status_code, bad.json()["problems"][0]["column"]) == (422, "credits")
    assert (made.status_code, again.json(), elsewhere.status_code, made.json()["state"]) == (201, made.json(), 403, "read")
    assert (done.json()["state"], code(twice)) == ("stored", (409, "wrong_state"))
    assert client.get(f"/api/v1/outcomes/{here}:NEW").json()["title_zh"] == "新课"
    assert [one["state"] for one in client.get("/api/v1/desk/catalogue").json()["items"]] == ["stored"]


# --- all of them ---


def test_lists_ask_as_much_for_many_rows_as_for_one(client, bank):
    learner, officer = UserFactory(), person_as(Role.CREDIT_OFFICER, bank.source)
    addresses = ("corrections", "issued", "deposits", "standings", "spot-checks", "mergers", "policies", "reviews")

    def asked():
        counts = []
        for address in addresses:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(f"/api/v1/desk/{address}").status_code == 200
            counts.append(len(queries))
        return counts

    client.force_login(officer)
    for number in range(8):
        record = earn(bank, learner)
        post(client, "desk/corrections", {"record": str(record.uuid), "reason": f"第{number}项"}, f"k{number}")
        if number == 0:
            few = asked()
    assert (Correction.objects.count(), asked()) == (8, few)


def test_every_step_can_be_sent_again_with_a_key():
    reads = {"/api/v1/convert", "/api/v1/verify", "/api/v1/case-files/check", "/api/v1/desk/submissions/{code}/look",
             "/api/v1/rulebooks/{book}/versions/{number}/preview"}  # fmt: skip
    files = {"/api/v1/desk/applications/{reference}/case-file", "/api/v1/desk/submissions/{code}"}
    """Asked again they are made again, and who took them is written down again."""
    silent = [
        path
        for path, methods in api.get_openapi_schema()["paths"].items()
        if "post" in methods
        and path not in reads | files
        and "Idempotency-Key" not in [one["name"] for one in methods["post"].get("parameters", ())]
    ]

    assert silent == []
