"""The bank at work, told through HTTP: applying and following, deciding at the desk, an appeal that the calendar wins, an exception."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from creditbank.api import Application, DaysCounted, Terms, Transaction, balances, find_faults
from foundation.api import AuditEntry, Notice
from identity.api import Role
from tests.factories.creditbank import earn, make_bank
from tests.factories.identity import UserFactory, person_as

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.4\n%%EOF\n"


def signed_in(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def text(answer) -> str:
    return answer.content.decode()


def apply(client, bank) -> Application:
    """From the best proposal to the confirmation: two requests."""
    page = reverse("creditbank:apply", args=[bank.programme.code])
    shown = client.get(page).context["proposal"].decision.snapshot_hash
    answer = client.post(page, {"shown": shown, "declare": "on"}, follow=True)
    assert "申请已收到" in text(answer)
    return Application.objects.latest("id")


def decide(client, application, choice="accept", **more):
    lines = application.lines.count()
    data = {f"choice_{number}": choice for number in range(1, lines + 1)}
    if choice == "refuse":
        data |= {f"reason_{number}": "content" for number in range(1, lines + 1)}
    return client.post(reverse("creditbank:decide", args=[application.reference]), data | more, follow=True)


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def test_a_learner_applies_brings_evidence_and_follows_every_step():
    bank = make_bank(evidence=["培训记录"])
    learner = UserFactory(name="林晓雯")
    earn(bank, learner, which=0, trust="verified")
    earn(bank, learner, which=1)
    me = signed_in(learner)
    page = reverse("creditbank:apply", args=[bank.programme.code])

    # the best proposal, with a reason for every record, the periods, and what happens to an appeal that nobody decides
    shown = me.get(page)
    assert "您的档案在这里可认定 5.0 学分" in text(shown)
    assert "已完成 1/2" in text(shown)
    assert "120 天内可申诉" in text(shown)
    assert "维持原决定" in text(shown)
    # only what is missing is asked, and it is saved at once
    file = SimpleUploadedFile("记录.pdf", PDF)
    saved = me.post(reverse("creditbank:evidence", args=[bank.programme.code]), {"number": "1", "file": file}, follow=True)
    assert "已完成 2/2" in text(saved)
    # sent: reference number, by when, and how long it can be taken back
    application = apply(me, bank)
    mine = reverse("creditbank:application", args=[application.reference])
    received = text(me.get(mine))
    assert application.reference in received
    assert "可无理由撤回至" in received
    assert f"下一步由{bank.institution.name}办理" in received
    assert balances(learner.uuid)["V"].held == Decimal(8)

    # the desk asks for something; the learner is told, answers with a picture, and the clock runs again
    officer, reviewer = signed_in(bank.officer), signed_in(bank.reviewer)
    assert officer.post(reverse("creditbank:claim_next")).status_code == 302
    officer.post(reverse("creditbank:ask", args=[application.reference]), {"ask-text": "请补充有印章的一页"})
    assert "请您办理" in text(me.get(mine))
    me.post(reverse("creditbank:answer", args=[application.reference]), {"text": "已补", "file": SimpleUploadedFile("印章.pdf", PDF)})
    # a result other than the one shown waits for the learner
    case = officer.get(reverse("creditbank:case", args=[application.reference]))
    assert "印章.pdf" in text(case)
    decide(officer, application, choice_2="refuse", reason_2="overlap", seen=case.context["seen"])
    reviewer.post(reverse("creditbank:confirm", args=[application.reference]))
    assert "认定 3.0 学分，而不是 5.0" in text(me.get(mine))
    letter = text(me.get(reverse("creditbank:letter", args=[application.reference])))
    for words in ("学分认定决定书", "R1 v1", "R2 v1", "提出申诉"):
        assert words in letter
    me.post(reverse("creditbank:accept", args=[application.reference]))

    assert (Application.objects.get().state, balances(learner.uuid)["A"].awarded) == ("posted", Decimal(3))
    codes = list(
        Notice.objects.filter(recipient_uuid=learner.uuid, code__startswith="recognition.").order_by("id").values_list("code", flat=True)
    )
    assert [code.removeprefix("recognition.") for code in codes] == [
        "submitted", "checking", "information_requested", "second_review", "decided", "posted",
    ]  # fmt: skip
    assert find_faults() == []


def test_the_desk_takes_the_next_case_decides_it_and_the_following_one_opens():
    bank = make_bank()
    first, second = (UserFactory(name=name) for name in ("甲", "乙"))
    for learner in (first, second):
        earn(bank, learner, which=0)
        apply(signed_in(learner), bank)
    early, late = Application.objects.order_by("id")
    officer, reviewer = signed_in(bank.officer), signed_in(bank.reviewer)

    for _ in range(2):
        officer.post(reverse("creditbank:claim_next"))
    assert {row.first_officer for row in Application.objects.all()} == {bank.officer}
    nothing = officer.post(reverse("creditbank:claim_next"), follow=True)
    assert "没有待领取的案件" in text(nothing)

    case = officer.get(reverse("creditbank:case", args=[early.reference]))
    assert "3.0 学分计入甲" in text(case)
    following = decide(officer, early, seen=case.context["seen"])
    assert following.redirect_chain[-1][0] == reverse("creditbank:case", args=[late.reference])
    decide(officer, late, seen=following.context["seen"])
    # the second person agrees; the next case that waits for a second person opens
    opened = reviewer.post(reverse("creditbank:confirm", args=[early.reference]), follow=True)
    assert opened.redirect_chain[-1][0] == reverse("creditbank:case", args=[late.reference])
    assert "同类先例" in text(opened)
    assert "甲" not in re.sub(r"<title>.*?</title>", "", text(opened)).split("同类先例")[1]
    last = reviewer.post(reverse("creditbank:confirm", args=[late.reference]), follow=True)

    assert last.redirect_chain[-1][0] == reverse("creditbank:desk")
    assert set(Application.objects.values_list("state", flat=True)) == {"posted"}
    assert find_faults() == []


def test_what_changed_under_the_officer_is_shown_and_what_was_typed_stays():
    bank = make_bank()
    learner = UserFactory()
    earn(bank, learner, which=0)
    application = apply(signed_in(learner), bank)
    officer = signed_in(bank.officer)
    officer.post(reverse("creditbank:claim_next"))
    seen = officer.get(reverse("creditbank:case", args=[application.reference])).context["seen"]
    officer.post(reverse("creditbank:ask", args=[application.reference]), {"ask-text": "请说明"})
    signed_in(learner).post(reverse("creditbank:answer", args=[application.reference]), {"text": "新的说明"})
    before = (AuditEntry.objects.count(), Transaction.objects.count())

    answer = decide(officer, application, "refuse", message="材料不足", seen=seen)

    assert (answer.status_code, Application.objects.get().state) == (400, "checking")
    assert (AuditEntry.objects.count(), Transaction.objects.count()) == before
    for words in ("案件有了变化", "新的说明", "材料不足"):
        assert words in text(answer)
    again = re.search(r'name="seen" value="(\d+)"', text(answer))
    assert again is not None
    decide(officer, application, "refuse", seen=again[1])
    assert Application.objects.get().state == "second_review"


def test_an_appeal_that_nobody_decides_is_won_on_the_day_after_its_last():
    bank = make_bank(
        terms=Terms(people_for_review=2, default_result="grant", last_default_result="grant", appeal_counting=DaysCounted.WORKING)
    )
    learner, judge = UserFactory(name="林晓雯"), person_as(Role.REVIEWER, bank.institution, name="秦远")
    earn(bank, learner, which=0)
    me, officer, reviewer = signed_in(learner), signed_in(bank.officer), signed_in(bank.reviewer)
    application = apply(me, bank)
    officer.post(reverse("creditbank:claim_next"))
    decide(officer, application, "refuse")
    reviewer.post(reverse("creditbank:confirm", args=[application.reference]))
    page = reverse("creditbank:appeal", args=[application.reference])
    assert "申诉成立" in text(me.get(page))  # the default, before anything is sent
    assert me.post(page, {"ground": "evidence", "text": " "}).status_code == 400
    assert "申诉已提交" in text(me.post(page, {"ground": "evidence", "text": "第二页没有看"}, follow=True))
    appeal = Application.objects.get().appeals.get()
    # the first and the second officer cannot take it, somebody new can
    take = reverse("creditbank:take_appeal", args=[application.reference])
    assert "复核人不能是首位审核人或学习者本人" in text(reviewer.post(take, follow=True))
    assert officer.post(take).status_code == 403
    signed_in(judge).post(take)
    assert Notice.objects.filter(recipient_uuid=judge.uuid, code="recognition.appeal_waits").exists()

    call_command("run_clocks", on=str(appeal.due_on))
    assert Application.objects.get().state == "appealed"
    call_command("run_clocks", on=str(appeal.due_on + timedelta(days=1)))

    appeal.refresh_from_db()
    assert (Application.objects.get().state, appeal.result, appeal.late_uuid) == ("posted", "granted", judge.uuid)
    assert balances(learner.uuid)["A"].awarded == Decimal(3)
    assert "逾期未裁决，已按公布的默认结果执行" in text(me.get(reverse("creditbank:application", args=[application.reference])))
    report = text(officer.get(reverse("creditbank:reports")))
    assert "1 / 1 / 1" in report
    assert find_faults() == []


def test_an_appeal_is_decided_by_somebody_new_line_by_line():
    bank = make_bank()
    learner, judge = UserFactory(name="林晓雯"), person_as(Role.REVIEWER, bank.institution, name="秦远")
    earn(bank, learner, which=0)
    me, officer, reviewer = signed_in(learner), signed_in(bank.officer), signed_in(bank.reviewer)
    application = apply(me, bank)
    officer.post(reverse("creditbank:claim_next"))
    decide(officer, application, "refuse")
    reviewer.post(reverse("creditbank:confirm", args=[application.reference]))
    me.post(reverse("creditbank:appeal", args=[application.reference]), {"ground": "rule", "text": "成绩达到要求"})
    page = reverse("creditbank:decide_appeal", args=[application.reference])
    given = {"result": "granted", "answer": "成绩达到要求", "choice_1": "accept"}
    wrong = signed_in(judge).post(page, given | {"choice_1": "refuse", "reason_1": "content"})
    assert (wrong.status_code, Application.objects.get().state) == (400, "appealed")
    assert "申诉成立须至少有一项多于原决定" in text(wrong)

    signed_in(judge).post(page, given)

    assert (Application.objects.get().state, balances(learner.uuid)["A"].awarded) == ("posted", Decimal(3))
    assert "成绩达到要求" in text(me.get(reverse("creditbank:application", args=[application.reference])))
    assert find_faults() == []


def test_an_exception_is_proposed_approved_used_and_named_in_the_decision():
    bank = make_bank()
    learner = UserFactory(name="林晓雯")
    earn(bank, learner, which=0)
    earn(bank, learner, which=1)
    me, officer, reviewer = signed_in(learner), signed_in(bank.officer), signed_in(bank.reviewer)
    first = apply(me, bank)
    me.post(reverse("creditbank:withdraw", args=[first.reference]))
    until = str(timezone.localdate() + timedelta(days=30))
    officer.post(
        reverse("creditbank:exception_new"),
        {"learner": first.reference, "kind": "block", "path": "R2", "reason": "该成果已用于入学", "expires_on": until},
    )
    [row] = officer.get(reverse("creditbank:exceptions")).context["page"]
    assert reviewer.post(reverse("creditbank:exception_answer", args=[row.uuid]), {"approve": "yes"}).status_code == 302

    second = apply(me, bank)

    assert second.proposed_credits == Decimal(3)
    case = text(officer.get(reverse("creditbank:case", args=[second.reference])))
    assert "本次适用的个别例外" in case
    assert "该成果已用于入学" in case
    officer.post(reverse("creditbank:claim_next"))
    decide(officer, second)
    reviewer.post(reverse("creditbank:confirm", args=[second.reference]))
    assert "该成果已用于入学" in text(me.get(reverse("creditbank:letter", args=[second.reference])))
    assert f"{bank.programme.code} · R2" in text(officer.get(reverse("creditbank:reports")))
    assert find_faults() == []
