"""The learner's way and the desk's, by HTTP: what each may see and do, and that nothing bad is typed into a 500."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from creditbank.api import Application, Transaction, balances, confirm_decision, find_faults
from foundation.api import AuditEntry
from identity.api import Role
from tests.factories.creditbank import AT, LATER, all_lines, earn, make_application, make_bank, make_learner
from tests.factories.identity import UserFactory, person_as

pytestmark = pytest.mark.django_db
NAUGHTY = ["\x00", "'", '"', "%", "Ω≈ç√", "' OR 1=1 --", "x" * 10000, "../../etc/passwd", "{{7*7}}", "田中さん", "-1", "9" * 40]


@pytest.fixture
def bank():
    return make_bank()


def text(response) -> str:
    return response.content.decode()


def writes() -> tuple[int, int, int]:
    return Transaction.objects.count(), AuditEntry.objects.count(), Application.objects.count()


def decision(application, choice="accept", **more) -> dict[str, str]:
    typed = {"message": ""}
    for line in application.lines.all():
        typed |= {
            f"choice_{line.position}": choice,
            f"amount_{line.position}": "",
            f"reason_{line.position}": "",
            f"note_{line.position}": "",
        }
    return typed | more


# --- the learner ---


def test_the_whole_journey_by_http(client, bank):
    learner = make_learner(bank)
    client.force_login(learner)
    assert bank.programme.code in text(client.get("/my/applications/new/"))
    page = client.get(f"/my/applications/new/{bank.programme.code}/")
    shown = page.context["proposal"].decision.snapshot_hash
    assert "来源课程1" in text(page)

    sent = client.post(f"/my/applications/new/{bank.programme.code}/", {"shown": shown, "declare": "on"})
    application = Application.objects.get()
    assert sent["Location"] == f"/my/applications/{application.reference}/"
    assert application.reference in text(client.get(sent["Location"]))

    client.force_login(bank.officer)
    case = f"/desk/cases/{application.reference}/"
    assert application.reference in text(client.get("/desk/"))
    client.post(f"{case}claim/")
    client.post(f"{case}decide/", decision(application))
    client.post(f"{case}confirm/")
    assert Application.objects.get().state == "second_review"

    client.force_login(bank.reviewer)
    assert client.get(case).context["may_confirm"]
    client.post(f"{case}confirm/")

    assert Application.objects.get().state == "posted"
    assert balances(learner.uuid)["A"].awarded == Decimal(5)
    client.force_login(learner)
    for address in ("/my/credits/", "/my/credits/?unit=A", "/en/my/credits/?unit=A", sent["Location"]):
        assert client.get(address).status_code == 200
    assert find_faults() == []


def test_without_the_declaration_nothing_is_sent(client, bank):
    client.force_login(make_learner(bank))
    before = writes()

    answer = client.post(f"/my/applications/new/{bank.programme.code}/", {"shown": "x"})

    assert answer.context["form"].errors["declare"]
    assert writes() == before


def test_a_page_that_is_out_of_date_is_shown_again_and_nothing_is_sent(client, bank):
    client.force_login(make_learner(bank))
    before = writes()

    answer = client.post(f"/my/applications/new/{bank.programme.code}/", {"shown": "0" * 64, "declare": "on"})

    assert answer["Location"] == f"/my/applications/new/{bank.programme.code}/"
    assert writes() == before


def test_an_archive_that_counts_nothing_says_why(client, bank):
    learner = UserFactory()
    earn(bank, learner, score="59")
    client.force_login(learner)

    for language in ("", "/en"):
        page = client.get(f"{language}/my/applications/new/{bank.programme.code}/")
        assert page.status_code == 200
        assert [row.title for row in page.context["shown"].unused] == ["来源课程1" if not language else bank.outcomes[0].title_en]
        assert page.context["shown"].unused[0].reason


@pytest.mark.parametrize("value", NAUGHTY)
def test_naughty_declarations_send_nothing(client, bank, value):
    client.force_login(make_learner(bank))
    before = writes()

    answer = client.post(f"/my/applications/new/{bank.programme.code}/", {"shown": value, "declare": "on"})

    assert answer.status_code in {200, 302}
    assert writes() == before


@pytest.mark.parametrize("step", ["", "withdraw/", "answer/", "accept/"])
def test_other_peoples_applications_do_not_exist(client, bank, step):
    application = make_application(bank)
    before = writes()

    for reader in (UserFactory(), bank.officer):
        client.force_login(reader)
        for reference in (application.reference, "RC-2026-9999", "x" * 300, "%00"):
            address = f"/my/applications/{reference}/{step}"
            answer = client.post(address, {"text": "x"}) if step else client.get(address)
            assert answer.status_code in ({404} if reference != application.reference or reader != bank.officer else {404, 403})

    assert writes() == before


@pytest.mark.parametrize("step", ["withdraw", "answer", "accept"])
def test_steps_of_the_learner_need_a_post(client, bank, step):
    application = make_application(bank)
    client.force_login(application.learner)

    assert client.get(f"/my/applications/{application.reference}/{step}/").status_code == 405


def test_the_learner_withdraws_in_time_and_not_later(client, bank):
    application = make_application(bank, at=timezone.now())
    late = make_application(make_bank(), at=timezone.now() - timedelta(hours=1))
    for row in (application, late):
        client.force_login(row.learner)
        client.post(f"/my/applications/{row.reference}/withdraw/")

    assert [row.state for row in Application.objects.order_by("id")] == ["withdrawn", "submitted"]
    assert balances(application.learner.uuid)["V"].available == Decimal(8)


def test_the_free_minutes_are_said_with_and_without_a_countdown(client, bank):
    row = make_application(bank, at=timezone.now() - timedelta(seconds=30))
    client.force_login(row.learner)

    page = client.get(f"/my/applications/{row.reference}/")

    left = page.context["seconds_to_withdraw"]
    assert 0 < left <= settings.WITHDRAWAL_MINUTES * 60 - 30
    assert f'data-countdown="{left}"' in page.content.decode()
    assert "还剩 {minutes} 分 {seconds} 秒" in page.content.decode()


def test_a_decision_is_told_by_titles_and_not_by_numbers_of_rules(client, bank):
    row = make_application(bank, state="second_review")
    client.force_login(bank.reviewer)
    client.post(f"/desk/cases/{row.reference}/confirm/")
    client.force_login(row.learner)

    page = client.get(f"/my/applications/{row.reference}/").content.decode()

    assert "来源课程1 → 目标课程1" in page
    assert "认定 3.0 / 建议 3.0 学分" in page


def test_the_desk_explains_its_keys_and_they_can_be_switched_off(client, bank):
    make_application(bank)
    client.force_login(bank.officer)

    for path in ("/desk/", f"/desk/cases/{Application.objects.get().reference}/"):
        page = client.get(path).content.decode()
        assert "data-keys-help" in page
        assert "js/desk" in page
        assert "启用单键快捷键" in page


def test_asking_and_answering(client, bank):
    application = make_application(bank, state="checking")
    client.force_login(bank.officer)
    client.post(f"/desk/cases/{application.reference}/ask/", {"ask-text": "请补充成绩单"})
    client.force_login(application.learner)
    assert "请补充成绩单" in text(client.get(f"/my/applications/{application.reference}/"))

    client.post(f"/my/applications/{application.reference}/answer/", {"text": ""})
    assert Application.objects.get().state == "information_requested"
    client.post(f"/my/applications/{application.reference}/answer/", {"text": "已补充<script>"})

    assert Application.objects.get().state == "checking"
    client.force_login(bank.officer)
    page = text(client.get(f"/desk/cases/{application.reference}/"))
    assert "已补充&lt;script&gt;" in page


# --- the desk ---


DESK = ["/desk/", "/desk/deposits/", "/desk/cases/{}/"]


@pytest.mark.parametrize("address", DESK)
def test_the_desk_is_closed_to_learners_and_visitors(client, bank, address):
    application = make_application(bank)
    address = address.format(application.reference)
    assert client.get(address).status_code == 302

    client.force_login(application.learner)

    assert client.get(address).status_code == 403


@pytest.mark.parametrize("step", ["claim", "ask", "decide", "confirm", "send-back"])
def test_cases_of_other_institutions_do_not_exist(client, bank, step):
    application = make_application(bank)
    client.force_login(make_bank().officer)
    before = writes()

    assert client.get(f"/desk/cases/{application.reference}/").status_code == 404
    assert client.post(f"/desk/cases/{application.reference}/{step}/", decision(application)).status_code == 404
    assert application.reference not in text(client.get("/desk/", {"state": "submitted"}))
    assert writes() == before


def test_an_auditor_reads_every_case_and_writes_none(client, bank):
    application = make_application(bank)
    client.force_login(bank.auditor)
    before = writes()

    page = client.get(f"/desk/cases/{application.reference}/")
    assert (page.status_code, page.context["replayed"].outcome) == (200, "same")
    for step in ("claim", "ask", "decide", "confirm", "send-back"):
        assert client.post(f"/desk/cases/{application.reference}/{step}/", {"ask-text": "x", "back-text": "x"}).status_code == 403

    assert writes() == before


def test_an_officer_does_not_see_the_own_case(client, bank):
    for which in range(2):
        earn(bank, bank.officer, which=which)
    application = make_application(bank, learner=bank.officer)
    client.force_login(bank.officer)
    before = writes()

    assert application.reference not in text(client.get("/desk/"))
    assert client.get(f"/desk/cases/{application.reference}/").status_code == 403
    client.post(f"/desk/cases/{application.reference}/claim/")

    assert Application.objects.get().state == "submitted"
    assert writes() == before


def test_a_reviewer_cannot_decide_and_an_officer_cannot_confirm(client, bank):
    application = make_application(bank, state="checking")
    client.force_login(bank.reviewer)
    assert client.post(f"/desk/cases/{application.reference}/decide/", decision(application)).status_code == 403
    client.force_login(bank.officer)
    client.post(f"/desk/cases/{application.reference}/decide/", decision(application))

    assert client.post(f"/desk/cases/{application.reference}/confirm/").status_code == 403
    assert Application.objects.get().state == "second_review"


def test_one_person_in_both_roles_still_does_not_act_twice(client, bank):
    from tests.factories.identity import MembershipFactory

    MembershipFactory(person=bank.officer, institution=bank.institution, role=Role.REVIEWER)
    application = make_application(bank, state="second_review")
    client.force_login(bank.officer)
    before = writes()

    client.post(f"/desk/cases/{application.reference}/confirm/")

    assert Application.objects.get().state == "second_review"
    assert writes() == before


def test_what_the_officer_typed_stays_where_something_is_missing(client, bank):
    application = make_application(bank, state="checking")
    client.force_login(bank.officer)
    before = writes()

    answer = client.post(
        f"/desk/cases/{application.reference}/decide/",
        decision(application, choice_1="change", amount_1="1.3", reason_1="content", note_1="只认可一部分", message="请看理由"),
    )

    assert answer.status_code == 400
    assert "只认可一部分" in text(answer)
    assert "请看理由" in text(answer)
    assert writes() == before


@pytest.mark.parametrize("value", NAUGHTY)
def test_naughty_decisions_change_nothing(client, bank, value):
    application = make_application(bank, state="checking")
    client.force_login(bank.officer)
    before = writes()

    for field in ("choice_1", "amount_1", "reason_1"):
        typed = decision(application, choice_1="change", amount_1="1", reason_1="content")
        answer = client.post(f"/desk/cases/{application.reference}/decide/", typed | {field: value})
        assert answer.status_code == 400, field

    assert client.post(f"/desk/cases/{application.reference}/decide/", {}).status_code == 400
    assert writes() == before


@pytest.mark.parametrize("value", NAUGHTY)
def test_naughty_filters_show_a_list(client, bank, value):
    make_application(bank)
    client.force_login(bank.officer)

    for name in ("state", "q", "page"):
        assert client.get("/desk/", {name: value}).status_code == 200


def test_the_queue_costs_the_same_queries_for_1_and_30_cases(client, bank):
    make_application(bank)
    client.force_login(bank.officer)
    client.get("/desk/")
    with CaptureQueriesContext(connection) as few:
        client.get("/desk/")
    for _ in range(19):
        make_application(bank)

    with CaptureQueriesContext(connection) as many:
        client.get("/desk/")

    assert len(many) == len(few)


def test_the_learners_list_costs_the_same_queries_for_1_and_30_applications(client, bank):
    learner = UserFactory()
    client.force_login(learner)

    def more(count):
        for _ in range(count):
            for which in range(2):
                earn(bank, learner, which=which)
            make_application(bank, learner=learner)

    more(1)
    client.get("/my/applications/")
    with CaptureQueriesContext(connection) as few:
        client.get("/my/applications/")
    rows = Application.objects.get()
    for number in range(2, 31):
        rows.pk, rows.uuid, rows.reference = None, uuid4(), f"RC-2026-{number:04d}"
        rows._state.adding = True
        rows.save()

    with CaptureQueriesContext(connection) as many:
        client.get("/my/applications/")

    assert len(many) == len(few)


# --- deposits at the desk ---


def waiting(bank, learner=None):
    officer = person_as(Role.CREDIT_OFFICER, bank.source)
    return officer, earn(bank, learner or UserFactory(name="王桂兰"), source="run")


def test_the_awarding_institution_confirms_what_waits(client, bank):
    officer, record = waiting(bank)
    client.force_login(officer)
    assert "王桂兰" in text(client.get("/desk/deposits/"))

    client.post(f"/desk/deposits/{record.uuid}/confirm/")

    assert balances(record.learner.uuid)["V"].available == Decimal(4)
    assert Transaction.objects.get(type="verify").by_uuid == officer.uuid
    assert "王桂兰" not in text(client.get("/desk/deposits/"))


def test_nobody_else_confirms_a_deposit(client, bank):
    _officer, record = waiting(bank)
    before = writes()

    for reader in (bank.officer, bank.reviewer, bank.auditor):
        client.force_login(reader)
        assert "王桂兰" not in text(client.get("/desk/deposits/"))
        assert client.post(f"/desk/deposits/{record.uuid}/confirm/").status_code == 404

    assert writes() == before


def test_the_list_of_deposits_costs_the_same_queries_for_1_and_30_records(client, bank):
    officer, _record = waiting(bank)
    client.force_login(officer)
    client.get("/desk/deposits/")
    with CaptureQueriesContext(connection) as few:
        client.get("/desk/deposits/")
    for _ in range(19):
        earn(bank, UserFactory(), source="run")

    with CaptureQueriesContext(connection) as many:
        client.get("/desk/deposits/")

    assert len(many) == len(few)


def test_nobody_confirms_credit_of_their_own(client, bank):
    officer, _record = waiting(bank)
    own = earn(bank, officer, which=1, source="run")
    client.force_login(officer)
    before = writes()

    assert client.post(f"/desk/deposits/{own.uuid}/confirm/").status_code == 403
    assert writes() == before


def test_unknown_deposits_do_not_exist(client, bank):
    officer, record = waiting(bank)
    client.force_login(officer)

    for ident in (uuid4(), "x", "9" * 60, "%00"):
        assert client.post(f"/desk/deposits/{ident}/confirm/").status_code == 404
    assert client.get(f"/desk/deposits/{record.uuid}/confirm/").status_code == 405


# --- both languages, decided and refused ---


@pytest.mark.parametrize("language", ["", "/en"])
def test_every_state_has_its_pages_in_both_languages(client, bank, language):
    states = [make_application(make_bank(), state=state) for state in ("submitted", "checking", "second_review")]
    posted = confirm_decision(make_application(bank, state="second_review"), actor=bank.reviewer, at=LATER)

    for application in [*states, posted]:
        client.force_login(application.learner)
        assert client.get(f"{language}/my/applications/{application.reference}/").status_code == 200
        client.force_login(bank.auditor)
        assert client.get(f"{language}/desk/cases/{application.reference}/").status_code == 200


def test_a_refusal_gives_its_reasons_to_the_learner(client, bank):
    from creditbank.api import decide_application

    application = make_application(bank, state="checking", at=AT)
    decide_application(application, decisions=all_lines(application, "refuse", reason="level"), actor=bank.officer, at=AT)
    confirm_decision(application, actor=bank.reviewer, at=LATER)
    client.force_login(application.learner)

    page = text(client.get(f"/en/my/applications/{application.reference}/"))

    assert page.count("the level is too low") == 2
    assert "not recognised" in page


def test_a_case_is_sent_back_with_a_note_only(client, bank):
    application = make_application(bank, state="second_review")
    client.force_login(bank.reviewer)
    before = writes()
    client.post(f"/desk/cases/{application.reference}/send-back/", {"back-text": " "})
    assert writes() == before

    client.post(f"/desk/cases/{application.reference}/send-back/", {"back-text": "请核对成绩"})

    assert Application.objects.get().state == "checking"
    client.force_login(bank.officer)
    assert "请核对成绩" in text(client.get(f"/desk/cases/{application.reference}/"))


def test_a_partial_result_is_credited_only_when_the_learner_accepts(client, bank):
    application = make_application(bank, state="checking")
    client.force_login(bank.officer)
    typed = decision(application, choice_1="change", amount_1="1.5", reason_1="content", choice_2="refuse", reason_2="outdated")
    client.post(f"/desk/cases/{application.reference}/decide/", typed)
    client.force_login(bank.reviewer)
    client.post(f"/desk/cases/{application.reference}/confirm/")
    client.force_login(application.learner)
    assert client.get(f"/my/applications/{application.reference}/").context["can_accept"]
    assert "A" not in balances(application.learner.uuid)

    client.post(f"/my/applications/{application.reference}/accept/")
    client.post(f"/my/applications/{application.reference}/accept/")

    assert Application.objects.get().state == "posted"
    assert balances(application.learner.uuid)["A"].awarded == Decimal("1.5")
    assert balances(application.learner.uuid)["V"].available == Decimal(4)
    assert find_faults() == []


def test_two_officers_take_one_case_and_the_later_is_told(client, bank):
    application = make_application(bank)
    for officer in (bank.officer, person_as(Role.CREDIT_OFFICER, bank.institution)):
        client.force_login(officer)
        answer = client.post(f"/desk/cases/{application.reference}/claim/", follow=True)

    assert Application.objects.get().first_officer == bank.officer
    assert [message.level_tag for message in answer.context["messages"]] == ["error"]
