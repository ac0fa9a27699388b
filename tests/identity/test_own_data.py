"""What is known of a person is theirs: one file, put together in the background, sealed while it lies here, gone after a week."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.utils import timezone

from foundation.api import AuditEntry, Notice
from identity.api import (
    DataExport,
    Role,
    ask_for_data,
    ask_for_erasure,
    carry_out_erasure,
    put_together,
    registered_exporters,
    tidy_exports,
)
from tests.factories.creditbank import LATER, make_bank, make_learner
from tests.factories.identity import UserFactory, person_as
from tests.identity.test_erasure import TOKENS, a_life

pytestmark = pytest.mark.django_db
PAGE = "/my/settings/data/"


@pytest.fixture
def bank():
    return make_bank()


def packed(person) -> zipfile.ZipFile:
    """The file of a person, fetched as the page fetches it."""
    from identity.people.own_data import fetch_data  # noqa: PLC0415

    row = put_together(ask_for_data(person, at=timezone.now()), at=timezone.now())
    return zipfile.ZipFile(BytesIO(fetch_data(row, actor=person, at=timezone.now())))


def test_the_whole_way_by_http(client, bank, django_capture_on_commit_callbacks):
    learner = a_life(bank)
    client.force_login(learner)

    with django_capture_on_commit_callbacks(execute=True):
        asked = client.post(PAGE)
    row = DataExport.objects.get()
    page = client.get(PAGE).content.decode()
    file = client.get(f"{PAGE}{row.uuid}/")

    assert (asked.status_code, row.state, f"{PAGE}{row.uuid}/" in page) == (302, "ready", True)
    assert row.ends_at == row.ready_at + timedelta(days=7)
    assert (file["Content-Type"], file["Content-Disposition"][:30]) == ("application/zip", 'attachment; filename="own-data')
    assert {"data.json", "index.html", "style.css"} <= set(zipfile.ZipFile(BytesIO(file.content)).namelist())
    assert Notice.objects.get(recipient_uuid=learner.uuid, code="people.data_ready").url.endswith(PAGE)
    said = AuditEntry.objects.filter(action__endswith="_data").order_by("id").values_list("action", "actor_uuid")
    assert list(said) == [("people.ask_data", learner.uuid), ("people.make_data", None), ("people.fetch_data", learner.uuid)]


def test_the_file_holds_everything_readable_and_nothing_of_anybody_else(bank):
    learner, other = a_life(bank), make_learner(bank)
    other.email = "somebody-else-5530@example.org"
    other.save()

    archive = packed(learner)
    document = json.loads(archive.read("data.json"))
    tables = document["tables"]

    assert (document["person"], tables["identity.User"]["rows"][0]["name"]) == (str(learner.uuid), TOKENS["name"])
    assert {row["title_zh"] for row in tables["learning.LearningRecord"]["rows"]} == {"来源课程1", "来源课程2"}
    case = tables["creditbank.Application"]["rows"][0]
    assert (case["answer"], case["message"], case["state"], case["first_officer"]) == (
        TOKENS["words"],
        TOKENS["reply"],
        "posted",
        str(bank.officer.uuid),
    )
    assert {row["type"] for row in tables["creditbank.Transaction"]["rows"]} == {"deposit", "verify", "hold", "convert", "award"}
    assert sorted(archive.read(name).decode() for name in document["files"]) == [TOKENS["file"]] * 2
    everything = "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    assert [word for word in (other.email, str(other.uuid), bank.officer.name, learner.password) if word in everything] == []
    assert "<h1>我的数据</h1>" in archive.read("index.html").decode()
    assert "来源课程1" in archive.read("tables/learning.learningrecord.csv").decode("utf-8-sig")


def test_in_the_language_of_the_person(bank):
    learner = make_learner(bank)
    learner.language = "en"
    learner.save()

    page = packed(learner).read("index.html").decode()

    assert '<html lang="en">' in page
    assert "<h1>My data</h1>" in page


def test_while_it_lies_here_it_is_sealed_and_a_second_wish_finds_the_first(bank):
    learner = a_life(bank)
    first, again = (ask_for_data(learner, at=LATER) for _ in range(2))

    row = put_together(first, at=LATER)

    assert (again, DataExport.objects.count()) == (first, 1)
    assert put_together(first, at=LATER).sha256 == row.sha256
    stored = (Path(settings.MEDIA_ROOT) / row.file.name).read_bytes()
    assert (b"PK" in stored[:8], TOKENS["words"].encode() in stored) == (False, False)


def test_nobody_else_fetches_it_whatever_the_role(client, bank):
    row = put_together(ask_for_data(make_learner(bank), at=LATER), at=timezone.now())

    for person in (UserFactory(), bank.officer, bank.auditor, person_as(Role.OPERATOR)):
        client.force_login(person)
        assert client.get(f"{PAGE}{row.uuid}/").status_code == 404
    assert not AuditEntry.objects.filter(action="people.fetch_data").exists()


def test_the_link_ends_and_a_newer_file_takes_the_place_of_an_older(client, bank, django_capture_on_commit_callbacks):
    learner, now = make_learner(bank), timezone.now()
    client.force_login(learner)
    old = put_together(ask_for_data(learner, at=now), at=now)
    with django_capture_on_commit_callbacks(execute=True):
        new = put_together(ask_for_data(learner, at=now), at=now)
    replaced = client.get(f"{PAGE}{old.uuid}/")
    DataExport.objects.filter(pk=new.pk).update(ends_at=now - timedelta(seconds=1))

    ended = client.get(f"{PAGE}{new.uuid}/")
    with django_capture_on_commit_callbacks(execute=True):
        tidied = tidy_exports(at=now)

    assert (replaced.status_code, ended.status_code, tidied) == (410, 410, (1, 0))
    assert set(DataExport.objects.values_list("state", "file")) == {("ended", "")}
    assert list((Path(settings.MEDIA_ROOT) / "own-data").iterdir()) == []


def test_what_a_dead_worker_left_is_made_by_the_clock(bank):
    learner = make_learner(bank)
    ask_for_data(learner, at=LATER)

    assert tidy_exports(at=LATER + timedelta(minutes=14)) == (0, 0)
    assert tidy_exports(at=LATER + timedelta(minutes=15)) == (0, 1)
    assert DataExport.objects.get().state == "ready"


def test_erasing_somebody_takes_the_file_away(bank, django_capture_on_commit_callbacks):
    learner = make_learner(bank)
    row = put_together(ask_for_data(learner, at=LATER), at=LATER)
    path = Path(settings.MEDIA_ROOT) / row.file.name
    assert path.exists()

    with django_capture_on_commit_callbacks(execute=True):
        done = carry_out_erasure(ask_for_erasure(learner, reason="", at=LATER), actor=person_as(Role.OPERATOR), at=LATER)

    assert (done.receipt["own_data"], DataExport.objects.count(), path.exists()) == (1, 0, False)


def test_every_model_with_personal_data_says_what_is_given_of_it():
    said = {about.model for one in registered_exporters() for about in one.gives} | {
        label for one in registered_exporters() for label in one.left_out
    }
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

    assert personal - said == set()
    assert said - {model._meta.label for model in ours} == set()


def test_hidden_columns_are_columns_and_somebody_new_has_a_name_and_nothing_else():
    person = UserFactory()
    for about in (about for one in registered_exporters() for about in one.gives):
        names = {field.name for field in apps.get_model(about.model)._meta.concrete_fields}
        assert set(about.hidden) <= names
        assert about.queryset(person).count() == (1 if about.model == "identity.User" else 0)
