"""Case files over HTTP: taken by auditors alone, each time with an audit entry; checked by whoever holds one."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from creditbank.api import Application, build_case_file, confirm_decision
from foundation.api import AuditEntry
from tests.factories.creditbank import LATER, make_application, make_bank
from tests.factories.identity import UserFactory

pytestmark = pytest.mark.django_db
CHECK = "/api/v1/case-files/check"


@pytest.fixture
def bank():
    return make_bank()


@pytest.fixture
def credited(bank):
    return confirm_decision(make_application(bank, state="second_review"), actor=bank.reviewer, at=LATER)


def take(client, application):
    return client.post(f"/api/v1/desk/applications/{application.reference}/case-file")


def check(client, content: bytes):
    return client.post(CHECK, {"file": SimpleUploadedFile("case.zip", content)})


def altered(content: bytes, name: str, text: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(buffer, "w") as after:
        for entry in before.namelist():
            after.writestr(entry, text if entry == name else before.read(entry))
    return buffer.getvalue()


def test_an_auditor_takes_a_case_file_that_anybody_checks_and_each_taking_is_written_down(client, bank, credited):
    client.force_login(bank.auditor)
    first, again = take(client, credited), take(client, credited)
    client.logout()
    said = check(client, first.content).json()

    assert (first.status_code, first["Content-Type"], again.status_code) == (200, "application/zip", 200)
    assert first.content == again.content == build_case_file(Application.objects.get(pk=credited.pk))
    taken = AuditEntry.objects.filter(action="statements.export_case", actor_uuid=bank.auditor.uuid, object_key=str(credited.uuid))
    assert taken.count() == 2
    assert (said["genuine"], said["findings"][0]["name"], said["findings"][-1]["name"]) == (True, "signature", "replay")


def test_nobody_else_takes_a_case_file_and_nothing_is_written(client, bank, credited):
    before = AuditEntry.objects.count()
    answers = [take(client, credited).status_code]
    for person in (credited.learner, bank.officer, bank.reviewer, UserFactory()):
        client.force_login(person)
        answers.append(take(client, credited).status_code)

    assert answers[0] == 401
    assert set(answers[1:]) <= {403, 404}
    assert AuditEntry.objects.count() == before


def test_an_altered_case_file_is_not_genuine_and_is_not_decided_again(client, credited):
    content = build_case_file(Application.objects.get(pk=credited.pk))

    said = check(client, altered(content, "claim.json", b"{}")).json()

    assert said["genuine"] is False
    assert [(row["name"], row["found"]) for row in said["findings"] if row["ok"] is False] == [("claim.json", "altered")]
    assert "replay" not in {row["name"] for row in said["findings"]}


def _zip(**texts: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in texts.items():
            archive.writestr(name.replace("_", "."), text)
    return buffer.getvalue()


SIGNED = json.dumps({"schema": "jianglan-case-file/1", "files": {}})


@pytest.mark.parametrize(
    "content",
    [
        b"", b"PK\x03\x04", b"%PDF-1.4", _zip(manifest_json="[]", manifest_sig="{}"), _zip(manifest_json="[" * 100_000, manifest_sig="{}"),
        _zip(manifest_json=SIGNED, manifest_sig="{}")[:-60] + b"x" * 60,
        _zip(manifest_json=SIGNED * 40, manifest_sig="{}").replace(b"PK\x03\x04", b"PK\x03\x05"),
    ],
    ids=range(7),
)  # fmt: skip
def test_what_is_no_case_file_is_said_to_be_none(client, content):
    answer = check(client, content)

    assert (answer.status_code, answer.json()["code"]) == (422, "not_a_case_file")


def test_what_somebody_signed_with_nothing_is_not_genuine(client):
    answer = check(client, _zip(manifest_json=SIGNED, manifest_sig='{"key": "\\ud800", "value": 7}'))

    assert (answer.status_code, answer.json()["genuine"]) == (200, False)
