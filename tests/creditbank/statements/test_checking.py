"""Checking a paper by its code and by its file: five answers, the least of a person, and nothing kept."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from creditbank.api import (
    Certificate,
    NotAPaper,
    Standing,
    Transcript,
    check_code,
    check_file,
    find_paper,
    freeze_ledger,
    is_frozen,
    issue_transcript,
    revoke_transcript,
)
from creditbank.ledger.types import Fault
from creditbank.statements.checking import LARGEST_FILE
from creditbank.statements.seals import blank_seal, document_of, read_seal, seal_file
from creditbank.statements.views.verification import FILES_PER_MINUTE
from foundation.api import AuditEntry
from foundation.keys.signing import make_key, retire_key
from tests.factories.creditbank import AT, LATER, ON
from tests.factories.identity import UserFactory
from tests.factories.learning import make_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def paper():
    person = UserFactory(name="张小三")
    make_record(person)
    return issue_transcript(person, actor=person, at=AT)


def sealed(paper) -> bytes:
    """The smallest file with a seal: its drawing is tested elsewhere."""
    return seal_file(b"%PDF-1.7\nbody of the paper\n" + blank_seal(paper.code) + b"endstream\n%%EOF\n")


def hand_in(client, data: bytes, name: str = "paper.pdf"):
    return client.post("/verify/file/", {"file": SimpleUploadedFile(name, data)})


def text(response) -> str:
    return response.content.decode()


# --- by code ---


@pytest.mark.parametrize(
    "change", [str.lower, lambda code: code.replace("-", " "), lambda code: f" {code} ", lambda code: code.replace("-", "－")]
)
def test_a_code_is_found_however_it_is_typed(paper, change):
    wide = str.maketrans({chr(number): chr(number + 0xFEE0) for number in range(0x21, 0x7F)})

    assert find_paper(change(paper.printed_code)) == paper
    assert find_paper(change(paper.printed_code).translate(wide)) == paper


def test_certificates_and_transcripts_are_found_alike(certificate, paper):
    assert [find_paper(one.code) for one in (certificate, paper)] == [certificate, paper]
    assert [find_paper(one.short_code) for one in (certificate, paper)] == [certificate, paper]


def test_an_unknown_code_costs_the_same_queries_as_a_known_one(client, paper):
    counted = []
    for code in (paper.short_code, "ABCDEFGHJKLM", "1", "f" * 32, "x" * 79, "0" * 12):
        with CaptureQueriesContext(connection) as queries:
            find_paper(code)
        counted.append(len(queries))

    assert counted == [2] * 6


def test_every_unknown_code_has_the_same_answer(client):
    pages = [text(client.get("/verify/", {"code": code})).replace(code, "") for code in ("ABCDEFGHJKLM", "0" * 32, "HELLO", "中文")]
    bodies = {page[page.index("<main") : page.index("</main")].split("csrfmiddlewaretoken")[0] for page in pages}

    assert len(bodies) == 1


def test_the_page_shows_a_masked_name_and_nothing_else_of_the_person(client, paper, certificate):
    page = text(client.get("/verify/", {"code": paper.code}))

    assert "张*三" in page
    assert "张小三" not in page
    assert "社区护理学" not in page  # a transcript shows sums, not what somebody learnt
    shown = text(client.get("/verify/", {"code": certificate.code}))
    assert "林*雯" in shown
    assert "林晓雯" not in shown
    for word in ("证书有效", "来源课程1", "目标课程1", "护理学专科", certificate.number, "5.0 学历学分"):
        assert word in shown, word


def test_a_paper_past_its_last_day_has_expired(client, paper):
    short = issue_transcript(paper.learner, actor=paper.learner, at=AT, valid_until=ON + timedelta(days=90))

    assert check_code(short.code, on=ON + timedelta(days=90)).standing == Standing.VALID
    late = check_code(short.code, on=ON + timedelta(days=91))
    assert (late.standing, late.since) == (Standing.EXPIRED, ON + timedelta(days=90))
    page = text(client.get("/verify/", {"code": short.code}))
    assert "<h1>已过期</h1>" in page
    assert "2026年5月31日" in page


def test_the_learner_chooses_how_long_a_transcript_is_valid(client):
    person = UserFactory()
    client.force_login(person)

    client.post("/my/transcript/issue/", {"days": "90"})
    refused = client.post("/my/transcript/issue/", {"days": "9000"})

    assert [row.valid_until for row in Transcript.objects.all()] == [timezone.localdate() + timedelta(days=90)]
    assert refused.status_code == 400


def test_a_row_that_was_changed_behind_our_back_is_called_altered(client, paper, monkeypatch):
    forged = {**paper.content, "name": "李小四"}
    monkeypatch.setattr(Transcript, "from_db", classmethod(lambda cls, *row: _with(cls, row, content=forged)))

    assert check_code(paper.code, on=ON).standing == Standing.ALTERED
    assert "已被改动" in text(client.get("/verify/", {"code": paper.code}))


def test_a_row_with_a_later_last_day_than_was_signed_is_called_altered(paper, monkeypatch):
    monkeypatch.setattr(Transcript, "from_db", classmethod(lambda cls, *row: _with(cls, row, valid_until=ON)))

    assert check_code(paper.code, on=ON).standing == Standing.ALTERED


def _with(cls, row, **facts):
    from django.db.models import Model  # noqa: PLC0415

    found = Model.from_db.__func__(cls, *row)
    for name, value in facts.items():
        setattr(found, name, value)
    return found


def test_old_papers_are_valid_after_their_key_was_retired(own_keys, paper):
    make_key("9-next")
    retire_key("0-first")

    assert check_code(paper.code, on=ON).standing == Standing.VALID
    assert check_file(document_of(paper), on=ON).standing == Standing.VALID


def test_a_check_works_while_the_ledger_is_frozen(client, paper):
    freeze_ledger([Fault("a unit sums to zero", "A", "1", "0")], at=AT)
    assert is_frozen()

    assert "成绩单有效" in text(client.get("/verify/", {"code": paper.code}))
    assert "成绩单有效" in text(hand_in(client, sealed(paper)))


# --- by file ---


def test_a_file_that_nobody_touched_is_valid_and_stays_so_after_a_rename(client, paper):
    answer = hand_in(client, sealed(paper), "随便什么名字.pdf")

    assert answer.context["checked"].standing == Standing.VALID
    assert "文件与签发时逐字节一致" in text(answer)


@pytest.mark.parametrize("at", [3, 12, 30, -2], ids=["header", "body", "seal", "end"])
def test_one_changed_byte_makes_a_file_altered(paper, at):
    data = bytearray(sealed(paper))
    data[at] = ord("x")

    try:
        standing = check_file(bytes(data), on=ON).standing
    except NotAPaper:  # the seal itself, or the mark of a PDF, is gone
        standing = Standing.UNKNOWN

    assert standing == (Standing.UNKNOWN if at in {3, 30} else Standing.ALTERED)


def test_every_byte_of_a_file_counts(paper):
    data = sealed(paper)

    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        try:
            assert check_file(changed, on=ON).standing != Standing.VALID, at
        except NotAPaper:
            continue


@pytest.mark.parametrize(
    "change", [lambda data: data + b"\n% added", lambda data: data + data, lambda data: data[:-5]], ids=["added", "twice", "cut"]
)
def test_more_or_less_than_was_given_out_is_altered(client, paper, change):
    answer = hand_in(client, change(sealed(paper)))

    assert answer.context["checked"].standing == Standing.ALTERED
    page = text(answer)
    assert "请勿采信" in page
    assert "此编号实际签发的内容" in page
    assert "张小三" not in page


def test_a_seal_from_one_paper_says_nothing_for_another(paper):
    other = issue_transcript(UserFactory(), actor=None, at=AT)
    data = sealed(paper).replace(paper.code.encode(), other.code.encode())

    assert read_seal(data) == (other.code, False)
    assert check_file(data, on=ON).standing == Standing.ALTERED


def test_a_file_says_revoked_once_its_paper_is(client, paper):
    data = sealed(paper)
    revoke_transcript(paper, actor=paper.learner, at=LATER, reason="姓名有误")

    answer = hand_in(client, data)

    assert answer.context["checked"].standing == Standing.REVOKED
    assert "姓名有误" in text(answer)


def test_a_sealed_file_of_a_paper_that_is_not_in_the_bank_is_unknown():
    data = seal_file(b"%PDF-1.7\n" + blank_seal("f" * 32))

    assert check_file(data, on=ON).standing == Standing.UNKNOWN


def test_the_signed_document_is_checked_by_its_content(client, paper, certificate):
    for one in (paper, certificate):
        document = json.loads(document_of(one))
        assert check_file(document_of(one), on=ON).standing == Standing.VALID
        assert check_file(json.dumps(document).encode(), on=ON).standing == Standing.VALID  # other white space, same document
        document["content"]["name"] = "李小四"
        assert check_file(json.dumps(document).encode(), on=ON).standing == Standing.ALTERED

    client.force_login(certificate.learner)
    answer = client.get(f"/my/certificates/{certificate.uuid}/document/")
    assert answer["Content-Disposition"] == f'attachment; filename="{certificate.number}.json"'
    assert hand_in(client, answer.content, "x.json").context["checked"].standing == Standing.VALID


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"), (b"  \n", "empty"), (b"%PDF-1.4\n%%EOF\n", "unsealed"), (b"PK\x03\x04", "kind"), (b"<html>", "kind"), (b"[1]", "unsealed"),
        (b'{"a": 1}', "unsealed"), (b"[" * 100_000, "kind"), (b'{"schema": "jianglan-paper/1"}', "unsealed"), (b"\xff\xfe", "kind"),
        (b"%PDF-" + b"x" * LARGEST_FILE, "too_large"), (b'{"schema":"jianglan-paper/1","issue":{"code":"\\ud800"},"content":"\\ud800","signature":{}}', "kind"),
        (b"9" * 10_000, "kind"),
    ],
    ids=range(13),
)  # fmt: skip
def test_what_is_no_paper_is_refused_with_its_reason(data, code):
    with pytest.raises(NotAPaper) as refusal:
        check_file(data, on=ON)

    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.exe", b"%PDF-1.7", "只能查验 PDF 文件"), ("a.pdf", b"", "这个文件是空的"), ("a.pdf", b"MZ", "既不是 PDF"), ("a.json", b'{"a":1}', "没有我们的封印"),
        ("a.pdf", b"%PDF-" + b"x" * LARGEST_FILE, "文件超过"),
    ],
    ids=range(5),
)  # fmt: skip
def test_a_refused_file_is_answered_in_words(client, name, data, words):
    answer = hand_in(client, data, name)

    assert answer.status_code == 400
    assert words in text(answer)


def test_without_a_file_the_form_asks_for_one(client):
    assert "请选择要查验的文件" in text(client.post("/verify/file/", {}))
    assert client.get("/verify/file/")["Location"] == "/verify/"


def test_a_file_that_is_handed_in_is_kept_nowhere(client, paper, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    data = sealed(paper)
    before = (AuditEntry.objects.count(), Transcript.objects.count(), Certificate.objects.count())

    hand_in(client, data)

    assert list(tmp_path.iterdir()) == []
    assert (AuditEntry.objects.count(), Transcript.objects.count(), Certificate.objects.count()) == before


def test_handing_in_files_is_slowed_down(client, monkeypatch):
    monkeypatch.setattr("foundation.http.limits.time.time", lambda: 1_800_000_000.0)

    answers = [hand_in(client, b"%PDF-").status_code for _ in range(FILES_PER_MINUTE + 1)]

    assert answers == [400] * FILES_PER_MINUTE + [429]


# --- the learner's own hand ---


def test_the_learner_revokes_a_transcript_that_reached_the_wrong_hands(client, paper):
    client.force_login(paper.learner)

    refused = client.post(f"/my/transcript/{paper.uuid}/revoke/", {"reason": ""})
    assert refused.status_code == 400
    assert Transcript.objects.get().revoked_at is None
    client.post(f"/my/transcript/{paper.uuid}/revoke/", {"reason": "发错了人"})

    assert (Transcript.objects.get().revoked_reason, Transcript.objects.get().revoked_by_uuid) == ("发错了人", paper.learner.uuid)
    client.force_login(UserFactory())
    assert client.post(f"/my/transcript/{paper.uuid}/revoke/", {"reason": "x"}).status_code == 404
