"""The life of an agreement: who signs what, when it holds, how it stops, and who is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from creditbank.agreements.actions import (
    draft_agreement,
    end_agreement,
    resume_agreement,
    run_agreement_clock,
    sign_agreement,
    store_version,
    suspend_agreement,
)
from creditbank.agreements.contracts import Agreement, AgreementParty, AgreementSignature, AgreementStep
from creditbank.agreements.exceptions import AlreadySigned, BadDay, BadParties, NotAParty, OtherText, WrongStep
from creditbank.agreements.queries import rule_base
from creditbank.agreements.texts import hash_of_text, must_sign
from creditbank.rules.types import Grant, Leaf, Node, Rule
from foundation.api import AuditEntry, Notice
from identity.api import Role
from tests.factories.creditbank import RuleBookFactory
from tests.factories.identity import InstitutionFactory, person_as

AT = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)
pytestmark = pytest.mark.django_db


@pytest.fixture
def places():
    return InstitutionFactory(code="HERE"), InstitutionFactory(code="THERE")


@pytest.fixture
def officers(places):
    return tuple(person_as(Role.CREDIT_OFFICER, place) for place in places)


def draft(places, officers, **facts):
    given = {"code": "AG-1", "kind": "bilateral", "parties": dict.fromkeys(places, "both"), "title_zh": "互认协议", "title_en": "Agreement",
             "text_zh": "互认。", "text_en": "We recognise.", "starts_on": TODAY} | facts  # fmt: skip
    return draft_agreement(**given, actor=officers[0], at=AT, by=places[0])


def signed(places, officers, at=AT, **facts):
    agreement = draft(places, officers, **facts)
    for place, officer in zip(places, officers, strict=True):
        agreement = sign_agreement(agreement, institution=place, actor=officer, at=at, shown_hash=hash_of_text(agreement))
    return agreement


def test_an_agreement_is_signed_by_every_party_and_is_in_force_from_its_day(places, officers):
    agreement = draft(places, officers)
    text = hash_of_text(agreement)

    first = sign_agreement(agreement, institution=places[0], actor=officers[0], at=AT, shown_hash=text)
    assert first.status == "draft"
    second = sign_agreement(agreement, institution=places[1], actor=officers[1], at=AT, shown_hash=text)

    assert second.status == "active"
    assert [(row.institution.code, row.signer_uuid, row.text_hash) for row in second.signatures.all()] == [
        ("HERE", officers[0].uuid, text), ("THERE", officers[1].uuid, text),
    ]  # fmt: skip
    assert list(second.steps.values_list("from_status", "to_status")) == [("", "draft"), ("draft", "signed"), ("signed", "active")]


def test_a_signature_is_refused_under_another_text_twice_or_by_a_stranger_and_nothing_changes(places, officers):
    agreement = draft(places, officers)
    text = hash_of_text(agreement)
    sign_agreement(agreement, institution=places[0], actor=officers[0], at=AT, shown_hash=text)
    entries = AuditEntry.objects.count()

    for place, shown, refusal in (
        (places[1], "0" * 64, OtherText),
        (places[0], text, AlreadySigned),
        (InstitutionFactory(), text, NotAParty),
    ):
        with pytest.raises(refusal):
            sign_agreement(agreement, institution=place, actor=officers[0], at=AT, shown_hash=shown)

    assert AgreementSignature.objects.count() == 1
    assert AuditEntry.objects.count() == entries
    assert Agreement.objects.get().status == "draft"


def test_a_receivers_own_list_needs_the_receiver_alone(places, officers):
    agreement = draft(places, officers, kind="receiver_list", parties={places[0]: "receive", places[1]: "send"})

    assert must_sign(agreement) == [places[0]]
    assert sign_agreement(agreement, institution=places[0], actor=officers[0], at=AT, shown_hash=hash_of_text(agreement)).status == "active"


@pytest.mark.parametrize(
    ("kind", "roles", "why"),
    [("bilateral", ["both"], "few"), ("multilateral", ["send", "send"], "receiver"), ("bilateral", ["receive", "receive"], "few"),
     ("receiver_list", ["send"], "receiver"), ("bilateral", ["both", "rule"], "role")],
)  # fmt: skip
def test_parties_that_make_no_agreement_are_refused(places, officers, kind, roles, why):
    with pytest.raises(BadParties) as refused:
        draft(places, officers, kind=kind, parties=dict(zip(places, roles, strict=False)))

    assert refused.value.code == why
    assert Agreement.objects.count() == 0


def test_a_day_ahead_waits_for_the_clock_and_an_end_is_kept(places, officers):
    starts, ends = TODAY + timedelta(days=10), TODAY + timedelta(days=20)
    agreement = signed(places, officers, starts_on=starts, ends_on=ends)
    assert agreement.status == "signed"

    assert run_agreement_clock(on=starts - timedelta(days=1), at=AT) == 0
    assert run_agreement_clock(on=starts, at=AT) == 1
    assert run_agreement_clock(on=starts, at=AT) == 0
    assert Agreement.objects.get().status == "active"
    assert run_agreement_clock(on=ends, at=AT) == 0
    assert run_agreement_clock(on=ends + timedelta(days=1), at=AT) == 1
    assert Agreement.objects.get().status == "ended"


def test_a_suspended_agreement_stops_its_rules_from_its_day_until_it_is_resumed(places, officers):
    agreement = signed(places, officers, at=AT - timedelta(days=30), starts_on=TODAY - timedelta(days=40))
    lhs = Node("leaf", Leaf("X:1"))
    rule = Rule("R1", 1, lhs, (Grant("course", "Y:1"),), agreement="AG-1")
    version = store_version(RuleBookFactory(institution=places[0]), rules=[rule], limits=[], valid_from=TODAY, actor=officers[0])
    assert rule_base(version).agreements[0].window_to is None

    suspend_agreement(agreement, from_day=TODAY + timedelta(days=3), actor=officers[0], at=AT, reason="核查", by=places[0])
    assert rule_base(version).agreements[0].window_to == TODAY + timedelta(days=2)
    resume_agreement(agreement, actor=officers[0], at=AT, by=places[0])
    assert rule_base(version).agreements[0].window_to is None
    end_agreement(agreement, last_day=TODAY, actor=officers[0], at=AT, reason="停办", by=places[0])
    assert rule_base(version).agreements[0].window_to == TODAY
    assert list(AgreementStep.objects.values_list("to_status", "reason"))[3:] == [("suspended", "核查"), ("active", ""), ("ended", "停办")]


def test_steps_that_no_agreement_takes_are_refused(places, officers):
    agreement = signed(places, officers)
    facts = {"actor": officers[0], "at": AT}

    with pytest.raises(WrongStep):
        resume_agreement(agreement, **facts)
    with pytest.raises(BadDay):
        suspend_agreement(agreement, from_day=TODAY - timedelta(days=1), reason="x", **facts)
    with pytest.raises(WrongStep):
        sign_agreement(agreement, institution=places[0], shown_hash="", **facts)
    end_agreement(agreement, last_day=TODAY, reason="x", **facts)
    with pytest.raises(WrongStep):
        end_agreement(agreement, last_day=TODAY, reason="x", **facts)


def test_a_newer_agreement_takes_the_place_of_the_older(places, officers):
    older = signed(places, officers, at=AT - timedelta(days=99), starts_on=TODAY - timedelta(days=100))

    newer = signed(places, officers, code="AG-2", supersedes=older)

    older.refresh_from_db()
    assert (newer.status, newer.version, older.status, older.last_day) == ("active", 2, "ended", TODAY - timedelta(days=1))


def test_officers_of_the_other_party_are_told_in_their_language(places, officers):
    mail.outbox.clear()
    officers[1].language = "en"
    officers[1].save()

    draft(places, officers)

    assert list(Notice.objects.values_list("recipient_uuid", "code")) == [(officers[1].uuid, "agreements.draft")]
    assert [message.subject for message in mail.outbox] == ["An agreement to sign: Agreement"]


@pytest.mark.postgres(also="sqlite")
@pytest.mark.parametrize("change", ["text", "party", "signature", "delete"])
def test_what_was_signed_cannot_be_changed_by_any_statement(places, officers, change):
    agreement = signed(places, officers)
    party = AgreementParty.objects.order_by("pk").first()
    signature = AgreementSignature.objects.order_by("pk").first()
    third = InstitutionFactory()
    statements = {
        "text": ("UPDATE creditbank_agreement SET text_zh = 'x' WHERE id = %s", [agreement.pk]),
        "party": ("INSERT INTO creditbank_agreementparty (agreement_id, institution_id, role) VALUES (%s, %s, 'both')", [agreement.pk, third.pk]),
        "signature": ("UPDATE creditbank_agreementsignature SET text_hash = 'x' WHERE id = %s", [signature.pk]),
        "delete": ("DELETE FROM creditbank_agreementparty WHERE id = %s", [party.pk]),
    }  # fmt: skip

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(*statements[change])


def test_the_desk_signs_through_the_page_and_a_stranger_sees_no_draft(client, places, officers):
    agreement = draft(places, officers)
    page = reverse("creditbank:desk_agreement", args=["AG-1"])
    stranger = person_as(Role.CREDIT_OFFICER)

    client.force_login(stranger)
    assert client.get(page).status_code == 404
    client.force_login(officers[1])
    shown = client.get(page).context["offered"]["sign"].initial["shown"]
    wrong = client.post(reverse("creditbank:sign_agreement", args=["AG-1"]), {"institution": places[1].pk, "shown": "x", "read": "on"})
    done = client.post(reverse("creditbank:sign_agreement", args=["AG-1"]), {"institution": places[1].pk, "shown": shown, "read": "on"})

    assert (wrong.status_code, done.status_code) == (400, 302)
    assert list(agreement.signatures.values_list("institution__code", flat=True)) == ["THERE"]
    client.logout()
    assert client.get(reverse("creditbank:agreement", args=["AG-1"])).status_code == 404
