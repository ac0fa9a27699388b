"""A person can be forgotten: asked by the person, carried out by an operator, with a receipt; and nothing that named the person is left."""

from __future__ import annotations

import json
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from creditbank.api import (
    Application,
    ApplicationEvidence,
    ResultBatch,
    Transaction,
    add_evidence,
    answer_request,
    balances,
    claim_application,
    clean_file,
    confirm_decision,
    decide_application,
    find_faults,
    release_batch,
    replay,
    request_information,
    start_application,
    submit_application,
    submit_batch,
    upload_results,
)
from creditbank.results.models import ResultRow
from creditbank.statements.actions import issue_transcript
from foundation.api import AuditEntry, Notice, destroy_person_key
from identity.api import (
    ErasureBlocked,
    ErasureRequest,
    OwnErasure,
    Role,
    User,
    WrongErasureState,
    ask_for_erasure,
    carry_out_erasure,
    erase_again,
    link_learner_number,
    registered_erasers,
    withdraw_erasure,
)
from learning.api import Evidence, LearningRecord, attach_evidence
from tests.factories.creditbank import AT, LATER, all_lines, make_bank, make_learner
from tests.factories.identity import UserFactory, person_as

pytestmark = pytest.mark.django_db
TOKENS = {
    "name": "欧阳夏丹忆", "mail": "xiadan-7719@example.org", "phone": "+8613977190042", "number": "XH-2026-771904",
    "words": "因化疗休学一学期7719", "reply": "请补交住院证明7719", "file": "%PDF-1.7 诊断书7719", "filename": "欧阳夏丹忆诊断书.pdf",
    "reason": "不想再被找到7719",
}  # fmt: skip
"""Each is sought everywhere afterwards."""


@pytest.fixture
def operator():
    return person_as(Role.OPERATOR)


@pytest.fixture
def bank():
    return make_bank()


def everything_stored() -> str:
    """Every value of every row of every table, and every byte of every file."""
    rows = [str(row) for model in apps.get_models(include_auto_created=True) for row in model._base_manager.values_list()]
    files = [path.read_bytes().decode("utf-8", "replace") + str(path) for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]
    return "\n".join([*rows, *files])


def found_tokens() -> set[str]:
    stored = everything_stored()
    spelled = {name: (token, json.dumps(token)[1:-1]) for name, token in TOKENS.items()}
    return {name for name, ways in spelled.items() if any(way in stored for way in ways)}


def a_life(bank) -> User:
    """Somebody who left a trace everywhere: evidence, words, an upload, a paper, a notice."""
    learner = make_learner(bank)
    User.objects.filter(pk=learner.pk).update(name=TOKENS["name"], email=TOKENS["mail"], phone=TOKENS["phone"])
    learner = User.objects.get(pk=learner.pk)
    link_learner_number(learner, bank.institution, TOKENS["number"], actor=None, at=AT)
    record = LearningRecord.objects.filter(learner=learner).first()
    content = TOKENS["file"].encode()
    attach_evidence(record, content=content, filename=TOKENS["filename"], media_type="application/pdf", actor=learner, at=AT)
    draft = start_application(bank.programme, learner=learner, at=AT)
    add_evidence(draft, rule="R1", item="", record=record.uuid, file=clean_file(content, TOKENS["filename"]), actor=learner, at=AT)
    case = claim_application(submit_application(draft, actor=learner, at=AT), actor=bank.officer, at=AT)
    case = answer_request(
        request_information(case, actor=bank.officer, at=AT, text=TOKENS["reply"]), actor=learner, at=AT, text=TOKENS["words"]
    )
    decide_application(case, decisions=all_lines(case), actor=bank.officer, at=AT, message=TOKENS["reply"])
    confirm_decision(case, actor=bank.reviewer, at=LATER)
    issue_transcript(learner, actor=learner, at=LATER)
    return learner


def uploaded(bank, learner) -> ResultBatch:
    """A file of the school that names the learner."""
    uploader, releaser = person_as(Role.CREDIT_OFFICER, bank.source), person_as(Role.REVIEWER, bank.source)
    line = f"{TOKENS['phone'][3:]},{TOKENS['name']},UP-1,{bank.outcomes[0].code},2026-01-30,86,4"
    content = f"学习者,姓名,成绩编号,成果代码,取得日期,成绩,学分\n{line}\n".encode()
    batch = upload_results(bank.source, content=content, filename=f"{TOKENS['name']}.csv", actor=uploader, at=timezone.now())
    batch.refresh_from_db()
    release_batch(submit_batch(batch, actor=uploader, at=AT), actor=releaser, at=AT)
    batch.refresh_from_db()
    return batch


def test_nothing_that_named_somebody_is_left_and_the_books_and_decisions_stand(bank, operator, django_capture_on_commit_callbacks):
    learner = a_life(bank)
    batch = uploaded(bank, learner)
    assert batch.state == "released"
    assert found_tokens() == {"name", "mail", "phone", "number", "filename"}  # the rest is sealed already
    awarded, postings = balances(learner.uuid)["A"].awarded, Transaction.objects.count()
    wish = ask_for_erasure(learner, reason=TOKENS["reason"], at=LATER)
    mail.outbox.clear()

    with django_capture_on_commit_callbacks(execute=True):
        done = carry_out_erasure(wish, actor=operator, at=LATER)

    assert found_tokens() == set()
    person = User.objects.get(pk=learner.pk)
    assert (person.name, person.email, person.phone, person.is_active) == ("已注销", None, None, False)
    assert (Evidence.objects.count(), ResultRow.objects.count(), Notice.objects.filter(recipient_uuid=learner.uuid).count()) == (0, 0, 0)
    kept = ApplicationEvidence.objects.get()
    assert (str(kept.file), kept.filename, len(kept.sha256)) == ("", "", 64)
    assert (awarded, balances(learner.uuid)["A"].awarded, Transaction.objects.count()) == (Decimal(5), Decimal(5), postings)
    assert find_faults() == []
    case = Application.objects.get()
    assert replay(case)
    assert (case.message, case.answer, {step.note for step in case.steps.all()}) == ("[已注销]", "[已注销]", {"", "[已注销]"})
    assert done.receipt == {
        "evidence_files": 2, "papers": 1, "uploaded_rows": 1, "uploaded_files": 1, "learner_numbers": 1, "contacts": 2, "name": 1,
        "notices": done.receipt["notices"],
    }  # fmt: skip
    assert AuditEntry.objects.get(action="people.erase").data == done.receipt
    assert [message.to for message in mail.outbox] == [[TOKENS["mail"]]]
    assert done.code in mail.outbox[0].body


def test_what_was_erased_is_erased_again_when_an_old_backup_brings_it_back(bank, operator, tmp_path):
    learner = a_life(bank)
    before = {name: getattr(learner, name) for name in ("name", "email", "phone", "is_active")}
    carry_out_erasure(ask_for_erasure(learner, reason="", at=LATER), actor=operator, at=LATER)
    listed = StringIO()
    call_command("erasures", "list", stdout=listed)
    assert listed.getvalue() == f"{learner.uuid}\n"
    User.objects.filter(pk=learner.pk).update(**before)  # as the backup had it
    (tmp_path / "erased").write_text(listed.getvalue())

    told = StringIO()
    call_command("erasures", "reapply", str(tmp_path / "erased"), stdout=told)

    assert told.getvalue() == "1 of 1 erased again\n"
    assert not found_tokens() & {"name", "mail", "phone"}
    assert erase_again([learner.uuid], at=LATER) == 0
    (tmp_path / "bad").write_text("nobody\n")
    with pytest.raises(CommandError, match="Not a list"):
        call_command("erasures", "reapply", str(tmp_path / "bad"))


def test_somebody_with_an_open_case_or_a_role_is_told_what_has_to_end_first(bank, client):
    learner = make_learner(bank)
    case = submit_application(start_application(bank.programme, learner=learner, at=AT), actor=learner, at=AT)
    before = AuditEntry.objects.count()

    with pytest.raises(ErasureBlocked) as blocked:
        ask_for_erasure(learner, reason="", at=AT)
    with pytest.raises(ErasureBlocked):
        ask_for_erasure(bank.officer, reason="", at=AT)

    assert blocked.value.obstacles == [f"申请 {case.reference} 尚未办结：请撤回，或等待答复。"]
    assert (ErasureRequest.objects.count(), AuditEntry.objects.count()) == (0, before)
    client.force_login(learner)
    page = client.post("/my/settings/erasure/", {"sure": "on"})
    assert page.status_code == 400
    assert case.reference in page.content.decode()


def test_a_wish_is_found_again_taken_back_and_answered_once(operator):
    learner = UserFactory()
    wish = ask_for_erasure(learner, reason="", at=AT)
    assert ask_for_erasure(learner, reason="", at=AT) == wish

    withdraw_erasure(wish, actor=learner, at=AT)

    with pytest.raises(WrongErasureState):
        carry_out_erasure(wish, actor=operator, at=AT)
    assert User.objects.get(pk=learner.pk).name == learner.name


def test_nobody_decides_on_the_own_wish(operator):
    wish = ErasureRequest.objects.create(person_uuid=operator.uuid, code="c", asked_at=AT)

    with pytest.raises(OwnErasure):
        carry_out_erasure(wish, actor=operator, at=AT)

    assert ErasureRequest.objects.get().state == "asked"


def test_the_whole_way_by_http(client, bank, operator):
    learner = make_learner(bank)
    client.force_login(learner)
    assert client.post("/my/settings/erasure/", {"reason": "x"}).status_code == 400  # not sure
    client.post("/my/settings/erasure/", {"reason": "x", "sure": "on"})
    wish = ErasureRequest.objects.get()
    assert client.get("/ops/erasures/").status_code == 403
    assert client.post(f"/ops/erasures/{wish.uuid}/", {"choice": "erase"}).status_code in {403, 404}
    assert f"/erasures/{wish.code}/" in client.get("/my/settings/erasure/").content.decode()
    assert client.get(f"/erasures/{wish.code}/").status_code == 404  # nothing was done yet

    client.force_login(operator)
    assert str(wish.uuid) in client.get("/ops/erasures/").content.decode()
    assert client.post(f"/ops/erasures/{wish.uuid}/", {"choice": "refuse"}).status_code == 400  # without saying why
    client.post(f"/ops/erasures/{wish.uuid}/", {"choice": "refuse", "answer": "案件尚在诉讼中"})
    client.force_login(learner)
    assert "案件尚在诉讼中" in client.get("/my/settings/erasure/").content.decode()

    client.post("/my/settings/erasure/", {"sure": "on"})
    again = ErasureRequest.objects.get(state="asked")
    client.force_login(operator)
    client.post(f"/ops/erasures/{again.uuid}/", {"choice": "erase"})
    client.logout()
    for address in (f"/erasures/{again.code}/", f"/en/erasures/{again.code}/"):
        page = client.get(address).content.decode()
        assert str(learner.uuid) in page
        assert learner.name not in page


def test_a_file_of_somebody_who_was_erased_says_so_and_a_missing_key_says_that(client, bank, settings, tmp_path):
    learner = make_learner(bank)
    record = LearningRecord.objects.filter(learner=learner).first()
    draft = start_application(bank.programme, learner=learner, at=AT)
    file = clean_file(b"%PDF-1.7 x", "x.pdf")
    row = add_evidence(draft, rule="R1", item="", record=record.uuid, file=file, actor=learner, at=AT)
    address = f"/my/applications/{draft.reference}/evidence/{row.uuid}/"
    submit_application(draft, actor=learner, at=AT)
    client.force_login(bank.officer)
    read = client.get(address)
    assert (read.status_code, read.content, read["Content-Type"]) == (200, b"%PDF-1.7 x", "application/pdf")
    assert b"%PDF" not in row.file.open().read()
    looked = AuditEntry.objects.get(action="recognition.read_evidence")
    assert (looked.actor_uuid, looked.person_uuid) == (bank.officer.uuid, learner.uuid)
    client.force_login(learner)
    assert client.get(address).content == b"%PDF-1.7 x"
    assert AuditEntry.objects.filter(action="recognition.read_evidence").count() == 1  # one's own is nobody's business

    masters = settings.MASTER_KEYS_DIR
    settings.MASTER_KEYS_DIR = tmp_path / "nothing"
    assert client.get(address).status_code == 503
    settings.MASTER_KEYS_DIR = masters
    destroy_person_key(learner.uuid, at=AT)
    gone = client.get(address)
    assert (gone.status_code, "已申请注销" in gone.content.decode()) == (410, True)


def test_every_model_with_personal_data_says_what_becomes_of_it():
    treated = {label for eraser in registered_erasers() for label in eraser.treats}
    ours = [
        model
        for model in apps.get_models()
        if model.__module__.split(".")[0] in {"foundation", "identity", "cms", "learning", "creditbank"}
    ]
    personal = {
        model._meta.label
        for model in ours
        for line in (model.__doc__ or "").split("Personal data:")[1:]
        if not line.strip().startswith("none")
    }

    assert personal - treated == set()
    assert {label for label in treated if label not in {model._meta.label for model in ours}} == set()


def test_the_list_of_wishes_costs_the_same_with_one_and_with_thirty(client, operator, django_assert_max_num_queries):
    client.force_login(operator)
    ErasureRequest.objects.create(person_uuid=operator.uuid, code="c", asked_at=AT)
    with django_assert_max_num_queries(12):
        client.get("/ops/erasures/")
    for number in range(29):
        ErasureRequest.objects.create(person_uuid=UserFactory().uuid, code=str(number), asked_at=AT)
    with django_assert_max_num_queries(12):
        client.get("/ops/erasures/")
