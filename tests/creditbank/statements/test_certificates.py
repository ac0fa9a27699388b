"""Certificates of credit: fetched by the learner once credited, revoked by a second person, issued anew by an officer."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from creditbank.api import (
    AlreadyRevoked,
    ApplicationState,
    Certificate,
    CertificateExists,
    NameNotPrintable,
    NothingToCertify,
    OfficerNeeded,
    SameHand,
    Standing,
    Transcript,
    check_code,
    issue_certificate,
    issue_transcript,
    reverse_award,
    revoke_certificate,
)
from creditbank.statements.fonts import drawable, pdf_possible, unprintable
from foundation.api import AuditEntry, Notice
from identity.api import Role
from tests.factories.creditbank import LATER, ON, make_application, make_bank
from tests.factories.identity import UserFactory, person_as

pytestmark = pytest.mark.django_db
SOON = LATER + timedelta(days=1)
NO_GLYPH = "\U00031350"  # of an extension that no font of the papers draws


def text(response) -> str:
    return response.content.decode()


def state_of_things():
    return Certificate.objects.count(), Transcript.objects.count(), AuditEntry.objects.count(), Notice.objects.count()


# --- issuing ---


def test_a_certificate_says_what_became_what_by_which_rule(certificate, credited, bank):
    content = certificate.content

    assert (certificate.number, content["name"], content["credits"], content["unit"]) == ("CC-2026-000001", "林晓雯", "5", "A")
    assert (content["programme_zh"], content["institution"], content["reference"]) == (
        "护理学专科",
        bank.institution.code,
        credited.reference,
    )
    assert (content["book"], content["version"]) == (bank.version.book.code, 1)
    assert [(line["outcome_zh"], line["rule"], line["credits"]) for line in content["lines"]] == [
        ("目标课程1", "R1", "3"),
        ("目标课程2", "R2", "2"),
    ]
    assert [[(one["title_zh"], one["credits"], one["unit"]) for one in line["sources"]] for line in content["lines"]] == [
        [("来源课程1", "4", "V")],
        [("来源课程2", "4", "V")],
    ]
    assert certificate.decided_by_uuid == bank.officer.uuid
    entry = AuditEntry.objects.get(action="statements.issue")
    assert (entry.actor_uuid, entry.person_uuid, entry.data["number"]) == (credited.learner.uuid, credited.learner.uuid, "CC-2026-000001")


def test_the_learner_finds_it_ready_and_fetches_it_with_one_click(client, credited):
    client.force_login(credited.learner)
    ready = client.get("/my/certificates/")
    assert [row.reference for row in ready.context["ready"]] == [credited.reference]

    answer = client.post(f"/my/certificates/of/{credited.reference}/")

    paper = Certificate.objects.get()
    assert answer["Location"] == f"/my/certificates/{paper.uuid}/"
    page = text(client.get(answer["Location"]))
    assert paper.number in page
    assert paper.printed_code in page
    after = client.get("/my/certificates/")
    assert (list(after.context["ready"]), [row.standing for row in after.context["rows"]]) == ([], [Standing.VALID])


def test_without_any_application_the_page_says_what_will_be_there(client):
    client.force_login(UserFactory())

    assert "申请入账后，证书就在这里等您领取" in text(client.get("/my/certificates/"))


@pytest.mark.parametrize("state", ["draft", "submitted", "second_review"])
def test_nothing_is_certified_before_it_is_credited(client, state):
    application = make_application(state=state)
    client.force_login(application.learner)
    before = state_of_things()

    with pytest.raises(NothingToCertify):
        issue_certificate(application, actor=application.learner, at=LATER)
    client.post(f"/my/certificates/of/{application.reference}/")

    assert state_of_things() == before


def test_there_is_one_valid_certificate_of_an_application(certificate, credited):
    before = state_of_things()

    with pytest.raises(CertificateExists):
        issue_certificate(credited, actor=credited.learner, at=LATER)
    with pytest.raises(DatabaseError), transaction.atomic():
        Certificate.objects.create(
            learner=credited.learner, application=credited, number="CC-X", code="f" * 32, short_code="A" * 12, content={}, content_hash="",
            issued_at=LATER,
        )  # fmt: skip

    assert state_of_things() == before


def test_numbers_follow_each_other(certificate):
    second = make_application(make_bank(), state="second_review")
    from creditbank.api import confirm_decision  # noqa: PLC0415

    application = confirm_decision(second, actor=person_as(Role.REVIEWER, second.institution), at=LATER)

    assert issue_certificate(application, actor=application.learner, at=LATER).number == "CC-2026-000002"


def test_a_name_that_the_font_cannot_draw_is_refused_in_words(client, credited):
    person = credited.learner
    person.name = f"欧阳{NO_GLYPH}"
    person.save()
    client.force_login(person)
    before = state_of_things()

    with pytest.raises(NameNotPrintable) as refusal:
        issue_transcript(person, actor=person, at=LATER)
    page = client.post(f"/my/certificates/of/{credited.reference}/", follow=True)

    assert refusal.value.characters == NO_GLYPH
    assert f"打印字体中没有姓名里的“{NO_GLYPH}”" in text(page)
    assert state_of_things() == before


def test_rare_characters_of_names_are_drawn():
    assert pdf_possible() == bool(drawable())
    assert unprintable("喆玥珺堃瑄翀祎赟䶮㛃𠅤 买买提·阿卜杜拉 José O’Neill") == ""


# --- revoking ---


def test_a_second_person_revokes_with_a_reason_and_the_learner_is_told(client, certificate, bank):
    client.force_login(bank.reviewer)

    answer = client.post(f"/desk/certificates/{certificate.uuid}/revoke/", {"reason": "姓名有误"})

    assert answer["Location"] == f"/desk/certificates/{certificate.uuid}/"
    found = check_code(certificate.short_code, on=ON)
    assert (found.standing, found.reason) == (Standing.REVOKED, "姓名有误")
    assert Certificate.objects.get().revoked_by_uuid == bank.reviewer.uuid
    assert Notice.objects.filter(code="statements.revoked", recipient_uuid=certificate.learner.uuid).count() == 1
    assert AuditEntry.objects.get(action="statements.revoke").reason == "姓名有误"


def test_a_reason_is_needed_and_what_was_typed_stays(client, certificate, bank):
    client.force_login(bank.reviewer)
    before = state_of_things()

    answer = client.post(f"/desk/certificates/{certificate.uuid}/revoke/", {"reason": "  "})

    assert (answer.status_code, state_of_things()) == (400, before)
    assert "请用一句话说明原因" in text(answer)


def test_neither_first_officer_nor_learner_revokes(client, certificate, credited, bank):
    before = state_of_things()
    client.force_login(bank.officer)

    assert client.post(f"/desk/certificates/{certificate.uuid}/revoke/", {"reason": "x"}).status_code == 403
    for person in (bank.officer, credited.learner):
        with pytest.raises(SameHand):
            revoke_certificate(certificate, actor=person, at=SOON, reason="x")
    with pytest.raises(DatabaseError), transaction.atomic():
        Certificate.objects.filter(pk=certificate.pk).update(revoked_at=SOON, revoked_reason="x", revoked_by_uuid=bank.officer.uuid)
    with pytest.raises(DatabaseError), transaction.atomic():
        Certificate.objects.filter(pk=certificate.pk).update(revoked_at=SOON)

    assert state_of_things() == before


def test_a_revoked_certificate_stays_revoked_as_it_was(certificate, bank):
    revoke_certificate(certificate, actor=bank.reviewer, at=SOON, reason="姓名有误")
    before = state_of_things()

    with pytest.raises(AlreadyRevoked):
        revoke_certificate(certificate, actor=bank.reviewer, at=SOON, reason="又一次")

    assert state_of_things() == before
    assert Certificate.objects.get().revoked_reason == "姓名有误"


def test_the_next_one_is_issued_by_an_officer_not_fetched_by_the_learner(client, certificate, credited, bank):
    revoke_certificate(certificate, actor=bank.reviewer, at=SOON, reason="姓名有误")

    with pytest.raises(OfficerNeeded):
        issue_certificate(credited, actor=credited.learner, at=SOON)
    client.force_login(bank.reviewer)
    assert client.post(f"/desk/certificates/{certificate.uuid}/renew/").status_code == 403
    client.force_login(bank.officer)
    client.post(f"/desk/certificates/{certificate.uuid}/renew/")

    assert [row.revoked_at is None for row in Certificate.objects.order_by("id")] == [False, True]
    assert Certificate.objects.latest("id").learner == credited.learner


def test_a_certificate_falls_with_its_award(certificate, credited, bank):
    application = reverse_award(credited, actor=bank.officer, second=bank.reviewer, at=SOON, reason="证据有误")

    found = check_code(certificate.code, on=ON)

    assert application.state == ApplicationState.REVERSED
    assert (found.standing, found.since, found.reason) == (Standing.REVOKED, SOON, "")


# --- the desk ---


def test_the_desk_finds_a_certificate_by_number_application_and_code(client, certificate, credited, bank):
    client.force_login(bank.officer)

    for words in ("", certificate.number, credited.reference, certificate.printed_code.lower()):
        assert [row.paper for row in client.get("/desk/certificates/", {"q": words}).context["rows"]] == [certificate], words
    assert "没有这个编号" in text(client.get("/desk/certificates/", {"q": "CC-1999"}))


def test_certificates_of_other_institutions_do_not_exist(client, certificate):
    client.force_login(person_as(Role.REVIEWER))

    assert client.get("/desk/certificates/").context["rows"] == []
    assert client.get(f"/desk/certificates/{certificate.uuid}/").status_code == 404
    assert client.post(f"/desk/certificates/{certificate.uuid}/revoke/", {"reason": "x"}).status_code == 404
    for address in ("/my/certificates/{}/", "/my/certificates/{}/pdf/", "/my/certificates/{}/document/"):
        assert client.get(address.format(certificate.uuid)).status_code == 404


def test_the_desks_list_costs_the_same_queries_for_1_and_30_certificates(client, certificate, bank):
    client.force_login(bank.officer)
    client.get("/desk/certificates/")
    with CaptureQueriesContext(connection) as few:
        client.get("/desk/certificates/")
    for number in range(2, 31):
        Certificate.objects.create(
            learner=certificate.learner, application=certificate.application, number=f"CC-2026-{number:06d}", code=f"{number:032x}",
            short_code=f"{number:012d}", content=certificate.content, content_hash=certificate.content_hash, issued_at=LATER,
            revoked_at=SOON, revoked_reason="x", revoked_by_uuid=bank.reviewer.uuid,
        )  # fmt: skip

    with CaptureQueriesContext(connection) as many:
        client.get("/desk/certificates/")

    assert len(many) == len(few)


def test_an_amount_of_a_certificate_is_what_was_decided(certificate, credited):
    assert (
        Decimal(certificate.content["credits"])
        == credited.decided_credits
        == sum(Decimal(line["credits"]) for line in certificate.content["lines"])
    )
