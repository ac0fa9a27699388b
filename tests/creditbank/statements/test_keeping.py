"""The file of a paper is drawn once a language and kept: the same bytes ever after, for its person alone, drawn again when it is lost."""

from __future__ import annotations

from uuid import UUID

import pytest
from django.conf import settings as configured
from django.db import transaction

from creditbank.api import Standing, Transcript, check_file, issue_transcript
from creditbank.statements import erasing, keeping
from creditbank.statements.seals import blank_seal, seal_file
from creditbank.statements.tasks import draw_in_background
from foundation.api import is_sealed
from foundation.keys.signing import make_key
from identity.api import registered_exporters
from tests.factories.creditbank import AT, ON
from tests.factories.identity import UserFactory
from tests.factories.learning import make_record

pytestmark = pytest.mark.django_db


@pytest.fixture
def person():
    person = UserFactory(name="张小三")
    make_record(person)
    return person


@pytest.fixture
def paper(person):
    return issue_transcript(person, actor=person, at=AT)


@pytest.fixture
def drawn(monkeypatch, settings):
    """Which files were drawn; each drawing differs from the one before. How they look is tested elsewhere."""
    drawings: list[tuple[UUID, str]] = []

    def draw(paper, language):
        drawings.append((paper.uuid, language))
        return seal_file(f"%PDF-1.7\n{paper.content['name']} {language} {len(drawings)}\n".encode() + blank_seal(paper.code))

    monkeypatch.setattr(keeping, "draw_pdf", draw)
    monkeypatch.setattr(keeping, "pdf_possible", lambda: settings.PDF_AVAILABLE)
    settings.PDF_AVAILABLE = True
    return drawings


def files() -> list:
    return sorted(path for path in (configured.MEDIA_ROOT / "papers").rglob("*") if path.is_file())


def test_a_file_is_drawn_once_a_language_and_its_bytes_stay(client, person, paper, drawn):
    client.force_login(person)

    answers = [client.get(f"{language}/my/transcript/{paper.uuid}/pdf/").content for language in ("", "/en", "", "/en")]
    told = client.get(f"/api/v1/me/transcripts/{paper.uuid}/pdf").content

    assert drawn == [(paper.uuid, "zh-hans"), (paper.uuid, "en")]
    assert answers[:2] == answers[2:]
    assert told == answers[0] != answers[1]
    assert check_file(told, on=ON).standing == Standing.VALID


def test_what_is_kept_is_sealed_for_its_person_and_fits_no_other_paper(person, paper, drawn):
    other = issue_transcript(person, actor=person, at=AT)
    keeping.pdf_of(paper, "en")
    (file,) = files()
    kept = file.read_bytes()

    twin = file.with_name(f"{other.uuid}.en")
    twin.write_bytes(kept)

    assert is_sealed(kept)
    assert person.name.encode() not in kept
    assert keeping.kept_pdf(paper, "en")
    assert keeping.kept_pdf(other, "en") is None


@pytest.mark.parametrize("damage", ["lost", "cut", "empty"])
def test_a_file_that_is_lost_or_damaged_is_drawn_and_kept_again(paper, drawn, damage):
    keeping.pdf_of(paper, "zh-hans")
    (file,) = files()
    if damage == "lost":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[: 90 if damage == "cut" else 0])

    again = [keeping.pdf_of(paper, "zh-hans") for _ in range(2)]

    assert len(drawn) == 2
    assert again[0] == again[1]
    assert files() == [file]


def test_a_file_whose_key_is_not_published_any_more_is_drawn_and_signed_anew(own_keys, paper, drawn):
    keeping.pdf_of(paper, "en")
    for key in configured.SIGNING_KEYS_DIR.iterdir():
        key.unlink()
    make_key("9-next")

    data = keeping.pdf_of(paper, "en")

    assert len(drawn) == 2
    assert keeping.kept_pdf(paper, "en") == data


def test_where_nothing_can_be_drawn_what_is_kept_is_still_given(client, person, paper, drawn, settings):
    client.force_login(person)
    kept = client.get(f"/my/transcript/{paper.uuid}/pdf/").content
    settings.PDF_AVAILABLE = False

    assert client.get(f"/my/transcript/{paper.uuid}/pdf/").content == kept
    assert client.get(f"/en/my/transcript/{paper.uuid}/pdf/").status_code == 302


def test_a_file_that_cannot_be_kept_is_given_all_the_same(paper, drawn, monkeypatch):
    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keeping.default_storage, "save", full)

    assert keeping.pdf_of(paper, "en").startswith(b"%PDF-")
    assert files() == []


def test_of_two_who_draw_at_once_both_give_out_what_is_kept(paper, drawn, monkeypatch):
    first, draw = [], keeping.draw_pdf

    def interrupted(paper, language):
        if not first:
            first.append(None)
            first[0] = keeping.pdf_of(paper, language)
        return draw(paper, language)

    monkeypatch.setattr(keeping, "draw_pdf", interrupted)

    assert keeping.pdf_of(paper, "en") == first[0]
    assert (len(drawn), len(files())) == (2, 1)


def test_erasing_a_person_takes_the_files_away(person, paper, drawn, django_capture_on_commit_callbacks):
    other = issue_transcript(UserFactory(name="李四"), actor=None, at=AT)
    for one in (paper, other):
        keeping.draw_all(one)

    with django_capture_on_commit_callbacks(execute=True):
        assert erasing.erase(person, AT) == {"papers": 1}

    assert {file.name for file in files()} == {f"{other.uuid}.zh-hans", f"{other.uuid}.en"}


def test_a_person_who_is_erased_while_a_file_is_drawn_leaves_none(paper, drawn, monkeypatch, django_capture_on_commit_callbacks):
    draw = keeping.draw_pdf

    def slow(row, language):
        with django_capture_on_commit_callbacks(execute=True):
            erasing.erase(row.learner, AT)
        return draw(row, language)

    monkeypatch.setattr(keeping, "draw_pdf", slow)
    keeping.pdf_of(Transcript.objects.get(pk=paper.pk), "en")

    assert files() == []


def test_kept_files_are_part_of_ones_own_data(person, paper, drawn):
    keeping.pdf_of(paper, "en")
    (exporter,) = [one for one in registered_exporters() if one.part == "creditbank.statements"]

    (given,) = exporter.files(person)

    assert (given.name, given.read()) == (f"papers/{paper.number}-en.pdf", keeping.kept_pdf(paper, "en"))


def test_a_new_paper_is_put_in_the_queue_with_its_transaction_and_drawn_there_in_both_languages(person, drawn, settings):
    from django_tasks_db.models import DBTaskResult  # noqa: PLC0415

    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        issue_transcript(person, actor=person, at=AT)
        1 / 0  # noqa: B018
    assert DBTaskResult.objects.count() == 0
    paper = issue_transcript(person, actor=person, at=AT)
    (queued,) = DBTaskResult.objects.all()
    draw_in_background.func(**queued.args_kwargs["kwargs"])

    assert drawn == [(paper.uuid, "zh-hans"), (paper.uuid, "en")]
    assert [keeping.kept_pdf(paper, language) is not None for language in keeping.LANGUAGES] == [True, True]


def test_without_a_queue_issuing_draws_nothing(person, drawn, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        issue_transcript(person, actor=person, at=AT)

    assert drawn == []
