"""Rule books are read once an edition of the catalogue: whatever a rule is read with changes the edition, by whichever door."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection, transaction

from creditbank.agreements.actions import revise_version
from creditbank.agreements.checking import examples_of, findings_of
from creditbank.agreements.editions import WATCHED, Shelf, edition_now, install_edition_triggers
from creditbank.agreements.models import RuleRow
from creditbank.agreements.queries import limits_of, outcome_titles, rule_base
from creditbank.catalogue.models import Outcome, Programme
from identity.api import Institution
from tests.factories.creditbank import make_bank

pytestmark = pytest.mark.django_db


@pytest.fixture
def bank():
    return make_bank()


def test_a_published_book_is_read_once_and_then_asked_for_with_one_query(bank, django_assert_num_queries):
    first = rule_base(bank.version), limits_of(bank.version), outcome_titles()

    with django_assert_num_queries(3):
        again = rule_base(bank.version), limits_of(bank.version), outcome_titles()
    edition = edition_now()
    with django_assert_num_queries(0):
        rule_base(bank.version, edition)

    assert [one is other for one, other in zip(first, again, strict=True)] == [True, True, True]


def test_an_outcome_that_is_written_past_every_action_is_read_anew(bank):
    code = rule_base(bank.version).outcomes[0].code
    before = outcome_titles()[code]

    with connection.cursor() as cursor:
        cursor.execute("UPDATE creditbank_outcome SET title_zh = 'renamed', credits = 7 WHERE code = %s", [code])

    assert next(one for one in rule_base(bank.version).outcomes if one.code == code).credits == Decimal(7)
    assert outcome_titles()[code] == ("renamed", before[1])


def test_what_was_read_in_a_transaction_that_is_rolled_back_is_never_shown_again(bank):
    code, before = rule_base(bank.version).outcomes[0].code, outcome_titles()

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        Outcome.objects.filter(code=code).update(title_zh="never")
        assert outcome_titles()[code][0] == "never"
        _ = 1 / 0

    assert outcome_titles() == before
    with transaction.atomic():
        Outcome.objects.filter(code=code).update(title_zh="once more")
        assert outcome_titles()[code][0] == "once more"


@pytest.mark.parametrize("model", [Institution, Outcome, Programme])
def test_every_kind_of_write_begins_a_new_edition(bank, model):
    editions = [edition_now()]
    for change in ("UPDATE {0} SET id = id WHERE id IN (SELECT MIN(id) FROM {0})", "DELETE FROM {0} WHERE id = -1"):
        with connection.cursor() as cursor:
            cursor.execute(change.format(model._meta.db_table))
        editions.append(edition_now())

    assert editions[0] != editions[1]


def test_every_watched_table_has_its_triggers_and_installing_them_again_begins_anew(bank):
    before = edition_now()

    install_edition_triggers()

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%edition%'"
            if connection.vendor == "sqlite"
            else "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgname LIKE '%edition%'"
        )
        assert {name for (name,) in cursor.fetchall()} == {model._meta.db_table for model in WATCHED}
    assert edition_now() != before


def test_a_shelf_keeps_what_was_asked_for_last(monkeypatch):
    monkeypatch.setattr("creditbank.agreements.editions.MOST_KEPT", 2)
    shelf, edition, read = Shelf(), ("db", 1, 5), []

    for key in ("a", "b", "a", "c", "a", "b"):
        shelf.take(key, edition, lambda key=key: read.append(key))
    shelf.take("a", ("db", 2, 9), lambda: read.append("a"))

    assert read == ["a", "b", "c", "b", "a"]


def test_a_draft_is_read_once_too_and_anew_when_a_rule_joined_it(bank, django_assert_num_queries):
    draft = revise_version(bank.version, actor=bank.officer)
    edition = edition_now(draft)
    first = rule_base(draft, edition), limits_of(draft, edition), findings_of(draft, edition), examples_of(draft, edition)

    with django_assert_num_queries(2):
        again = edition_now(draft)
    with django_assert_num_queries(0):
        second = rule_base(draft, again), limits_of(draft, again), findings_of(draft, again), examples_of(draft, again)
    RuleRow.objects.create(version=draft, code="R9", lhs=draft.rules.get(code="R1").lhs, grants=draft.rules.get(code="R1").grants)

    assert [one is other for one, other in zip(first[:3], second, strict=False)] == [True, True, True]
    assert [rule.id for rule in rule_base(draft).rules] == ["R1", "R2", "R9"]
    assert any("R9" in finding.ids for finding in findings_of(draft))


def test_a_draft_that_an_edition_does_not_speak_of_is_read_each_time(bank):
    draft = revise_version(bank.version, actor=bank.officer)
    edition = edition_now()

    assert rule_base(draft, edition) == rule_base(draft, edition)
    assert rule_base(draft, edition) is not rule_base(draft, edition)


@pytest.mark.parametrize("drafts", [1, 5])
def test_the_pages_of_a_book_take_as_many_queries_however_many_versions_and_rules(bank, client, django_assert_max_num_queries, drafts):
    draft = bank.version
    for _number in range(drafts):
        draft = revise_version(draft, actor=bank.officer)
    for person, address in (
        (bank.officer, f"/desk/rulebooks/{draft.book.code}/edit/"),
        (bank.officer, "/desk/rulebooks/"),
        (bank.reviewer, f"/desk/rulebooks/{draft.book.code}/v{draft.number}/publish/"),
    ):
        client.force_login(person)
        assert client.get(address).status_code == 200

        with django_assert_max_num_queries(11):
            assert client.get(address).status_code == 200
