from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cms.api import CoursePage, SharingScope
from identity.api import Role
from tests.factories.cms import course, school
from tests.factories.identity import person_as

BOTH = [pytest.mark.postgres(also="sqlite"), pytest.mark.django_db]
TITLES = ["社区养老护理实务", "市民书法入门", "学分认定与转换", "Python程序设计基础", "终身学习的方法", "上海市民用药常识"]


def _found(client, words: str) -> list[str]:
    return [row["title_zh"] for row in client.get("/api/v1/courses", {"q": words}).json()["items"]]


@pytest.mark.postgres(also="sqlite")
@pytest.mark.django_db
def test_words_inside_clauses_are_found_exactly_where_they_stand(client):
    page = school()
    for number, title in enumerate(TITLES):
        course(page, code=f"AAA-T{number}", title=title)

    for words in (
        "护理",
        "养老护理",
        "市民",
        "学习",
        "书",
        "用药",
        "python",
        "程序",
        "认定",
        "认定与",
        "老护",
        "海市",
        "转换",
        "學習",
        "不存在",
    ):
        folded = words.replace("學習", "学习")
        assert sorted(_found(client, words)) == sorted(title for title in TITLES if folded in title.casefold()), words


@pytest.mark.postgres(also="sqlite")
@pytest.mark.django_db
def test_no_query_string_is_ever_a_server_error(client):
    course()
    strings = json.loads((Path(__file__).resolve().parents[2] / "data" / "naughty-strings.json").read_text("utf-8"))[::4]

    for words in [
        '养"老',
        "\x00",
        "   ",
        "字" * 300,
        "a " * 500,
        "*",
        "-",
        "(",
        "AND OR NOT",
        "'; DROP TABLE x; --",
        "护理" * 200,
        *strings,
    ]:
        assert client.get("/courses/", {"q": words}).status_code == 200, words


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    ["kind=%00", "page=-1", "page=x", "sort=evil", "kind=a&kind=b&subject=c", "level=" + "x" * 999, "unknown=1", "credit=1&school='"],
)
def test_any_address_of_the_catalogue_is_a_page(client, query):
    course()

    assert client.get(f"/courses/?{query}").status_code == 200


@pytest.mark.django_db
def test_a_schools_secret_is_in_no_hit_count_or_facet_of_others(client):
    mine = course(school("AAA"), code="AAA-S1", title="绝密护理手册", scope=SharingScope.OWN)
    course(school("BBB", "乙学院"), code="BBB-P1", title="公开护理课")
    insider = person_as(Role.TEACHER, mine.institution)

    outside = client.get("/courses/", {"q": "护理"}).content.decode()
    suggestions = client.get("/courses/suggest/", {"q": "绝密"}).json()["suggestions"]
    client.force_login(insider)
    inside = client.get("/courses/", {"q": "护理"}).content.decode()

    assert ("绝密" in outside, "1 门课程" in outside, suggestions) == (False, True, [])
    assert ("绝密" in inside, "2 门课程" in inside) == (True, True)


@pytest.mark.django_db
def test_the_catalogue_costs_the_same_with_one_course_and_with_twenty(client):
    page = school()
    course(page, code="AAA-N0")
    client.get("/courses/")
    counts = []
    for first, last in ((1, 1), (1, 20)):
        for number in range(first, last):
            course(page, code=f"AAA-N{number}")
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/courses/").status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1]
    assert CoursePage.objects.count() == 20


@pytest.mark.django_db
def test_found_words_are_marked_and_strangers_markup_is_not_run(client):
    course(title="护理<script>alert(1)</script>", summary_zh="先学护理，再谈照护。")

    text = client.get("/courses/", {"q": "护理"}).content.decode()

    assert "<mark>护理</mark>&lt;script&gt;" in text
    assert "<script>alert(1)" not in text
    assert "先学<mark>护理</mark>，再谈照护。" in text
