"""A case as a signed file: complete, without a name, the same bytes each time; read back by somebody who trusts nothing in it."""

from __future__ import annotations

import io
import json
import tomllib
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.management import CommandError, call_command

from creditbank.api import (
    Application,
    NotACaseFile,
    build_case_file,
    claim_application,
    export_case,
    issue_certificate,
    reverse_award,
    verify_case_file,
)
from creditbank.recognition.replaying import replay_stored
from creditbank.rules.snapshot import SEMANTICS, canonical, hash_of
from foundation.api import AuditEntry, published_keys, read_key_set, seal_log, sign
from tests.factories.creditbank import LATER, make_application
from tests.factories.learning import EvidenceFactory

pytestmark = pytest.mark.django_db


def opened(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(texts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in texts.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def outcomes(data: bytes) -> dict[str, bool | None]:
    return {finding.name: finding.ok for finding in verify_case_file(data) if finding.ok is not True}


def sealed_file(application: Application) -> bytes:
    """The file of a case whose rows are all in the log."""
    seal_log(clock=lambda: LATER)
    return build_case_file(Application.objects.get(pk=application.pk))


@pytest.fixture
def case_file(credited) -> bytes:
    return sealed_file(credited)


def test_a_case_file_is_signed_whole_and_decided_again_alike(case_file):
    findings = verify_case_file(case_file)

    assert all(finding.ok for finding in findings)
    assert (findings[0].name, findings[-1].name, findings[-1].found) == ("signature", "replay", f"same result: yes (semantics {SEMANTICS})")


def test_it_says_what_was_asked_by_which_rules_who_decided_and_what_was_posted(case_file, credited, bank):
    texts = opened(case_file)
    parts = {name: json.loads(text) for name, text in texts.items() if name.endswith(".json")}

    assert parts["claim.json"]["reference"] == credited.reference
    assert (parts["claim.json"]["learner"], parts["claim.json"]["first_officer"]) == (str(credited.learner.uuid), str(bank.officer.uuid))
    assert (parts["rules.json"]["book"], parts["rules.json"]["number"], parts["rules.json"]["content_hash"]) == (
        bank.version.book.code, 1, bank.version.content_hash,
    )  # fmt: skip
    assert (parts["rules.json"]["author_uuid"], parts["rules.json"]["publisher_uuid"]) == (str(bank.officer.uuid), str(bank.reviewer.uuid))
    assert [rule["id"] for rule in parts["rules.json"]["rules"]] == ["R1", "R2"]
    assert "来源课程1" in parts["rules.json"]["rules"][0]["zh"]
    assert [step["to_state"] for step in parts["case/applicationstep.json"]] == [
        "submitted", "checking", "second_review", "decided", "accepted", "posted",
    ]  # fmt: skip
    assert [line["decided"] for line in parts["case/applicationline.json"]] == ["3", "2"]
    said = {(entry["action"], entry["actor_uuid"]) for entry in parts["audit.json"]}
    assert {("recognition.decide", str(bank.officer.uuid)), ("recognition.confirm", str(bank.reviewer.uuid))} <= said
    assert [entry["type"] for entry in parts["postings.json"]] == ["hold", "convert", "award"]
    award = parts["postings.json"][-1]["postings"]
    assert [(row["amount"], row["unit"]) for row in award] == [("3", "A"), ("2", "A")]
    assert {"recognition.submitted", "recognition.posted"} <= {notice["code"] for notice in parts["notices.json"]}
    assert parts["manifest.json"]["software"] == configured.VERSION
    assert texts["snapshot.json"].decode() == credited.snapshot
    assert texts["proposal.json"].decode() == canonical(credited.proposal)


def test_evidence_stands_with_its_hash_and_who_brought_it_but_without_its_file_name(credited):
    record = next(iter(credited.lines.all())).records[0]
    from learning.api import LearningRecord  # noqa: PLC0415

    file = EvidenceFactory(record=LearningRecord.objects.get(uuid=record), filename="林晓雯的证书.pdf")

    (row,) = json.loads(opened(build_case_file(credited))["evidence.json"])

    assert (row["sha256"], row["uploaded_by"], row["record"]) == (file.sha256, str(credited.learner.uuid), record)
    assert "filename" not in row


def test_no_name_stands_in_it_even_where_a_certificate_was_issued(credited, bank):
    paper = issue_certificate(credited, actor=credited.learner, at=LATER)

    data = build_case_file(credited)

    for name in (credited.learner.name, bank.officer.name, bank.reviewer.name, credited.learner.email):
        assert name.encode() not in data, name
    (row,) = json.loads(opened(data)["papers.json"])
    assert (row["number"], row["content_hash"]) == (paper.number, paper.content_hash)


def test_the_same_case_gives_the_same_bytes_and_a_step_more_gives_others(credited, bank):
    first = export_case(credited, actor=bank.auditor)

    assert export_case(credited, actor=bank.auditor) == build_case_file(credited) == first
    reverse_award(credited, actor=bank.officer, second=bank.reviewer, at=LATER + timedelta(days=1), reason="证据有误")

    after = sealed_file(credited)
    assert after != first
    assert all(finding.ok for finding in verify_case_file(after))


def test_later_rules_and_renamed_outcomes_do_not_change_the_answer(credited, bank):
    bank.outcomes[0].title_zh = "改了名的课程"
    bank.outcomes[0].save()

    assert verify_case_file(build_case_file(credited))[-1].found == f"same result: yes (semantics {SEMANTICS})"


@pytest.mark.parametrize("name", ["claim.json", "snapshot.json", "proposal.json", "audit.json", "README.txt"])
def test_a_changed_part_is_named(case_file, name):
    texts = opened(case_file)
    texts[name] += b" "

    assert outcomes(packed(texts)) == {name: False}


def test_a_missing_an_added_and_a_newly_signed_manifest_are_found(case_file):
    texts = opened(case_file)

    assert outcomes(packed({name: text for name, text in texts.items() if name != "audit.json"})) == {"audit.json": False}
    assert outcomes(packed(texts | {"more.json": b"{}"})) == {"more.json": False}
    forged = texts | {"manifest.json": texts["manifest.json"].replace(b"RC-", b"RX-")}
    assert outcomes(packed(forged)) == {"signature": False}
    other = sign("paper", forged["manifest.json"])  # a signature of ours, but given for a paper
    assert outcomes(packed(forged | {"manifest.sig": json.dumps({"key": other.key, "value": other.value}).encode()})) == {
        "signature": False
    }


def test_a_well_signed_answer_that_does_not_follow_from_its_question_is_found(credited):
    credited.proposal = {**credited.proposal, "posted": "50"}

    seal_log(clock=lambda: LATER)
    assert outcomes(build_case_file(credited)) == {"replay": False}


def test_a_decision_under_older_semantics_says_so_and_is_not_decided_again(client, credited, bank):
    old = {**credited.proposal, "semantics": 1}
    credited.proposal = old
    Application.objects.filter(pk=credited.pk).update(proposal=old)

    findings = verify_case_file(build_case_file(credited))
    client.force_login(bank.auditor)
    page = client.get(f"/desk/cases/{credited.reference}/").content.decode()

    assert (findings[-1].ok, findings[-1].found.split(";")[0]) == (None, "decided under semantics 1")
    assert "按第 1 版语义决定" in page
    assert replay_stored(credited.snapshot, hash_of("x"), old).outcome == "different"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK",
        b"%PDF-1.7",
        packed({}),
        packed({"manifest.json": b"{}", "manifest.sig": b"{}"}),
        packed({"manifest.json": b"[", "manifest.sig": b"{}"}),
    ],
    ids=range(6),
)
def test_what_is_no_case_file_is_refused(data):
    with pytest.raises(NotACaseFile):
        verify_case_file(data)


def test_a_file_that_blows_up_when_opened_is_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b"0" * (70 * 1024 * 1024))

    with pytest.raises(NotACaseFile):
        verify_case_file(buffer.getvalue())


def test_anybody_verifies_with_the_published_keys(case_file):
    keys = read_key_set(json.dumps(published_keys()))

    assert verify_case_file(case_file, keys=keys)[0].ok
    assert not verify_case_file(case_file, keys={})[0].ok


# --- the commands ---


def told(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_the_commands_export_and_verify(credited, tmp_path):
    file = tmp_path / "case.zip"

    told("case_export", credited.reference, "--out", str(file))

    assert "replay: ok: same result: yes" in told("case_verify", str(file))
    assert AuditEntry.objects.get(action="statements.export_case").data.keys() == {"sha256"}
    file.write_bytes(packed(opened(file.read_bytes()) | {"claim.json": b"{}"}))
    with pytest.raises(CommandError, match="not as it was signed"):
        told("case_verify", str(file))


def test_the_commands_say_what_is_missing(tmp_path):
    with pytest.raises(CommandError, match="No submitted application"):
        told("case_export", "RC-1999-0001", "--out", str(tmp_path / "x"))
    with pytest.raises(CommandError, match="No such file"):
        told("case_verify", str(tmp_path / "x"))
    (tmp_path / "keys").write_text("{}")
    with pytest.raises(CommandError, match="no case file"):
        told("case_verify", str(tmp_path / "x"), "--keys", str(tmp_path / "keys"))


# --- the auditor's page ---


def test_an_auditor_sees_the_replay_and_takes_the_file(client, credited, bank):
    client.force_login(bank.auditor)
    assert "结果一致：是" in client.get(f"/desk/cases/{credited.reference}/").content.decode()

    answer = client.post(f"/desk/cases/{credited.reference}/case-file/")

    assert answer["Content-Disposition"] == f'attachment; filename="{credited.reference}.zip"'
    assert answer.content == build_case_file(credited)
    assert AuditEntry.objects.get(action="statements.export_case").actor_uuid == bank.auditor.uuid


def test_officers_learners_and_drafts_get_no_case_file(client, credited, bank):
    for person, status in ((bank.officer, 403), (bank.reviewer, 403), (credited.learner, 403)):
        client.force_login(person)
        assert client.post(f"/desk/cases/{credited.reference}/case-file/").status_code == status
    client.force_login(bank.auditor)
    draft = make_application(bank, state="draft", learner=bank.reviewer)
    assert client.post(f"/desk/cases/{draft.reference}/case-file/").status_code == 404

    assert AuditEntry.objects.filter(action="statements.export_case").count() == 0


def test_a_case_that_is_still_open_has_a_file_too(bank):
    application = make_application(bank)

    assert all(finding.ok for finding in verify_case_file(sealed_file(application)))
    claimed = claim_application(application, actor=bank.officer, at=LATER)
    assert all(finding.ok for finding in verify_case_file(sealed_file(claimed)))


def test_the_version_of_the_software_is_the_project_s():
    project = tomllib.loads((Path(configured.ROOT) / "pyproject.toml").read_text("utf-8"))

    assert project["project"]["version"] == configured.VERSION
