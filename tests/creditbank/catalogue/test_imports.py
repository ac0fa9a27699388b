"""Bringing a file into the catalogue: every complaint at once and in the reader's language, nothing stored before somebody confirms."""

from __future__ import annotations

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from creditbank.api import CatalogueImport, Outcome, bring_catalogue, confirm_import
from creditbank.catalogue.exceptions import MovedOn
from creditbank.catalogue.importing import put_aside
from creditbank.rules.files.cells import BadFiles
from foundation.api import AuditEntry
from identity.api import Role
from tests.factories.creditbank import credit_system
from tests.factories.identity import InstitutionFactory, person_as

pytestmark = pytest.mark.django_db
GOOD = "outcome,owner,title_zh,credits,system\nHERE:N1,HERE,基础护理,3,A\nHERE:N2,HERE,急救,2,A\n"
BAD = "outcome,owner,title_zh,credits,system\nHERE:N1,HERE,基础护理,drei,A\nX:N2,THERE,急救,2,A\nHERE:N1,HERE,重复,1,Q\n"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def place():
    credit_system()
    InstitutionFactory(code="THERE")
    return InstitutionFactory(code="HERE")


@pytest.fixture
def officer(place):
    return person_as(Role.CREDIT_OFFICER, place)


def bring(place, officer, text=GOOD, name="outcomes.csv"):
    return bring_catalogue(place, filename=name, content=text.encode(), actor=officer, at=timezone.now())


def test_a_good_file_is_kept_and_stored_only_when_somebody_confirms(place, officer):
    row = bring(place, officer)
    before = Outcome.objects.filter(owner=place).count()

    done = confirm_import(row, actor=officer, at=timezone.now())

    assert (row.counts, before) == ({"outcomes": 2}, 0)
    assert (done.state, set(Outcome.objects.filter(owner=place).values_list("code", "title_zh"))) == (
        "stored", {("HERE:N1", "基础护理"), ("HERE:N2", "急救")},
    )  # fmt: skip
    with pytest.raises(MovedOn):
        confirm_import(done, actor=officer, at=timezone.now())


def test_what_was_put_aside_is_never_stored(place, officer):
    row = put_aside(bring(place, officer), actor=officer)

    with pytest.raises(MovedOn):
        confirm_import(row, actor=officer, at=timezone.now())

    assert not Outcome.objects.filter(owner=place).exists()


def test_a_file_with_mistakes_is_not_kept_and_every_complaint_has_its_place(place, officer):
    audits = AuditEntry.objects.count()

    with pytest.raises(BadFiles) as bad:
        bring(place, officer, BAD)

    assert [(one.row, one.column, one.message.code) for one in bad.value.problems] == [
        (2, "credits", "not_a_number"), (3, "owner", "not_yours"), (4, "outcome", "twice_since"), (4, "system", "no_unit"),
    ]  # fmt: skip
    assert (CatalogueImport.objects.count(), Outcome.objects.count(), AuditEntry.objects.count()) == (0, 0, audits)


@pytest.mark.parametrize(
    ("prefix", "said"),
    [("", "'drei' 不是数字（小数用点号书写，不带单位）"), ("/en", "'drei' is not a number (write it with a dot, without a unit)")],
)
def test_the_page_says_what_is_wrong_in_the_readers_language(client, place, officer, prefix, said):
    client.force_login(officer)
    body = {"place": "HERE", "file": SimpleUploadedFile("outcomes.csv", BAD.encode())}

    answer = client.post(prefix + reverse("creditbank:catalogue_imports"), body)

    assert (answer.status_code, answer.context["problems"][0]["message"]) == (400, said)


def test_an_officer_brings_and_confirms_on_the_page_and_another_place_does_not_exist(client, place, officer):
    client.force_login(officer)
    made = client.post(
        reverse("creditbank:catalogue_imports"), {"place": "HERE", "file": SimpleUploadedFile("outcomes.csv", GOOD.encode())}
    )
    address = made["Location"]
    client.force_login(person_as(Role.CREDIT_OFFICER, InstitutionFactory()))
    strange = client.get(address).status_code, client.post(f"{address}confirm/").status_code
    client.force_login(officer)

    stored = client.post(f"{address}confirm/")

    assert (made.status_code, strange, stored.status_code) == (302, (404, 404), 302)
    assert CatalogueImport.objects.get().state == "stored"


def test_tables_of_the_whole_city_are_an_operators(client, place, officer):
    table = "from,to,num,den\nA,V,1,1\n"
    credit_system("V")
    with pytest.raises(BadFiles) as bad:
        bring(place, officer, table, "rates.csv")

    client.force_login(person_as(Role.OPERATOR, place))
    made = client.post(reverse("creditbank:catalogue_imports"), {"place": "*", "file": SimpleUploadedFile("rates.csv", table.encode())})

    assert ([one.message.code for one in bad.value.problems], made.status_code) == (["city_table"], 302)
    assert (CatalogueImport.objects.get().institution, CatalogueImport.objects.get().counts) == (None, {"rates": 1})


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("x.exe", b"MZ", "no_kind"), ("anything.csv", b"a,b\n", "no_table"), ("outcomes.csv", b"", "no_catalogue_table"),
        ("outcomes.csv", "outcome\n急".encode("gb18030"), "gb18030"), ("book.json", b"[[[[", "list_expected"), ("book.zip", b"PK\x03\x04", "cannot_read"),
        ("book.xlsx", b"PK\x03\x04broken", "cannot_read"), ("deep.json", b"[" * 200_000, "list_expected"),
    ],
)  # fmt: skip
def test_a_hostile_or_wrong_file_is_told_what_it_is(client, place, officer, name, content, code):
    client.force_login(officer)

    answer = client.post(reverse("creditbank:catalogue_imports"), {"place": "HERE", "file": SimpleUploadedFile(name, content)})

    assert answer.status_code == 400
    if content:
        with pytest.raises(BadFiles) as bad:
            bring_catalogue(place, filename=name, content=content, actor=officer, at=timezone.now())
        assert bad.value.problems[0].message.code in {code, "cannot_read"}
    assert not CatalogueImport.objects.exists()
    assert json.dumps(answer.context["problems"])
