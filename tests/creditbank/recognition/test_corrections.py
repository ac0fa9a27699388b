"""Taking back: a result by two persons of its issuer, an award by two of the institution that made it; what was used is looked at again."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from creditbank.api import (
    AlreadyProposed,
    Application,
    Correction,
    NothingToTakeBack,
    RecordsTaken,
    SamePersonTwice,
    SourceReview,
    Transaction,
    WrongState,
    accept_decision,
    agree_to_correction,
    balances,
    confirm_decision,
    decide_application,
    find_faults,
    keep_award,
    propose_reversal,
    propose_revocation,
    refuse_correction,
    send_back,
)
from foundation.api import AuditEntry, Notice
from identity.api import Role, User
from learning.api import LearningRecord, correct_record, void_record
from learning.archive.types import NewRecord
from tests.creditbank.recognition.test_actions import state_of_everything
from tests.factories.creditbank import AT, LATER, all_lines, make_application, make_bank, make_learner
from tests.factories.identity import person_as
from tests.factories.learning import make_record

pytestmark = pytest.mark.django_db


class Issuer:
    """Two persons of the institution whose results a bank recognises."""

    def __init__(self, bank):
        self.officer = User.objects.get(pk=person_as(Role.CREDIT_OFFICER, bank.source, name="发证甲").pk)
        self.reviewer = User.objects.get(pk=person_as(Role.REVIEWER, bank.source, name="发证乙").pk)

    def take_back(self, record, reason="成绩录入有误"):
        correction = propose_revocation(record, actor=self.officer, at=LATER, reason=reason)
        return agree_to_correction(correction, actor=self.reviewer, at=LATER)


@pytest.fixture
def bank():
    bank = make_bank()
    bank.officer, bank.reviewer = (User.objects.get(pk=person.pk) for person in (bank.officer, bank.reviewer))
    return bank


@pytest.fixture
def issuer(bank):
    return Issuer(bank)


def everything():
    return (
        *state_of_everything(),
        tuple(Correction.objects.order_by("id").values_list("state")),
        LearningRecord.objects.filter(state="void").count(),
    )


def posted(bank, **facts):
    application = make_application(bank, state="second_review", **facts)
    return confirm_decision(application, actor=bank.reviewer, at=LATER)


# --- a result ---


def test_a_result_is_taken_back_once_two_persons_of_its_issuer_want_it(bank, issuer):
    learner = make_learner(bank)
    record = LearningRecord.objects.filter(learner=learner).order_by("id")[0]

    correction = propose_revocation(record, actor=issuer.officer, at=AT, reason="成绩录入有误")
    assert (balances(learner.uuid)["V"].available, LearningRecord.objects.get(pk=record.pk).state) == (Decimal(8), "active")

    agree_to_correction(correction, actor=issuer.reviewer, at=LATER)

    record.refresh_from_db()
    assert (record.state, record.void_reason, record.voided_by_uuid) == ("void", "成绩录入有误", issuer.officer.uuid)
    have = balances(learner.uuid)["V"]
    assert (have.available, have.revoked) == (Decimal(4), Decimal(4))
    entry = Transaction.objects.get(type="revoke")
    assert (entry.by_uuid, entry.second_uuid, entry.record_uuid) == (issuer.officer.uuid, issuer.reviewer.uuid, record.uuid)
    told = Notice.objects.get(recipient_uuid=learner.uuid, code="ledger.revoked")
    assert (told.data["credits"], told.data["reason"]) == ("4", "成绩录入有误")
    said = AuditEntry.objects.filter(action__startswith="corrections.").order_by("id").values_list("action", "actor_uuid")
    assert list(said) == [("corrections.propose_revoke", issuer.officer.uuid), ("corrections.agree_revoke", issuer.reviewer.uuid)]
    assert not SourceReview.objects.exists()
    assert find_faults() == []


def test_one_person_or_the_learner_takes_nothing_back(bank, issuer):
    learner = make_learner(bank)
    record = LearningRecord.objects.filter(learner=learner).order_by("id")[0]
    with pytest.raises(SamePersonTwice):
        propose_revocation(record, actor=learner, at=AT, reason="x")
    correction = propose_revocation(record, actor=issuer.officer, at=AT, reason="x")
    before = everything()

    for actor in (issuer.officer, learner):
        with pytest.raises(SamePersonTwice):
            agree_to_correction(correction, actor=actor, at=LATER)
        with pytest.raises(IntegrityError), transaction.atomic():
            Correction.objects.filter(pk=correction.pk).update(state="done", decided_by=actor, decided_at=LATER)
    with pytest.raises(AlreadyProposed):
        propose_revocation(record, actor=issuer.reviewer, at=LATER, reason="y")

    assert everything() == before


def test_what_the_second_person_does_not_want_stays_and_may_be_proposed_again(bank, issuer):
    learner = make_learner(bank)
    record = LearningRecord.objects.filter(learner=learner).order_by("id")[0]
    correction = propose_revocation(record, actor=issuer.officer, at=AT, reason="x")

    refuse_correction(correction, actor=issuer.reviewer, at=LATER, note="成绩无误")

    assert balances(learner.uuid)["V"].available == Decimal(8)
    for again in (agree_to_correction, lambda row, **facts: refuse_correction(row, note="x", **facts)):
        with pytest.raises(WrongState):
            again(correction, actor=issuer.reviewer, at=LATER)
    assert propose_revocation(record, actor=issuer.officer, at=LATER, reason="y").state == "proposed"


def test_a_record_that_was_never_deposited_is_not_taken_back_here(bank, issuer):
    record = make_record(
        make_learner(bank, records=0), institution=bank.source, credits=None, credit_system=None, notional_hours=Decimal(20)
    )

    with pytest.raises(NothingToTakeBack):
        propose_revocation(record, actor=issuer.officer, at=AT, reason="x")


def test_a_result_that_was_corrected_elsewhere_waits_for_a_second_person_of_the_issuer(bank, issuer):
    learner = make_learner(bank)
    record = LearningRecord.objects.filter(learner=learner).order_by("id")[0]
    new = NewRecord(
        learner=learner, title_zh=record.title_zh, source="institution_upload", trust="institution", kind_of_education=record.kind_of_education,
        earned_on=record.earned_on, institution=bank.source, credits=Decimal(2), credit_system=record.credit_system,
    )  # fmt: skip

    correct_record(record, new, reason="学分应为 2", actor=issuer.officer, at=AT)

    correction = Correction.objects.get()
    assert (correction.state, correction.proposed_by, correction.record_uuid) == ("proposed", issuer.officer, record.uuid)
    assert balances(learner.uuid)["V"].available == Decimal(10)
    agree_to_correction(correction, actor=issuer.reviewer, at=LATER)
    assert balances(learner.uuid)["V"].available == Decimal(6)
    assert find_faults() == []


def test_a_void_record_of_the_platform_itself_proposes_nothing(bank):
    record = LearningRecord.objects.filter(learner=make_learner(bank)).order_by("id")[0]

    void_record(record, reason="x", actor=None, at=AT)

    assert not Correction.objects.exists()


# --- what the record was used for ---


def test_an_open_case_gives_its_hold_back_and_is_looked_at_again(bank, issuer):
    application = make_application(bank, state="second_review")
    line = application.lines.order_by("position")[0]
    record = LearningRecord.objects.get(uuid=line.lead_record)

    issuer.take_back(record)

    have = balances(application.learner.uuid)["V"]
    assert (have.held, have.available, have.revoked) == (Decimal(4), 0, Decimal(4))
    review = SourceReview.objects.get()
    assert (review.application, review.record_uuid, review.state) == (application, record.uuid, "open")
    assert Notice.objects.filter(recipient_uuid=bank.officer.uuid, code="corrections.review").count() == 1
    before = everything()
    with pytest.raises(RecordsTaken):
        confirm_decision(application, actor=bank.reviewer, at=LATER)
    assert everything() == before

    send_back(application, actor=bank.reviewer, at=LATER, note="记录已撤回")
    decisions = all_lines(application) | {line.position: all_lines(application, "refuse", reason="content")[line.position]}
    decide_application(application, decisions=decisions, actor=bank.officer, at=LATER)
    decided = confirm_decision(application, actor=bank.reviewer, at=LATER)
    accept_decision(decided, actor=application.learner, at=LATER)

    assert balances(application.learner.uuid)["A"].awarded == decided.decided_credits == Decimal(2)
    assert find_faults() == []


def test_an_award_is_not_undone_by_itself_but_its_desk_looks_at_it_again(bank, issuer):
    application = posted(bank)
    record = LearningRecord.objects.get(uuid=application.lines.order_by("position")[0].lead_record)

    issuer.take_back(record)

    assert balances(application.learner.uuid)["A"].awarded == Decimal(5)
    assert not Transaction.objects.filter(type="revoke").exists()
    review = SourceReview.objects.get()
    keep_award(review, actor=bank.officer, at=LATER, note="另有证明")
    review.refresh_from_db()
    assert (review.state, review.closed_by, review.note) == ("kept", bank.officer, "另有证明")
    with pytest.raises(WrongState):
        keep_award(review, actor=bank.officer, at=LATER, note="again")


def test_when_the_award_is_reversed_the_credit_that_was_taken_back_is_revoked_and_the_rest_is_available(bank, issuer):
    application = posted(bank)
    record = LearningRecord.objects.get(uuid=application.lines.order_by("position")[0].lead_record)
    issuer.take_back(record)

    correction = propose_reversal(application, actor=bank.officer, at=LATER, reason="所用成绩已撤回")
    agree_to_correction(correction, actor=bank.reviewer, at=LATER)

    application.refresh_from_db()
    have = balances(application.learner.uuid)
    assert application.state == "reversed"
    assert (have["A"].awarded, have["V"].available, have["V"].revoked, have["V"].held) == (0, Decimal(4), Decimal(4), 0)
    assert SourceReview.objects.get().state == "reversed"
    assert find_faults() == []


# --- an award ---


def test_an_award_is_reversed_once_two_persons_of_the_institution_want_it(bank):
    application = posted(bank)
    correction = propose_reversal(application, actor=bank.officer, at=LATER, reason="规则适用有误")
    assert balances(application.learner.uuid)["A"].awarded == Decimal(5)
    with pytest.raises(SamePersonTwice):
        agree_to_correction(correction, actor=bank.officer, at=LATER)

    agree_to_correction(correction, actor=bank.reviewer, at=LATER)

    entry = Transaction.objects.get(reverses__key=f"award:{application.uuid}")
    assert (entry.by_uuid, entry.second_uuid, entry.reason) == (bank.officer.uuid, bank.reviewer.uuid, "规则适用有误")
    have = balances(application.learner.uuid)
    assert (have["A"].awarded, have["V"].available, have["V"].used) == (0, Decimal(8), 0)
    with pytest.raises(WrongState):
        propose_reversal(application, actor=bank.officer, at=LATER, reason="again")
    assert find_faults() == []


def test_what_is_not_posted_is_not_reversed(bank):
    application = make_application(bank, state="second_review")

    with pytest.raises(WrongState):
        propose_reversal(application, actor=bank.officer, at=LATER, reason="x")


# --- pages ---


def test_the_whole_way_of_a_revocation_by_http(client, bank, issuer):
    learner = make_learner(bank)
    record = LearningRecord.objects.filter(learner=learner).order_by("id")[0]
    client.force_login(issuer.officer)
    page = client.get(reverse("creditbank:issued"), {"q": learner.name})
    assert [entry["may_take_back"] for entry in page.context["listed"]] == [True, True]
    address = reverse("creditbank:take_back", args=[record.uuid])
    assert client.post(address, {"reason": " "}, follow=True).status_code == 200
    assert not Correction.objects.exists()
    assert client.post(address, {"reason": "成绩录入有误"}).status_code == 302
    correction = Correction.objects.get()
    decide = reverse("creditbank:decide_correction", args=[correction.uuid])
    assert client.post(decide, {"answer": "agree"}).status_code == 403

    client.force_login(issuer.reviewer)
    assert "成绩录入有误" in client.get(reverse("creditbank:corrections")).content.decode()
    client.post(decide, {"answer": "refuse", "reason": ""})
    assert Correction.objects.get().state == "proposed"
    client.post(decide, {"answer": "agree"})

    assert Correction.objects.get().state == "done"
    assert balances(learner.uuid)["V"].revoked == Decimal(4)
    assert client.post(decide, {"answer": "agree"}, follow=True).status_code == 200
    client.force_login(issuer.officer)
    assert [entry["may_take_back"] for entry in client.get(reverse("creditbank:issued")).context["listed"]].count(True) == 1


def test_the_whole_way_of_a_reversal_and_of_a_review_by_http(client, bank, issuer):
    application = posted(bank)
    issuer.take_back(LearningRecord.objects.get(uuid=application.lines.order_by("position")[0].lead_record))
    client.force_login(bank.officer)
    assert "来源课程1" in client.get(reverse("creditbank:case", args=[application.reference])).content.decode()
    keep = reverse("creditbank:keep", args=[SourceReview.objects.get().pk])
    client.post(keep, {"reason": ""})
    assert SourceReview.objects.get().state == "open"
    client.post(reverse("creditbank:propose_to_reverse", args=[application.reference]), {"reverse-reason": "所用成绩已撤回"})
    client.post(keep, {"reason": "另有证明"})
    assert SourceReview.objects.get().state == "kept"
    client.force_login(bank.reviewer)

    client.post(reverse("creditbank:decide_correction", args=[Correction.objects.get(kind="reverse").uuid]), {"answer": "agree"})

    assert Application.objects.get().state == "reversed"


def test_another_institution_s_desk_finds_nothing_of_it(client, bank, issuer):
    application = posted(bank)
    record = LearningRecord.objects.get(uuid=application.lines.order_by("position")[0].lead_record)
    correction = propose_revocation(record, actor=issuer.officer, at=AT, reason="x")
    stranger = person_as(Role.REVIEWER)
    client.force_login(stranger)

    assert client.post(reverse("creditbank:decide_correction", args=[correction.uuid]), {"answer": "agree"}).status_code == 404
    assert client.post(reverse("creditbank:take_back", args=[record.uuid]), {"reason": "x"}).status_code == 404
    assert client.get(reverse("creditbank:corrections")).context["waiting"] == []
    assert client.get(reverse("creditbank:issued")).context["listed"] == []
    assert Correction.objects.get().state == "proposed"


@pytest.mark.parametrize("name", ["issued", "corrections"])
def test_the_pages_cost_the_same_for_1_and_20_rows(client, bank, issuer, name, django_assert_num_queries, django_assert_max_num_queries):
    def one_more():
        learner = make_learner(bank, records=1)
        record = LearningRecord.objects.get(learner=learner)
        propose_revocation(record, actor=issuer.officer, at=AT, reason="x")

    one_more()
    client.force_login(issuer.reviewer)
    client.get(reverse(f"creditbank:{name}"))
    with django_assert_max_num_queries(20) as once:
        client.get(reverse(f"creditbank:{name}"))
    for _ in range(15):
        one_more()

    with django_assert_num_queries(len(once.captured_queries)):
        client.get(reverse(f"creditbank:{name}"))
