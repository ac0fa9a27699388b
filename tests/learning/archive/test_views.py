"""The archive's pages: the person's own, filtered in the address, paged by key, exported safely."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from foundation.api import AuditEntry
from learning.api import Evidence, LearningRecord, attach_evidence, correct_record, void_record
from learning.archive.queries import PAGE_SIZE
from tests.factories.identity import InstitutionFactory, UserFactory
from tests.factories.learning import NOON, credit_system, kind_of_education, make_record, new_record

pytestmark = pytest.mark.django_db
ARCHIVE = "/my/archive/"
NAUGHTY = ["\x00", "'", '"', "%", "Ω≈ç√", "' OR 1=1 --", "x" * 10000, "../../etc/passwd", "{{7*7}}", "田中さん", "-1", "9" * 40]


@pytest.fixture
def person(client):
    person = UserFactory(name="林晓雯")
    client.force_login(person)
    return person


def test_an_empty_archive_says_how_it_begins(client, person):
    page = client.get(ARCHIVE).content.decode()

    assert "您的档案从这里开始" in page
    assert "/my/archive/new/" in page


def test_the_timeline_counts_years_records_and_credits(client, person):
    make_record(person, earned_on=date(2023, 5, 1), credits=Decimal("2.0"), title_zh="国画入门", credit_system=credit_system("C"))
    make_record(person, earned_on=date(2025, 7, 4), credits=Decimal("3.0"))
    make_record(person, earned_on=date(2025, 1, 4), credits=Decimal("1.5"), title_zh="沟通")
    make_record(UserFactory(), title_zh="别人的记录")

    page = client.get(ARCHIVE).content.decode()

    assert "3 年" in page
    assert "3 条记录" in page
    assert "6.5 学分" in page
    assert "4.5 学分" in page
    assert page.index("社区护理学") < page.index("沟通") < page.index("国画入门")
    assert "别人的记录" not in page


def test_filters_live_in_the_address(client, person):
    school = InstitutionFactory(code="YQE")
    make_record(person, institution=school, title_zh="家庭园艺", credit_system=credit_system("C"))
    make_record(person, title_zh="人体解剖")
    make_record(person, title_zh="驾驶证", source="learner_upload", trust="self", institution_zh="车管所", credits=None, credit_system=None)

    def titles(query: str) -> set[str]:
        page = client.get(f"{ARCHIVE}?{query}").content.decode()
        return {title for title in ("家庭园艺", "人体解剖", "驾驶证") if title in page}

    assert titles("institution=YQE") == {"家庭园艺"}
    assert titles("category=culture_leisure") == {"家庭园艺"}
    assert titles("trust=self") == {"驾驶证"}
    assert titles("source=institution_upload&category=academic") == {"人体解剖"}
    assert titles("kind=continuing") == {"家庭园艺", "人体解剖", "驾驶证"}
    assert titles("state=disputed") == set()


@pytest.mark.parametrize("value", NAUGHTY)
def test_naughty_filters_never_break_the_page(client, person, value):
    make_record(person)

    for name in ("category", "kind", "source", "trust", "state", "institution", "void"):
        assert client.get(ARCHIVE, {name: value}).status_code in {200, 400}
    assert client.get(ARCHIVE, {"cursor": value}).status_code in {200, 400}
    assert client.get("/my/archive/export.csv", {"kind": value}).status_code in {200, 400}


def test_void_records_stay_behind_a_switch_and_name_their_replacement(client, person):
    wrong = make_record(person, title_zh="登记错了的课")
    right = correct_record(wrong, new_record(person, title_zh="登记对了的课"), reason="课名登记错误", actor=None, at=NOON)

    assert "登记错了的课" not in client.get(ARCHIVE).content.decode()
    assert "登记错了的课" in client.get(f"{ARCHIVE}?void=1").content.decode()
    page = client.get(f"{ARCHIVE}{wrong.uuid}/").content.decode()
    assert "课名登记错误" in page
    assert str(right.uuid) in page


def test_an_archive_with_void_records_only_still_has_the_switch(client, person):
    void_record(make_record(person, title_zh="作废的课"), reason="x", actor=None, at=NOON)

    assert "作废的课" not in client.get(ARCHIVE).content.decode()
    assert "void=1" in client.get(ARCHIVE).content.decode()


def test_pages_go_on_after_the_last_record_seen(client, person):
    for number in range(PAGE_SIZE + 3):
        make_record(person, title_zh=f"第{number:03d}门", earned_on=date(2020 + number % 4, 1, 1))
    seen: list[str] = []
    address = ARCHIVE
    while address:
        answer = client.get(address)
        seen += [record.title_zh for group in answer.context["groups"] for record in group.records]
        address = f"{ARCHIVE}{answer.context['next_url']}" if answer.context["next_url"] else ""

    assert len(seen) == len(set(seen)) == PAGE_SIZE + 3


def test_thirty_records_take_as_many_queries_as_one(client, person):
    counts = []
    for number in (1, 29):
        for _row in range(number):
            make_record(person)
        client.get(ARCHIVE)
        with CaptureQueriesContext(connection) as captured:
            assert client.get(ARCHIVE).status_code == 200
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_other_peoples_records_and_files_do_not_exist(client, person):
    theirs = make_record()
    file = attach_evidence(theirs, content=b"%PDF-1", filename="a.pdf", media_type="application/pdf", actor=theirs.learner, at=NOON)
    mine = make_record(person)

    for ident in (theirs.uuid, uuid4(), "x", "0" * 200):
        assert client.get(f"{ARCHIVE}{ident}/").status_code == 404
    assert client.get(f"{ARCHIVE}{theirs.uuid}/evidence/{file.uuid}/").status_code == 404
    assert client.get(f"{ARCHIVE}{mine.uuid}/evidence/{file.uuid}/").status_code == 404


def test_visitors_sign_in_first(client):
    record = make_record()

    for address in (ARCHIVE, f"{ARCHIVE}{record.uuid}/", f"{ARCHIVE}new/", f"{ARCHIVE}export.csv", f"{ARCHIVE}print/"):
        assert client.get(address).status_code == 302


def test_the_export_neutralises_formulas(client, person):
    make_record(person, title_zh='=HYPERLINK("http://evil","x")', grade="@SUM(A1)")

    answer = client.get("/my/archive/export.csv")

    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert answer["Content-Type"].startswith("text/csv")
    assert len(rows) == 2
    assert rows[1][1] == '\'=HYPERLINK("http://evil","x")'
    assert rows[1][8] == "'@SUM(A1)"
    assert rows[1][10] == "3.0"


def own(**change: object) -> dict[str, object]:
    return {
        "title": "急救员证", "institution": "江澜市应急救护中心", "source_type": "certificate", "kind_of_education": "continuing",
        "category": "vocational", "earned_on": "2024-05-06", "hours": "16", "key": str(uuid4()), **change,
    }  # fmt: skip


def test_a_learner_adds_an_own_record_with_evidence(client, person):
    kind_of_education()
    upload = SimpleUploadedFile("证书.pdf", b"%PDF-1.7 certificate", content_type="text/html")

    answer = client.post(f"{ARCHIVE}new/", own(evidence=upload))

    record = LearningRecord.objects.get()
    assert answer.url == f"{ARCHIVE}{record.uuid}/"
    assert (record.learner, record.trust, record.source, record.institution_zh) == (person, "self", "learner_upload", "江澜市应急救护中心")
    assert (record.category, record.credits, record.notional_hours) == ("vocational", None, Decimal(16))
    page = client.get(answer.url).content.decode()
    assert "这是您自己填写的，还没有机构确认。" in page
    file = client.get(f"{ARCHIVE}{record.uuid}/evidence/{Evidence.objects.get().uuid}/")
    assert (file["Content-Type"], file["Content-Disposition"].split(";")[0]) == ("application/pdf", "attachment")
    assert file.content == b"%PDF-1.7 certificate"


def test_the_same_form_sent_twice_adds_one_record(client, person):
    kind_of_education()
    data = own()

    client.post(f"{ARCHIVE}new/", data)
    client.post(f"{ARCHIVE}new/", data)

    assert LearningRecord.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": ""}, "您完成了什么"),
        ({"title": "x" * 300}, "您完成了什么"),
        ({"earned_on": "2999-01-01"}, "这一天还没有到"),
        ({"earned_on": "昨天"}, "取得日期"),
        ({"valid_until": "2020-01-01"}, "早于取得日期"),
        ({"hours": "-3"}, "学习时长"),
        ({"hours": "NaN"}, "学习时长"),
        ({"kind_of_education": "x"}, "教育类型"),
        ({"key": "x"}, ""),
        ({"evidence": SimpleUploadedFile("x.pdf", b"<script>alert(1)</script>")}, "这不是 PDF、JPEG 或 PNG 文件"),
    ],
)
def test_a_bad_own_record_is_refused_and_what_was_typed_is_kept(client, person, change, words):
    kind_of_education()

    answer = client.post(f"{ARCHIVE}new/", own(**change))

    page = answer.content.decode()
    assert answer.status_code == 422
    assert words in page
    assert "江澜市应急救护中心" in page
    assert (LearningRecord.objects.count(), AuditEntry.objects.count()) == (0, 0)


def test_the_print_page_holds_the_whole_filter(client, person):
    for number in range(PAGE_SIZE + 2):
        make_record(person, title_zh=f"第{number:03d}门")

    page = client.get(f"{ARCHIVE}print/").content.decode()

    assert page.count("<tr>") == PAGE_SIZE + 3


def test_the_english_archive_shows_english_names(client, person):
    record = make_record(person)

    page = client.get(f"/en{reverse('learning:record', args=[record.uuid])}").content.decode()

    assert "Community nursing" in page
    assert "stands for this result" in page
