"""Publication: examples, errors, notes on warnings, another person; and what is published stays as it was."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from creditbank.agreements.actions import draft_version, publish_rules, retire_version
from creditbank.agreements.enums import VersionStatus
from creditbank.agreements.exceptions import BadDay, ExamplesFail, LintErrors, NotAcknowledged, NotPublished, SamePerson
from creditbank.agreements.models import FindingAcknowledgement, LimitRow, RuleBookVersion, RuleRow
from creditbank.agreements.queries import published_recently_by, version_in_force
from foundation.api import AuditEntry
from tests.factories.creditbank import AT, make_bank

pytestmark = pytest.mark.django_db
START = date(2026, 6, 1)


def rule_of(bank, **facts):
    outcome, target = bank.outcomes[0].code, bank.programme.requirements.order_by("path").first().outcomes[0]
    return {"id": "R1", "lhs": {"outcome": outcome, "min_score": "60"}, "reason_zh": "相当", "reason_en": "same",
            "grants": [{"kind": "course", "outcome": target, "amount": "3"}]} | facts  # fmt: skip


def example_of(bank, **facts):
    record = {"record": "a", "outcome": bank.outcomes[0].code, "earned_on": "2026-01-10", "score": "80"}
    return {"code": "E1", "title_zh": "80 分", "programme": bank.programme.code, "reviewed_on": "2026-03-02", "records": [record | facts]}


def draft(bank, *rules, **facts):
    listed = rules or (rule_of(bank), rule_of(bank, id="R2", lhs={"outcome": bank.outcomes[1].code}, grants=_second(bank)))
    return draft_version(bank.version.book, rules=list(listed), limits=[], valid_from=START, actor=bank.officer, **facts)


def _second(bank):
    return [{"kind": "course", "outcome": bank.programme.requirements.order_by("path").last().outcomes[0], "amount": "2"}]


def test_a_version_is_not_published_while_an_example_comes_out_otherwise():
    bank = make_bank()
    wrong = draft(bank, examples=[example_of(bank, gives="2")])
    right = draft(bank, examples=[example_of(bank, gives="3")])

    with pytest.raises(ExamplesFail) as refused:
        publish_rules(wrong, actor=bank.reviewer, at=AT)
    published = publish_rules(right, actor=bank.reviewer, at=AT)

    wrong.refresh_from_db()
    assert (refused.value.examples, wrong.status, published.status) == (["E1"], "draft", "published")


def test_errors_of_lint_block_and_the_author_may_not_publish():
    bank = make_bank()
    broken = draft(bank, rule_of(bank, lhs={"outcome": "NO:SUCH"}))
    entries = AuditEntry.objects.count()

    with pytest.raises(LintErrors):
        publish_rules(broken, actor=bank.reviewer, at=AT)
    with pytest.raises(SamePerson):
        publish_rules(draft(bank), actor=bank.officer, at=AT)

    assert AuditEntry.objects.count() == entries + 1  # the second draft
    assert RuleBookVersion.objects.filter(status=VersionStatus.PUBLISHED).count() == 1


def test_warnings_want_a_note_that_is_kept():
    bank = make_bank()
    version = draft(bank, rule_of(bank, reason_en=""), rule_of(bank, id="R2", lhs={"outcome": bank.outcomes[1].code}, grants=_second(bank)))

    with pytest.raises(NotAcknowledged) as refused:
        publish_rules(version, actor=bank.reviewer, at=AT, acknowledged={"L22": "   "})
    assert FindingAcknowledgement.objects.count() == 0
    notes = dict.fromkeys(refused.value.codes, "译文下周补上")
    publish_rules(version, actor=bank.reviewer, at=AT, acknowledged=notes)

    kept = FindingAcknowledgement.objects.get(code="L22")
    assert (kept.note, kept.by_uuid, kept.findings[0]["ids"]) == ("译文下周补上", bank.reviewer.uuid, ["R1"])


def test_a_newer_version_ends_the_older_the_day_before_even_if_its_day_lies_ahead():
    bank = make_bank()
    newer = publish_rules(draft(bank), actor=bank.reviewer, at=AT)

    bank.version.refresh_from_db()
    assert bank.version.valid_to == date(2026, 5, 31)
    assert version_in_force(bank.institution, on=date(2026, 5, 31)) == bank.version
    assert version_in_force(bank.institution, on=START) == newer


def test_a_version_that_never_began_gives_way_to_an_earlier_day():
    bank = make_bank()
    later = publish_rules(draft(bank), actor=bank.reviewer, at=AT)
    sooner = draft_version(bank.version.book, rules=[rule_of(bank), rule_of(bank, id="R2", lhs={"outcome": bank.outcomes[1].code}, grants=_second(bank))],
                           limits=[], valid_from=date(2026, 5, 1), actor=bank.officer)  # fmt: skip

    publish_rules(sooner, actor=bank.reviewer, at=AT)

    later.refresh_from_db()
    assert later.status == "retired"
    assert version_in_force(bank.institution, on=date(2026, 7, 1)) == sooner


def test_a_retired_version_holds_until_its_last_day():
    bank = make_bank()
    retired = retire_version(bank.version, last_day=date(2026, 4, 30), actor=bank.reviewer, reason="改版")

    assert version_in_force(bank.institution, on=date(2026, 4, 30)) == retired
    assert version_in_force(bank.institution, on=date(2026, 5, 1)) is None
    with pytest.raises(NotPublished):
        retire_version(retired, last_day=date(2026, 4, 1), actor=bank.reviewer, reason="x")
    with pytest.raises(BadDay):
        retire_version(make_bank().version, last_day=date(2020, 1, 1), actor=bank.reviewer, reason="x")


def test_the_publisher_waits_a_day_before_deciding_under_it():
    bank = make_bank()
    version = publish_rules(draft(bank), actor=bank.reviewer, at=AT)

    assert published_recently_by(bank.reviewer, version, at=AT + timedelta(hours=23))
    assert not published_recently_by(bank.reviewer, version, at=AT + timedelta(hours=24))
    assert not published_recently_by(bank.officer, version, at=AT)


@pytest.mark.postgres(also="sqlite")
@pytest.mark.parametrize("change", ["rule", "new rule", "limit", "back to draft", "publisher", "content", "delete"])
def test_nothing_of_a_published_version_is_changed_by_any_statement(change):
    bank = make_bank()
    version, rule = bank.version, bank.version.rules.order_by("pk").first()
    columns = [field.column for field in RuleRow._meta.concrete_fields if field.column not in {"id", "code"}]
    quoted = ", ".join(connection.ops.quote_name(column) for column in columns)
    statements = {
        "rule": ("UPDATE creditbank_rulerow SET priority = 1 WHERE id = %s", [rule.pk]),
        "new rule": (f"INSERT INTO creditbank_rulerow (code, {quoted}) SELECT 'NEW', {quoted} FROM creditbank_rulerow WHERE id = %s", [rule.pk]),
        "limit": ("DELETE FROM creditbank_rulerow WHERE version_id = %s", [version.pk]),
        "back to draft": ("UPDATE creditbank_rulebookversion SET status = 'draft' WHERE id = %s", [version.pk]),
        "publisher": ("UPDATE creditbank_rulebookversion SET publisher_uuid = NULL WHERE id = %s", [version.pk]),
        "content": ("UPDATE creditbank_rulebookversion SET content_hash = 'x' WHERE id = %s", [version.pk]),
        "delete": ("DELETE FROM creditbank_rulebookversion WHERE id = %s", [version.pk]),
    }  # fmt: skip

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(*statements[change])
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        LimitRow.objects.create(version=version, code="L", bound=3)


def test_the_desk_shows_what_speaks_against_a_draft_and_publishes_with_notes(client):
    bank = make_bank()
    version = draft(bank, rule_of(bank, reason_en=""), rule_of(bank, id="R2", lhs={"outcome": bank.outcomes[1].code}, grants=_second(bank)))
    page = reverse("creditbank:publish_version", args=[version.book.code, version.number])
    client.force_login(bank.reviewer)

    shown = client.get(page)
    codes = list(shown.context["form"].fields)
    missing = client.post(page, dict.fromkeys(codes, ""))
    done = client.post(page, dict.fromkeys(codes, "知道了"))

    assert "L22" in codes
    assert (missing.status_code, done.status_code) == (400, 302)
    version.refresh_from_db()
    assert (version.status, version.acknowledgements.count()) == ("published", len(codes))
    assert client.get(reverse("creditbank:rule_changes", args=[version.book.code, version.number])).status_code == 200
    assert client.get(reverse("creditbank:rulebooks")).status_code == 200


def test_uploaded_files_become_a_draft_or_a_list_of_problems(client):
    bank = make_bank()
    code = bank.version.book.code
    client.force_login(bank.officer)
    content = client.get(reverse("creditbank:download_version", args=[code, bank.version.number, "xlsx"])).content
    page = reverse("creditbank:upload_version", args=[code])

    def upload(name, data):
        from django.core.files.uploadedfile import SimpleUploadedFile

        return client.post(page, {"uploads": [SimpleUploadedFile(name, data)], "valid_from": "2026-09-01", "notes": "新版"})

    bad = upload("rules.csv", b"rule_id,row\nR1,perhaps\n")
    good = upload("book.xlsx", content)

    assert (bad.status_code, good.status_code) == (400, 302)
    assert "rules.csv" in bad.content.decode()
    newest = bank.version.book.versions.order_by("-number").first()
    assert (newest.number, newest.status, newest.content_hash) == (bank.version.number + 1, "draft", bank.version.content_hash)
