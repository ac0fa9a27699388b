"""The account, its CSV, transcripts, and the public check of their codes."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from creditbank.api import AlreadyRevoked, Transaction, Transcript, balances, find_paper, issue_transcript, revoke_transcript
from creditbank.rules.snapshot import canonical, hash_of
from creditbank.statements.contents import transcript_content
from creditbank.statements.views.verification import CHECKS_PER_MINUTE
from foundation.api import AuditEntry
from tests.factories.creditbank import AT, LATER, ON
from tests.factories.identity import UserFactory
from tests.factories.learning import credit_system, make_record

pytestmark = pytest.mark.django_db
NAUGHTY = ["\x00", "'", '"', "%", "Ω≈ç√", "' OR 1=1 --", "x" * 10000, "../../etc/passwd", "{{7*7}}", "田中さん", "-1", "9" * 40]
PRIVATE = [
    "/my/credits/",
    "/my/credits/statement/",
    "/my/certificates/",
    "/my/credits/statement.csv",
    "/my/transcript/",
    "/my/applications/",
    "/my/applications/new/",
]


@pytest.fixture
def person(client):
    person = UserFactory(name="林晓雯")
    client.force_login(person)
    return person


def text(response) -> str:
    return response.content.decode()


# --- the account ---


@pytest.mark.parametrize("address", PRIVATE)
def test_visitors_are_asked_to_sign_in(client, address):
    answer = client.get(address)

    assert answer.status_code == 302
    assert "next=" in answer["Location"]


@pytest.mark.parametrize("address", [*PRIVATE, "/verify/", *(f"/en{path}" for path in [*PRIVATE, "/verify/"])])
def test_every_page_opens_for_somebody_without_credit(client, person, address):
    assert client.get(address).status_code == 200


def test_the_account_shows_every_unit_with_its_balance_and_statement(client, person):
    make_record(person, credits=Decimal("3.0"), title_zh="社区护理学")
    make_record(person, credits=Decimal("1.5"), title_zh="国画入门", credit_system=credit_system("C"))
    make_record(person, credits=Decimal("2.0"), title_zh="待确认的课", source="run")
    make_record(UserFactory(), credits=Decimal("9.0"), title_zh="别人的课")

    page = text(client.get("/my/credits/"))

    assert "3.0" in page
    assert "2.0" in page
    assert "社区护理学" in page
    assert "国画入门" not in page
    assert "别人的课" not in page
    assert "国画入门" in text(client.get("/my/credits/?unit=C"))


def test_the_account_says_what_ends_within_a_year(client, person):
    today = timezone.localdate()
    make_record(person, credits=Decimal("3.0"), valid_until=today + timedelta(days=100))
    make_record(person, credits=Decimal("2.0"), valid_until=today + timedelta(days=800))
    response = client.get("/my/credits/")

    (purse,) = response.context["purses"]

    assert (purse.balance.available, purse.expiring, purse.expires_on) == (Decimal(5), Decimal(3), today + timedelta(days=100))


@pytest.mark.parametrize("value", NAUGHTY)
def test_naughty_units_show_the_account_all_the_same(client, person, value):
    make_record(person)

    assert client.get("/my/credits/", {"unit": value}).status_code == 200


def test_the_account_costs_the_same_queries_for_1_and_30_records(client, person):
    make_record(person)
    client.get("/my/credits/")
    with CaptureQueriesContext(connection) as few:
        client.get("/my/credits/")
    for _ in range(29):
        make_record(person)

    with CaptureQueriesContext(connection) as many:
        client.get("/my/credits/")

    assert len(many) == len(few)


# --- transcripts ---


def test_issuing_keeps_what_stands_in_the_account_and_its_hash(client, person):
    record = make_record(person, credits=Decimal("3.0"))

    answer = client.post("/my/transcript/issue/")

    paper = Transcript.objects.get()
    assert answer["Location"] == f"/my/transcript/{paper.uuid}/"
    assert (len(paper.code), len(paper.short_code), len(paper.printed_code)) == (32, 12, 14)
    assert paper.content_hash == hash_of(canonical(paper.content))
    (unit,) = paper.content["units"]
    assert (unit["unit"], Decimal(unit["total"]), [row["title_zh"] for row in unit["rows"]]) == ("A", Decimal(3), [record.title_zh])
    assert AuditEntry.objects.filter(action="statements.issue", person_uuid=person.uuid).count() == 1
    page = text(client.get(answer["Location"]))
    assert paper.printed_code in page
    assert paper.content_hash in page
    assert "林晓雯" in page
    assert f"/v/{paper.code}/" in page


def test_a_transcript_after_an_award_names_what_it_counts_as_and_adds_up_to_the_balance(credited):
    make_record(credited.learner, credits=Decimal("3.0"), title_zh="社区护理学", score=Decimal(86), notional_hours=Decimal(48))

    (unit,) = transcript_content(credited.learner, on=ON)["units"]

    assert [(row["title_zh"], row["recognised"], row["credits"], row["hours"], row["grade"]) for row in unit["rows"]] == [
        ("社区护理学", False, "3", "48", "86"),
        ("目标课程1", True, "3", "", ""),
        ("目标课程2", True, "2", "", ""),
    ]
    assert [row.get("source_zh") for row in unit["rows"]] == [None, "来源课程1", "来源课程2"]
    assert Decimal(unit["total"]) == balances(credited.learner.uuid)["A"].total == Decimal(8)


def test_what_an_application_used_up_is_on_no_transcript(credited):
    """4 + 4 vocational credits became 5 academic ones: nothing of the vocational unit is left."""
    assert [unit["unit"] for unit in transcript_content(credited.learner, on=ON)["units"]] == ["A"]


def test_the_content_of_a_transcript_costs_the_same_queries_for_1_and_30_results(credited, django_assert_num_queries):
    with CaptureQueriesContext(connection) as few:
        transcript_content(credited.learner, on=ON)
    for _ in range(29):
        make_record(credited.learner)

    with django_assert_num_queries(len(few)):
        transcript_content(credited.learner, on=ON)


def test_later_credit_does_not_change_a_paper(client, person):
    make_record(person)
    paper = issue_transcript(person, actor=person, at=AT)
    make_record(person, title_zh="后来的课")

    assert "后来的课" not in text(client.get(f"/my/transcript/{paper.uuid}/"))


def test_the_database_refuses_to_change_a_paper():
    paper = issue_transcript(UserFactory(), actor=None, at=AT)

    with pytest.raises(DatabaseError), transaction.atomic():
        Transcript.objects.filter(pk=paper.pk).update(content={})


@pytest.mark.parametrize("address", ["/my/transcript/{}/", "/my/transcript/{}/pdf/"])
def test_other_peoples_papers_do_not_exist(client, person, address):
    theirs = issue_transcript(UserFactory(), actor=None, at=AT)

    for ident in (theirs.uuid, uuid4(), "0", "x", "9" * 60, "%00"):
        assert client.get(address.format(ident)).status_code == 404


def test_issuing_needs_a_post_and_is_limited(client, person):
    assert client.get("/my/transcript/issue/").status_code == 405

    for _ in range(12):
        client.post("/my/transcript/issue/")

    assert Transcript.objects.count() == 10


def test_where_no_pdf_can_be_drawn_the_page_to_print_takes_its_place(client, person, settings):
    paper = issue_transcript(person, actor=person, at=AT)
    settings.PDF_AVAILABLE = False

    assert client.get(f"/my/transcript/{paper.uuid}/pdf/")["Location"] == f"/my/transcript/{paper.uuid}/"
    assert "打印本页" in text(client.get(f"/my/transcript/{paper.uuid}/"))


# --- the public check ---


def check(client, code):
    return client.get("/verify/", {"code": code})


def test_anybody_checks_a_paper_by_either_code_and_sees_a_masked_name(client):
    paper = issue_transcript(UserFactory(name="林晓雯"), actor=None, at=AT)

    for code in (
        paper.short_code,
        paper.printed_code,
        paper.printed_code.lower(),
        f" {paper.short_code[:4]} {paper.short_code[4:]}",
        paper.code,
    ):
        page = text(check(client, code))
        assert "成绩单有效" in page, code
        assert f"{paper.content_hash[:4]} {paper.content_hash[4:8]}" in page
        assert "林晓雯" not in page
        assert "林*雯" in page


def test_the_address_in_the_qr_code_leads_to_the_check(client):
    paper = issue_transcript(UserFactory(), actor=None, at=AT)

    page = client.get(f"/v/{paper.code}/", follow=True)

    assert page.context["paper"] == paper


def test_a_revoked_paper_says_so_and_since_when(client):
    paper = revoke_transcript(issue_transcript(UserFactory(), actor=None, at=AT), actor=None, at=LATER, reason="姓名有误")

    page = text(check(client, paper.short_code))

    assert "姓名有误" in page
    assert "verdict--err" in page
    with pytest.raises(AlreadyRevoked):
        revoke_transcript(paper, actor=None, at=LATER + timedelta(days=1), reason="x")
    paper.refresh_from_db()
    assert (paper.revoked_at, paper.revoked_reason) == (LATER, "姓名有误")


def test_unknown_codes_all_get_one_answer(client):
    issue_transcript(UserFactory(), actor=None, at=AT)

    first, second = (text(check(client, code)).replace(code, "") for code in ("ABCDEFGHJKLM", "0" * 32))

    assert "verdict--off" in first
    assert "verdict--off" in second


@pytest.mark.parametrize("value", [*NAUGHTY, "", "----", " "])
def test_naughty_codes_find_nothing_and_break_nothing(client, value):
    answer = check(client, value)

    assert answer.status_code in {200, 400}
    assert answer.context["paper"] is None
    assert find_paper(value.replace("\x00", "")) is None


def test_guessing_is_slowed_down(client, monkeypatch):
    monkeypatch.setattr("foundation.http.limits.time.time", lambda: 1_800_000_000.0)

    answers = [check(client, f"ABCDEFGHJK{number:02d}").status_code for number in range(CHECKS_PER_MINUTE + 1)]

    assert answers == [200] * CHECKS_PER_MINUTE + [429]


def test_checking_writes_nothing(client):
    paper = issue_transcript(UserFactory(), actor=None, at=AT)
    before = (AuditEntry.objects.count(), Transaction.objects.count())

    check(client, paper.short_code)

    assert (AuditEntry.objects.count(), Transaction.objects.count()) == before
