"""Words about a person are stored sealed; what stood there in plain columns is sealed by the upgrade; and decisions stay what they were."""

from __future__ import annotations

import importlib
import json
from datetime import date
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.urls import reverse

from creditbank.api import (
    AccountMerger,
    Application,
    IndividualException,
    NewException,
    SpotCheck,
    Transaction,
    agree_to_correction,
    agree_to_merger,
    answer_exception,
    balances,
    confirm_decision,
    find_faults,
    propose_exception,
    propose_merger,
    propose_reversal,
    replay,
)
from creditbank.rules.snapshot import hash_of
from foundation.api import AuditEntry, destroy_person_key, install_triggers
from tests.creditbank.recognition.test_actions import state_of_everything
from tests.factories.creditbank import AT, LATER, make_application, make_bank, make_learner
from tests.factories.identity import UserFactory

pytestmark = pytest.mark.django_db
WAIVED, REVERSED, MERGED = "因病免修军训7719", "成绩系代考7719", "当面核对身份证7719"


@pytest.fixture
def bank():
    return make_bank()


def excepted(bank) -> Application:
    """An award that was decided under an individual exception, and taken back."""
    learner = make_learner(bank)
    new = NewException(kind="waive", path="1.2", reason=WAIVED, expires_on=date(2026, 12, 31))
    answer_exception(propose_exception(learner, bank.programme, new, actor=bank.officer, at=AT), approve=True, actor=bank.reviewer, at=AT)
    posted = confirm_decision(make_application(bank, learner=learner, state="second_review"), actor=bank.reviewer, at=LATER)
    taken = propose_reversal(posted, actor=bank.officer, at=LATER, reason=REVERSED)
    agree_to_correction(taken, actor=bank.reviewer, at=LATER)
    return Application.objects.get(pk=posted.pk)


def merged(bank) -> AccountMerger:
    row = propose_merger(bank.institution, source=make_learner(bank), destination=UserFactory(), actor=bank.officer, at=AT, reason=MERGED)
    return agree_to_merger(row, actor=bank.reviewer, at=LATER)


def stored(*models) -> str:
    return "".join(str(row) for model in models for row in model.objects.values_list())


def test_reasons_of_exceptions_reversals_and_mergers_are_sealed_and_read_by_who_may(client, bank):
    case, row = excepted(bank), merged(bank)

    told = stored(IndividualException, Transaction, AccountMerger, Application)

    assert [words for words in (WAIVED, REVERSED, MERGED) if words in told or json.dumps(words)[1:-1] in told] == []
    assert IndividualException.objects.get().reason == WAIVED
    assert set(Transaction.objects.filter(type="reverse").values_list("note_zh", "note_en")) == {("", "")}
    assert {entry.reason for entry in Transaction.objects.filter(type="reverse")} == {REVERSED}
    assert (Transaction.objects.get(type="transfer").reason, AccountMerger.objects.get(pk=row.pk).reason) == (MERGED, MERGED)
    assert str(IndividualException.objects.get().uuid) in case.snapshot
    client.force_login(bank.officer)
    assert WAIVED in client.get(reverse("creditbank:case", args=[case.reference])).content.decode()
    client.force_login(case.learner)
    entry = Transaction.objects.filter(type="reverse").first()
    assert REVERSED in client.get(reverse("creditbank:entry", args=[entry.uuid])).content.decode()


def test_with_the_key_the_words_are_gone_and_decisions_and_books_stand(client, bank):
    case = excepted(bank)
    before = state_of_everything()

    destroy_person_key(case.learner.uuid, at=LATER)

    assert {entry.reason for entry in Transaction.objects.filter(type="reverse")} == {"[已注销]"}
    assert (IndividualException.objects.get().reason, replay(case), find_faults()) == ("[已注销]", True, [])
    assert (state_of_everything(), balances(case.learner.uuid)["A"].awarded) == (before, 0)
    client.force_login(bank.officer)
    assert "[已注销]" in client.get(reverse("creditbank:case", args=[case.reference])).content.decode()


def test_the_upgrade_seals_what_stands_and_renews_the_hash_of_a_question_that_had_words(bank):
    upgrade = importlib.import_module("creditbank.migrations.0019_seal_what_stands")
    case, row = excepted(bank), merged(bank)
    as_it_was(case, row)
    assert all(words in stored(IndividualException, Transaction, AccountMerger, Application) for words in (WAIVED, REVERSED, MERGED))
    before = Application.objects.get(pk=case.pk).snapshot_hash

    for step in (upgrade.seal_reasons_of_transactions, upgrade.name_exceptions_by_their_row, upgrade.seal_columns):
        step(apps, None)
        step(apps, None)  # a second time changes nothing
    install_triggers()

    told = stored(IndividualException, Transaction, AccountMerger, Application, SpotCheck)
    assert [words for words in (WAIVED, REVERSED, MERGED) if words in told] == []
    renewed = Application.objects.get(pk=case.pk)
    assert (renewed.snapshot, renewed.snapshot_hash, renewed.declared_hash) == (case.snapshot, case.snapshot_hash, case.declared_hash)
    assert renewed.snapshot_hash != before
    assert (replay(renewed), find_faults()) == (True, [])
    assert AuditEntry.objects.get(action="recognition.renew_snapshot").data == {"before": before, "after": renewed.snapshot_hash}
    assert {entry.reason for entry in Transaction.objects.filter(type__in=["reverse", "transfer"])} == {REVERSED, MERGED}


def as_it_was(case: Application, row: AccountMerger) -> None:
    """The rows as the version before stored them: words in plain columns, and in the question itself."""
    lift = importlib.import_module("creditbank.migrations.0018_sealed_reasons").lift_triggers
    text = case.snapshot.replace(str(IndividualException.objects.get().uuid), WAIVED)
    proposal = case.proposal | {"snapshot_hash": hash_of(text)}
    Application.objects.filter(pk=case.pk).update(
        snapshot=text, snapshot_hash=hash_of(text), declared_hash=hash_of(text), proposal=proposal
    )
    with connection.cursor() as cursor:
        lift(apps, SimpleNamespace(connection=connection, quote_name=connection.ops.quote_name, execute=cursor.execute))
        cursor.execute("UPDATE creditbank_individualexception SET reason = %s", [WAIVED])
        cursor.execute("UPDATE creditbank_accountmerger SET reason = %s", [MERGED])
        cursor.execute("UPDATE creditbank_transaction SET reason = '', note_zh = %s, note_en = %s WHERE type = 'reverse'", [REVERSED] * 2)
        cursor.execute("UPDATE creditbank_transaction SET reason = '', note_zh = %s, note_en = %s WHERE type = 'transfer'", [MERGED] * 2)
