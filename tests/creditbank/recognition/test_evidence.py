"""Evidence: what a rule asks, what is taken, how it is kept, who may open it; and the draft that is saved step by step."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from creditbank.api import Application, ApplicationEvidence, BadFile, EvidenceMissing, Hold, clean_file, send_application
from creditbank.recognition import uploads
from foundation.api import AuditEntry
from learning.api import LearningRecord, attach_evidence
from tests.creditbank.recognition.test_actions import state_of_everything
from tests.factories.creditbank import AT, ProgrammeFactory, RequirementFactory, earn, make_application, make_bank, make_learner
from tests.factories.identity import UserFactory

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.4\n%%EOF\n"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def photograph(form="JPEG", *, size=(40, 30), orientation=6) -> bytes:
    """A picture with a place and an orientation in its metadata."""
    picture = Image.new("RGB", size, "white")
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SECRETCAMERA"
    exif.get_ifd(0x8825)[2] = (31.0, 14.0, 0.0)
    kept = io.BytesIO()
    picture.save(kept, format=form, exif=exif)
    return kept.getvalue()


@pytest.fixture
def bank():
    """Rule R1 asks for a training record where no school stands for it."""
    return make_bank(amounts=("3",), evidence=["培训记录"])


@pytest.fixture
def learner(bank):
    person = UserFactory(name="林晓雯")
    earn(bank, person, trust="verified")
    return person


def page(bank, name, *more):
    return reverse(f"creditbank:{name}", args=[bank.programme.code, *more])


def upload(client, bank, content=PDF, filename="proof.pdf", **more):
    file = SimpleUploadedFile(filename, content)
    return client.post(page(bank, "evidence"), {"number": "1", "file": file, **more})


# --- what is taken ---


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_photograph_loses_its_metadata_and_stands_upright(form):
    kept = clean_file(photograph(form), "IMG_1.jpg")

    picture = Image.open(io.BytesIO(kept.content))
    assert (picture.size, dict(picture.getexif()), b"SECRETCAMERA" in kept.content) == ((30, 40), {}, False)


def test_a_pdf_is_kept_as_it_came():
    assert clean_file(PDF, "C:\\paper\\成绩单\x00.pdf") == uploads.KeptFile(PDF, "成绩单.pdf", "application/pdf")


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "size"), (b"<svg onload=alert(1)>", "kind"), (b"MZ\x90", "kind"), (b"\xff\xd8\xff garbage", "kind"), (b"PK\x03\x04", "kind"),
     (b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, "kind"), (b"%PDF-" + b"a" * uploads.LARGEST_BYTES, "size")],
)  # fmt: skip
def test_other_files_are_refused_by_their_content_whatever_they_are_called(content, code):
    with pytest.raises(BadFile) as refusal:
        clean_file(content, "scan.pdf")

    assert refusal.value.code == code


def test_too_many_pixels_are_refused_before_one_is_drawn(monkeypatch):
    monkeypatch.setattr(uploads, "MOST_PIXELS", 1000)

    with pytest.raises(BadFile) as refusal:
        clean_file(photograph(size=(40, 30)), "a.jpg")

    assert refusal.value.code == "pixels"


# --- asking and bringing ---


def test_what_is_missing_is_named_and_nothing_is_sent(client, bank, learner):
    before = state_of_everything()
    with pytest.raises(EvidenceMissing) as refusal:
        send_application(bank.programme, learner=learner, at=AT, shown_hash="")
    assert (refusal.value.items, state_of_everything()) == (["培训记录"], before)
    client.force_login(learner)
    shown = client.get(page(bank, "apply"))
    assert "已完成 0/1" in shown.content.decode()

    answer = client.post(page(bank, "apply"), {"shown": shown.context["proposal"].decision.snapshot_hash, "declare": "on"})

    assert (answer.status_code, Hold.objects.count(), state_of_everything()) == (400, 0, before)
    assert "缺少佐证材料" in answer.content.decode()


def test_a_file_is_saved_at_once_and_the_application_can_then_be_sent(client, bank, learner):
    client.force_login(learner)

    assert upload(client, bank).status_code == 302

    draft = Application.objects.get()
    assert (draft.state, draft.evidence.get().item, draft.saved_at is not None) == ("draft", "培训记录", True)
    assert "已完成 1/1" in client.get(page(bank, "evidence")).content.decode()
    shown = client.get(page(bank, "apply"))
    assert "已保存" in shown.content.decode()
    sent = client.post(page(bank, "apply"), {"shown": shown.context["proposal"].decision.snapshot_hash, "declare": "on"}, follow=True)
    assert Application.objects.get().state == "submitted"
    assert "申请已收到" in sent.content.decode()
    assert draft.reference in sent.content.decode()


@pytest.mark.parametrize("content", [b"", b"<html>", b"\xff\xd8\xff"])
def test_a_file_that_is_none_is_refused_in_words_and_nothing_is_saved(client, bank, learner, content):
    client.force_login(learner)
    before = AuditEntry.objects.count()

    answer = upload(client, bank, content)

    assert (answer.status_code, ApplicationEvidence.objects.count(), AuditEntry.objects.count()) == (400, 0, before)
    assert 'class="errors"' in answer.content.decode()


@pytest.mark.parametrize("number", ["0", "2", "x", "999"])
def test_an_item_that_is_not_asked_takes_no_file(client, bank, learner, number):
    client.force_login(learner)

    upload(client, bank, number=number)

    assert ApplicationEvidence.objects.count() == 0


def test_what_a_school_confirmed_or_the_archive_has_is_not_asked_again(bank, learner):
    school = UserFactory()
    earn(bank, school)
    assert send_application(bank.programme, learner=school, at=AT, shown_hash="").state == "submitted"
    record = LearningRecord.objects.get(learner=learner)
    attach_evidence(record, content=PDF, filename="old.pdf", media_type="application/pdf", actor=learner, at=AT)

    assert send_application(bank.programme, learner=learner, at=AT, shown_hash="").state == "submitted"


def test_a_file_is_taken_out_of_a_draft_and_never_of_what_was_sent(client, bank, learner):
    client.force_login(learner)
    upload(client, bank)
    first = ApplicationEvidence.objects.get()
    client.post(page(bank, "drop_evidence", first.uuid))
    assert ApplicationEvidence.objects.count() == 0
    upload(client, bank)
    upload(client, bank)
    kept = ApplicationEvidence.objects.get()
    send_application(bank.programme, learner=learner, at=timezone.now(), shown_hash="")

    client.post(page(bank, "drop_evidence", kept.uuid))

    assert ApplicationEvidence.objects.get() == kept


# --- opening ---


def test_a_file_is_a_download_in_which_nothing_runs_for_those_who_see_the_application(client, bank, learner):
    client.force_login(learner)
    upload(client, bank)
    application = send_application(bank.programme, learner=learner, at=timezone.now(), shown_hash="")
    address = reverse("creditbank:evidence_file", args=[application.reference, ApplicationEvidence.objects.get().uuid])
    expected = {learner: 200, bank.officer: 200, bank.reviewer: 200, UserFactory(): 404, make_bank().officer: 404}

    for person, status in expected.items():
        client.force_login(person)
        answer = client.get(address)
        assert (person.name, answer.status_code) == (person.name, status)
        if status == 200:
            assert answer.content == PDF
            assert answer["Content-Disposition"].startswith("attachment; filename=")
            assert answer["X-Content-Type-Options"] == "nosniff"
            assert "sandbox" in answer["Content-Security-Policy"]
            assert "no-store" in answer["Cache-Control"]


def test_a_file_of_another_application_is_not_found_under_this_one(client, bank, learner):
    client.force_login(learner)
    upload(client, bank)
    send_application(bank.programme, learner=learner, at=timezone.now(), shown_hash="")
    other = make_application(make_bank(), learner=None)

    client.force_login(other.learner)

    file = ApplicationEvidence.objects.get()
    assert client.get(reverse("creditbank:evidence_file", args=[other.reference, file.uuid])).status_code == 404


def test_the_desk_sees_the_picture_beside_the_proposal(client, bank, learner):
    client.force_login(learner)
    upload(client, bank, photograph(), "IMG_0001.jpg")
    application = send_application(bank.programme, learner=learner, at=timezone.now(), shown_hash="")
    client.force_login(bank.officer)

    shown = client.get(reverse("creditbank:case", args=[application.reference])).content.decode()

    file = ApplicationEvidence.objects.get()
    assert f'src="/my/applications/{application.reference}/evidence/{file.uuid}/"' in shown


def test_an_answer_may_bring_a_file_and_a_bad_one_keeps_what_was_typed(client, bank):
    learner = make_learner(bank, records=1)
    application = make_application(bank, learner=learner, state="checking", at=timezone.now() - timedelta(hours=1))
    client.force_login(bank.officer)
    client.post(reverse("creditbank:ask", args=[application.reference]), {"ask-text": "请补照片"})
    client.force_login(learner)
    answer = reverse("creditbank:answer", args=[application.reference])

    bad = client.post(answer, {"text": "见附件", "file": SimpleUploadedFile("a.exe", b"MZ")})
    assert (bad.status_code, Application.objects.get().state) == (400, "information_requested")
    assert "见附件" in bad.content.decode()
    client.post(answer, {"text": "见附件", "file": SimpleUploadedFile("a.jpg", photograph())})

    application.refresh_from_db()
    assert (application.state, application.evidence.get().item) == ("checking", "")


# --- which records ---


def test_the_learner_may_narrow_the_records_and_come_back_to_the_best(client):
    bank = make_bank()
    learner = make_learner(bank)
    stranger = make_learner(bank, records=1)
    first = LearningRecord.objects.get(learner=learner, outcome_code=bank.outcomes[0].code)
    foreign = LearningRecord.objects.get(learner=stranger)
    client.force_login(learner)

    client.post(page(bank, "choose_records"), {"record": [str(first.uuid), str(foreign.uuid), "no-uuid"]})

    draft = Application.objects.get()
    assert draft.chosen == [str(first.uuid)]
    assert client.get(page(bank, "apply")).context["proposal"].decision.posted == 3
    client.post(page(bank, "choose_records"), {"best": "1", "record": [str(first.uuid)]})
    assert client.get(page(bank, "apply")).context["proposal"].decision.posted == 5


def test_a_proposal_says_for_which_other_programmes_the_archive_is_worth_less_then(client):
    bank = make_bank()
    learner = make_learner(bank)
    other = ProgrammeFactory(institution=bank.institution, title_zh="护理学本科")
    RequirementFactory(programme=other, path="1.1", outcomes=bank.programme.requirements.get(path="1.1").outcomes, need_credits=3)
    client.force_login(learner)

    shown = client.get(page(bank, "apply") + "?closes=1")

    assert [(row.programme, row.before, row.after) for row in shown.context["closes"]] == [(other, 3, 0)]
