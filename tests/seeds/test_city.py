"""The demo city: what the data holds, and that building it twice builds it once."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connections
from django.db.models import Max, Min

from cms.api import CoursePage, CourseVersion, course_content
from creditbank.api import Agreement, Application, Posting, Transaction, Transcript, find_faults
from foundation.api import AuditEntry
from identity.api import Institution, Membership, Role, User
from learning.api import LearningRecord
from seeds.content import BadCourseFile, read_course
from tests.city import built_city

COURSES = sorted((Path(__file__).resolve().parents[2] / "seeds" / "data" / "courses").glob("*.md"))
LANGUAGE = re.compile(r"[\u4e00-\u9fff]|[A-Za-z]{3}")


def _state() -> dict[str, int]:
    models = (User, Institution, Membership, CoursePage, CourseVersion, LearningRecord, Agreement, Application, Transaction, Posting,
              Transcript, AuditEntry)  # fmt: skip
    return {model.__name__: model._default_manager.count() for model in models}


@pytest.fixture
def city(own_database):
    """A copy of the city, in which commits are real."""
    name = settings.DATABASES["default"]["NAME"]
    connections["default"].close()
    shutil.copyfile(built_city(), name)
    for leftover in (f"{name}-wal", f"{name}-shm"):
        Path(leftover).unlink(missing_ok=True)
    return name


def test_the_city_is_as_large_and_as_mixed_as_promised(city):
    assert Institution.objects.count() >= 24
    assert set(Institution.objects.values_list("kind", flat=True)) == {
        "school", "vocational", "higher", "adult", "community", "elderly", "company", "awarding_body"
    }  # fmt: skip
    assert CoursePage.objects.count() >= 80
    assert Agreement.objects.filter(status="active").count() >= 3
    learners = User.objects.filter(email__startswith="learner").count()
    assert learners == 300
    assert {"posted", "second_review", "decided", "information_requested", "checking", "submitted", "draft"} <= set(
        Application.objects.values_list("state", flat=True)
    )
    span = LearningRecord.objects.aggregate(first=Min("earned_on"), last=Max("earned_on"))
    assert (span["last"] - span["first"]).days > 2 * 365
    assert set(Membership.objects.values_list("role", flat=True)) >= set(Role.values) - {"teacher", "staff"}


def test_every_course_says_in_chinese_what_it_is_about_and_sixteen_teach_it_whole(city):
    whole = []
    for course in CoursePage.objects.all():
        assert len(course.summary_zh) >= 12, course.code
        assert course.summary_en, course.code
        assert course.aims_zh, course.code
        content = course_content(CourseVersion.objects.filter(course=course).latest("id")) if course.live else None
        units = content.units() if content else ()
        taught = [unit for unit in units if sum(len(str(block.value)) for block in unit.blocks) > 200]
        quizzes = [quiz for unit in units for quiz in unit.quizzes()]
        if units and len(taught) == len(units) and quizzes:
            whole.append(course.code)

    assert len(whole) >= 16, sorted(whole)


def test_the_books_balance_and_building_again_changes_nothing(city):
    assert find_faults() == []
    before = _state()

    call_command("seed_demo", verbosity=0)

    assert _state() == before
    assert find_faults() == []


def test_the_city_is_never_built_into_a_database_that_is_no_demo(settings):
    settings.DEMO = False

    with pytest.raises(CommandError, match="no demo"):
        call_command("seed_demo")


@pytest.mark.parametrize("path", COURSES, ids=lambda path: path.stem)
def test_a_written_course_has_text_in_every_unit_and_a_right_answer_in_every_question(path):
    sections = read_course(path)
    units = [unit for section in sections for unit in section.units]
    questions = [question for unit in units for question in unit.questions]

    assert len(units) >= 4
    assert all(len(LANGUAGE.findall(unit.html())) >= 60 for unit in units if unit.lines or not unit.questions), path.stem
    assert len(questions) >= 4
    assert Counter(unit.title for unit in units).most_common(1)[0][1] == 1
    for question in questions:
        has_key = any(choice.startswith("*") for choice in question.choices) or bool(question.answer)
        assert has_key, (path.stem, question.prompt)


def test_there_are_sixteen_written_courses():
    assert len(COURSES) >= 16


def test_a_broken_course_file_is_named_with_its_line(tmp_path):
    path = tmp_path / "X-1.md"
    path.write_text("unit without a section\n", "utf-8")

    with pytest.raises(BadCourseFile):
        read_course(path)
