from __future__ import annotations

import pytest

from cms.api import SharingScope
from tests.factories.cms import course, school


@pytest.mark.django_db
def test_a_course_is_read_with_its_outline_and_without_its_quizzes(client):
    row = course(title_en="Care", credits=None)

    answer = client.get(f"/api/v1/courses/{row.uuid}")

    assert answer.status_code == 200
    facts = answer.json()
    assert (facts["code"], facts["title_zh"], facts["version"], facts["notional_hours"]) == ("AAA-C1", "护理入门", 1, "16")
    assert [unit["title"] for section in facts["outline"] for unit in section["units"]] == ["洗手", "核对"]


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/courses/00000000-0000-0000-0000-000000000000", "/api/v1/courses/x", "/api/v1/nothing"])
def test_what_does_not_exist_is_a_problem_with_a_code(client, path):
    answer = client.get(path)

    assert answer.status_code in {404, 422}
    assert answer["Content-Type"].startswith("application/problem+json")


@pytest.mark.django_db
def test_a_course_outside_of_the_callers_scope_does_not_exist(client):
    row = course(scope=SharingScope.SIGNED_IN)

    assert client.get(f"/api/v1/courses/{row.uuid}").status_code == 404
    assert client.get("/api/v1/courses").json() == {"items": [], "next_cursor": None}


@pytest.mark.django_db
def test_pages_by_cursor_meet_every_course_once(client):
    page = school()
    for number in range(5):
        course(page, code=f"AAA-C{number}")

    seen, cursor = [], None
    while True:
        answer = client.get("/api/v1/courses", {"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        seen += [row["code"] for row in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break

    assert seen == [f"AAA-C{number}" for number in range(5)]


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "unknown=1", "q=" + "x" * 300, "cursor=zzz"])
def test_a_bad_question_is_told_as_a_problem(client, query):
    answer = client.get(f"/api/v1/courses?{query}")

    assert answer.status_code in {400, 422}
    assert answer.json()["code"] in {"invalid", "bad_cursor"}


@pytest.mark.django_db
def test_the_schema_and_its_page_are_served_without_any_outside_file(client):
    schema = client.get("/api/v1/openapi.json").json()
    page = client.get("/api/v1/docs").content.decode()

    assert set(schema["paths"]) >= {
        "/api/v1/courses",
        "/api/v1/courses/{course_uuid}",
        "/api/v1/schools",
        "/api/v1/convert",
        "/api/v1/results",
    }
    assert "https://cdn" not in page
    assert "/api/v1/courses" in page
