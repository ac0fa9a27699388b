"""That a case file proves its rows against the log: offline, row by row, and that it says so where it cannot."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import transaction

from creditbank.api import Application, build_case_file, export_case, reverse_award, verify_case_file
from creditbank.recognition.queries import in_log
from creditbank.statements.casefile import _json
from creditbank.statements.caselog import check_log, log_section
from foundation.api import AuditEntry, LogHead, forget_salts, public_keys, record_audit_entry, seal_log
from tests.factories.creditbank import LATER

pytestmark = pytest.mark.django_db


def seal() -> LogHead:
    return seal_log(clock=lambda: LATER).head


def log_findings(data: bytes) -> dict[str, tuple[bool | None, str]]:
    return {one.name: (one.ok, one.found) for one in verify_case_file(data) if one.name.startswith("log") and one.name != "log.json"}


@pytest.fixture
def section(credited):
    seal()
    return json.loads(_json(log_section(credited)))


@pytest.fixture
def shown(credited):
    """What the file shows beside it."""
    from creditbank.statements.casefile import _audit, _postings  # noqa: PLC0415

    return {"audit": json.loads(_json(_audit(credited))), "ledger": json.loads(_json(_postings(credited)))}


def outcomes(section, shown, **how):
    return {one.name: one.ok for one in check_log(section, shown, keys=how.get("keys"))}


def test_an_export_seals_first_and_proves_every_entry_and_posting(credited, bank):
    data = export_case(credited, actor=bank.auditor)

    found = log_findings(data)

    assert [ok for ok, _found in found.values()] == [True, True, True]
    head, rows = LogHead.objects.get(), in_log(credited).rows
    assert found["log head"][1] == f"{head.size} leaves, {head.made_at:%Y-%m-%d %H:%M} UTC"
    assert found["log rows"][1] == f"all {rows} audit entries and transactions are shown as they were sealed"
    assert rows == AuditEntry.objects.filter(object_key=str(credited.uuid)).exclude(action="statements.export_case").count() + 3


def test_what_was_decided_on_is_in_the_log_by_its_hash(credited, section):
    sealed = [json.loads(leaf["row"]) for leaf in section["leaves"] if leaf["source"] == "audit"]

    hashes = {row["action"]: row["data"].get("snapshot") for row in sealed}

    assert hashes["recognition.decide"] == hashes["recognition.confirm"] == credited.snapshot_hash


def test_a_later_head_changes_nothing_of_the_file(credited, bank):
    first = export_case(credited, actor=bank.auditor)
    with transaction.atomic():
        record_audit_entry("test.elsewhere", actor=None)
    seal()

    assert LogHead.objects.count() == 2
    assert build_case_file(credited) == first


def test_rows_that_no_head_covers_yet_are_told_as_such(credited, bank):
    rows = in_log(credited).rows
    assert log_findings(build_case_file(credited)) == {
        "log rows": (None, f"{rows} of {rows} rows were not sealed yet when the file was made")
    }
    seal()
    reverse_award(credited, actor=bank.officer, second=bank.reviewer, at=LATER + timedelta(days=1), reason="证据有误")

    data = build_case_file(Application.objects.get(pk=credited.pk))

    assert log_findings(data)["log rows"][0] is None
    assert log_findings(data)["log proofs"] == (True, f"{rows} rows are under the head")


def test_after_an_erasure_the_file_still_proves_its_rows_by_their_hashes(credited):
    seal()
    with transaction.atomic():
        forget_salts(credited.learner.uuid, actor=None)

    ok, found = log_findings(build_case_file(credited))["log proofs"]

    assert ok
    assert "without salt since a person was erased" in found


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda one: one["leaves"][0].update(row=one["leaves"][0]["row"].replace("recognition", "recollection")), "log proofs"),
        (lambda one: one["leaves"][0].update(salt="00" * 16), "log proofs"),
        (lambda one: one["leaves"][0].update(index=one["leaves"][0]["index"] + 1), "log proofs"),
        (lambda one: one["leaves"][0]["proof"].pop(), "log proofs"),
        (lambda one: one["head"].update(root="00" * 32), "log head"),
        (lambda one: one["head"].update(size=one["head"]["size"] + 1), "log head"),
        (lambda one: one["leaves"].pop(), "log rows"),
        (lambda one: one.update(not_sealed=1), "log rows"),
        (lambda one: one.update(head=[]), "log"),
        (lambda one: one.update(leaves=[1]), "log"),
        (lambda one: one["leaves"][0].update(hash="x"), "log"),
    ],
    ids=range(11),
)
def test_whatever_is_changed_in_it_is_found(section, shown, change, wrong):
    assert set(outcomes(section, shown).values()) == {True}

    change(section)

    assert outcomes(section, shown)[wrong] is False


def test_a_row_that_is_shown_otherwise_than_it_was_sealed_is_named(section, shown):
    shown["ledger"][0]["postings"][0]["amount"] = "60"
    shown["audit"][1]["action"] = "recognition.other"

    (finding,) = [one for one in check_log(section, shown, keys=None) if one.ok is False]

    assert finding.found == f"shown otherwise than sealed: {shown['audit'][1]['uuid']}, {shown['ledger'][0]['uuid']}"


def test_a_head_of_another_key_is_not_believed(section, shown):
    assert outcomes(section, shown, keys=public_keys())["log head"]
    assert outcomes(section, shown, keys={})["log head"] is False


def test_the_case_page_tells_auditors_how_it_stands_in_the_log(client, credited, bank, django_assert_max_num_queries):
    client.force_login(bank.auditor)
    address = f"/en/desk/cases/{credited.reference}/"
    assert "not yet" in client.get(address).content.decode()
    head, rows = seal(), in_log(credited).rows

    page = " ".join(client.get(address).content.decode().split())

    assert f"In the log: yes, all {rows} entries and postings" in page
    assert f"head {head.pk}" in page
    with django_assert_max_num_queries(5):
        in_log(credited)
    client.force_login(bank.officer)
    assert "In the log" not in client.get(address).content.decode()
