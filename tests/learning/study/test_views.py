"""Pages of study through HTTP: reading writes nothing, keys never leave the server, other people's things do not exist."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.template import engines
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from foundation.api import AuditEntry
from identity.api import Role
from learning.api import CourseRun, Enrolment, LearningRecord, QuizAttempt, Statement, UnitProgress, enrol
from tests.factories.identity import InstitutionFactory, MembershipFactory, UserFactory, person_as
from tests.factories.learning import (
    KEYS,
    QUIZ,
    READ,
    RIGHT,
    SAMPLE,
    TEST,
    CourseRunFactory,
    EnrolmentFactory,
    UnitProgressFactory,
    credit_system,
    kind_of_education,
    make_course,
    make_version,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def url(name: str, *args: object) -> str:
    return reverse(f"learning:{name}", args=args)


@pytest.fixture
def studying(client):
    """A signed-in learner in a run that has begun."""
    enrolment = EnrolmentFactory(enrolled_at=timezone.now())
    client.force_login(enrolment.learner)
    return enrolment


def answers() -> dict[str, list[str]]:
    return {f"q-{question}": given for question, given in RIGHT.items()}


def fingerprint() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Enrolment, UnitProgress, QuizAttempt, Statement, AuditEntry, LearningRecord))


def test_a_visitor_signs_in_and_comes_back_to_the_run(client):
    run = CourseRunFactory()

    answer = client.post(url("enrol", run.uuid))

    assert answer.status_code == 302
    assert answer.url.endswith(f"?next=/learn/{run.uuid}/")
    assert Enrolment.objects.count() == 0


def test_one_button_enrols_and_opens_the_first_unit(client):
    run, learner = CourseRunFactory(), UserFactory()
    client.force_login(learner)

    answer = client.post(url("enrol", run.uuid))

    assert (answer.status_code, answer.url) == (302, url("unit", run.uuid, SAMPLE))
    assert Enrolment.objects.get().learner == learner


def test_a_learner_goes_through_the_course_without_a_script(client, studying):
    run = studying.run
    first = client.get(url("unit", run.uuid, SAMPLE))
    assert "三查的正文" in first.content.decode()
    assert "学完了，下一单元：八对" in first.content.decode()

    assert client.post(url("unit_complete", run.uuid, SAMPLE)).url == url("unit", run.uuid, READ)
    assert client.post(url("unit_complete", run.uuid, READ)).url == url("unit", run.uuid, TEST)
    answer = client.post(url("quiz", run.uuid, QUIZ), {**answers(), "key": "k"})

    assert answer.url == f"{url('unit', run.uuid, TEST)}#quiz-{QUIZ}"
    page = client.get(url("run", run.uuid)).content.decode()
    record = LearningRecord.objects.get()
    assert "已学完" in page
    assert url("record", record.uuid) in page
    told = client.get(url("record", record.uuid)).content.decode()
    assert "您完成了《八对》" in told
    assert "您通过了《综合考核》，得分率 100 %" in told


def test_reading_pages_writes_nothing(client, studying):
    before = fingerprint()

    for page in (
        url("my_learning"),
        url("run", studying.run.uuid),
        url("unit", studying.run.uuid, READ),
        url("unit", studying.run.uuid, TEST),
        url("leave", studying.run.uuid),
    ):
        assert client.get(page).status_code == 200

    assert fingerprint() == before


def test_keys_are_in_no_answer_to_a_learner(client, studying):
    run = studying.run
    pages = [
        client.get(url("unit", run.uuid, TEST)),
        client.get(url("run", run.uuid)),
        client.get(url("my_learning")),
        client.post(url("quiz", run.uuid, QUIZ), {"q-x": "y", "key": "1"}, follow=True),
        client.get(url("unit", run.uuid, TEST)),
    ]

    for page in pages:
        assert not any(key in page.content.decode() for key in KEYS)
        assert "因为乙在后" not in page.content.decode()
    assert not any(key in text for text in Statement.objects.values_list("text", flat=True) for key in KEYS)


def test_feedback_comes_after_handing_in_and_only_for_right_answers(client, studying):
    question, other = list(RIGHT)
    answer = client.post(url("quiz", studying.run.uuid, QUIZ), {f"q-{question}": "b", f"q-{other}": "错", "key": "1"}, follow=True)

    page = answer.content.decode()
    assert "还没有通过" in page
    assert "上次得 1 / 2 分（50 %），达到 60 % 即通过。" in page
    assert (page.count("上次答对了"), page.count("上次没有答对")) == (1, 1)
    assert "因为乙在后" in page


def test_a_doubled_submission_is_one_attempt(client, studying):
    for _time in range(2):
        client.post(url("quiz", studying.run.uuid, QUIZ), {**answers(), "key": "same"})

    assert QuizAttempt.objects.count() == 1


def test_the_player_notes_place_and_time_and_the_learner_resumes_there(client, studying):
    run = studying.run
    assert client.post(url("unit_open", run.uuid, READ)).status_code == 204
    UnitProgress.objects.update(first_opened_at=timezone.now() - timedelta(minutes=10))
    assert client.post(url("unit_time", run.uuid, READ), {"seconds": "300", "position": "t:252"}).status_code == 204

    page = client.get(url("my_learning")).content.decode()

    assert "八对" in page
    assert "停在 04:12" in page
    assert url("unit", run.uuid, READ) in page
    assert 'data-position="t:252"' in client.get(url("unit", run.uuid, READ)).content.decode()


@pytest.mark.parametrize(
    "data", [{}, {"seconds": "abc"}, {"seconds": "-1"}, {"seconds": "9" * 30}, {"seconds": "1", "position": "x" * 500}]
)
def test_nonsense_from_a_player_is_refused(client, studying, data):
    assert client.post(url("unit_time", studying.run.uuid, READ), data).status_code == 422
    assert UnitProgress.objects.count() == 0


def test_other_peoples_runs_units_and_ids_do_not_exist(client, studying):
    closed = CourseRunFactory(kind="closed")
    other_open = CourseRunFactory()
    wrong = ["x", str(uuid4()), "0" * 300, "%00", str(closed.uuid)]

    for ident in wrong:
        for name in ("run", "leave"):
            assert client.get(f"/learn/{ident}/{'' if name == 'run' else 'leave/'}").status_code in {404, 400}, (name, ident)
        assert client.post(f"/learn/{ident}/enrol/").status_code in {404, 400}
        assert client.get(f"/learn/{studying.run.uuid}/{ident}/").status_code in {404, 400}
        assert client.post(f"/learn/{studying.run.uuid}/{ident}/complete/").status_code in {404, 400}
        assert client.post(f"/learn/{studying.run.uuid}/quiz/{ident}/").status_code in {404, 400}
    for name in ("unit_open", "unit_time", "unit_complete"):
        assert client.post(url(name, other_open.uuid, READ), {"seconds": "1"}).status_code == 404
    assert client.get(url("leave", other_open.uuid)).status_code == 404


def test_a_sample_unit_is_open_to_visitors_and_the_others_say_what_opens_them(client):
    run = CourseRunFactory()

    sample = client.get(url("unit", run.uuid, SAMPLE)).content.decode()
    locked = client.get(url("unit", run.uuid, READ)).content.decode()

    assert "三查的正文" in sample
    assert "八对的正文" not in locked
    assert "开始学习后，全部单元都会开放" in locked


def test_a_unit_before_the_first_day_says_when_it_opens(client):
    enrolment = EnrolmentFactory(run__starts_on=TODAY + timedelta(days=7))
    client.force_login(enrolment.learner)

    page = client.get(url("unit", enrolment.run.uuid, READ)).content.decode()

    assert "八对的正文" not in page
    assert "本单元尚未对您开放" in page


def test_leaving_asks_first_and_names_what_is_left(client, studying):
    page = client.get(url("leave", studying.run.uuid)).content.decode()
    assert "退出《用药安全》" in page

    client.post(url("leave", studying.run.uuid))

    studying.refresh_from_db()
    assert studying.state == "left"
    assert client.post(url("unit_open", studying.run.uuid, READ)).status_code == 403


def test_my_learning_needs_as_many_queries_for_thirty_runs_as_for_one(client, django_assert_num_queries):
    learner = UserFactory()
    version = make_version()
    client.force_login(learner)
    counts = []
    for number in (1, 29):
        for _row in range(number):
            enrolment = EnrolmentFactory(learner=learner, run=CourseRunFactory(course_version=version), last_active_at=timezone.now())
            UnitProgressFactory(enrolment=enrolment)
        client.get(url("my_learning"))
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert client.get(url("my_learning")).status_code == 200
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_a_class_needs_as_many_queries_for_thirty_people_as_for_one(client):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    run = CourseRunFactory()
    client.force_login(person_as(Role.INSTRUCTOR, run.institution))
    counts = []
    for number in (1, 28):
        for _row in range(number):
            UnitProgressFactory(enrolment=EnrolmentFactory(run=run))
        client.get(url("teach_run", run.uuid))
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url("teach_run", run.uuid)).status_code == 200
        counts.append(len(captured))

    assert counts[0] == counts[1]


def test_a_teacher_adopts_a_shared_course(client):
    system = credit_system()
    course = make_course()
    make_version(course)
    school = InstitutionFactory()
    teacher = person_as(Role.INSTRUCTOR, school, name="沈老师")
    client.force_login(teacher)
    assert course.title in client.get(url("adoptable")).content.decode()
    form = url("open_run", course.uuid)
    assert "沈老师" in client.get(form).content.decode()

    answer = client.post(
        form,
        {
            "kind": "open",
            "starts_on": "2026-12-01",
            "ends_on": "2027-01-31",
            "instructors": str(teacher.uuid),
            "credits": "2",
            "credit_system": system.code,
            "pass_mark": "60",
            "code": "W-1",
        },
    )

    run = CourseRun.objects.get()
    assert answer.url == url("teach_run", run.uuid)
    assert (run.institution, run.code, run.credits, run.starts_on) == (school, "W-1", Decimal(2), date(2026, 12, 1))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"starts_on": "2027-02-01", "ends_on": "2027-01-01"}, "结课日期早于开课日期"),
        ({"credits": "1.3"}, "这个学分体系以 0.5 学分为最小单位"),
        ({"credit_system": ""}, "请选择这些学分所属的学分体系"),
        ({"pass_mark": "500"}, "100"),
        ({"kind": "\x00"}, "选课范围"),
        ({"credits": "NaN"}, "学分"),
        ({"instructors": "9" * 40}, "任课教师"),
        ({"code": "x" * 300}, "开课编号"),
    ],
)
def test_a_bad_run_is_refused_and_what_was_typed_is_kept(client, change, words):
    system = credit_system()
    course = make_course()
    make_version(course)
    client.force_login(person_as(Role.INSTRUCTOR))
    data = {"kind": "open", "starts_on": "2026-12-01", "credits": "2", "credit_system": system.code, "pass_mark": "60"} | change

    answer = client.post(url("open_run", course.uuid), data)

    assert answer.status_code in {422, 400}
    if answer.status_code == 422:
        assert words in answer.content.decode()
    assert CourseRun.objects.count() == 0


def test_a_class_names_its_people_and_another_school_sees_nothing(client):
    run = CourseRunFactory()
    learner = UserFactory(name="林晓雯")
    enrol(run, learner=learner, actor=learner, at=timezone.now())
    client.force_login(person_as(Role.INSTRUCTOR, run.institution))
    assert "林晓雯" in client.get(url("teach_run", run.uuid)).content.decode()

    client.force_login(person_as(Role.INSTRUCTOR))
    assert client.get(url("teach_run", run.uuid)).status_code == 403  # an open run is public, its class is not
    client.force_login(learner)
    assert client.get(url("teach_run", run.uuid)).status_code == 403
    assert client.get(url("teach")).status_code == 403


def test_a_second_person_approves_the_deposit(client):
    school = InstitutionFactory()
    opener = person_as(Role.SCHOOL_ADMINISTRATOR, school)
    run = CourseRunFactory(institution=school, opened_by_uuid=opener.uuid)
    client.force_login(opener)
    client.post(url("run_approve", run.uuid))
    run.refresh_from_db()
    assert run.auto_deposit is False

    client.force_login(person_as(Role.SCHOOL_ADMINISTRATOR, school))
    client.post(url("run_approve", run.uuid))

    run.refresh_from_db()
    assert run.auto_deposit is True


def test_a_class_list_takes_known_people_and_names_the_others(client):
    run = CourseRunFactory(kind="closed")
    client.force_login(person_as(Role.INSTRUCTOR, run.institution))
    known = UserFactory(email="known@example.org")

    answer = client.post(url("run_list", run.uuid), {"people": "Known@example.org\nnobody@example.org\n\x01"}, follow=True)

    assert list(run.class_list.values_list("learner", flat=True)) == [known.pk]
    assert "nobody@example.org" in answer.content.decode()


def test_the_english_pages_speak_english(client, studying):
    page = client.get(f"/en{url('my_learning')}").content.decode()

    assert "Go on" in page or "Start" in page
    assert "接着学" not in page


def test_a_course_page_offers_its_runs(client, rf: RequestFactory):
    run = CourseRunFactory()
    CourseRunFactory(course_version=run.course_version, state="draft")
    request = rf.get("/")
    request.user = UserFactory()
    template = engines["django"].from_string("{% load learning_tags %}{% course_runs course %}{% continue_learning %}")

    page = template.render({"course": run.course_version.course}, request)

    assert page.count("<form") == 1
    assert url("enrol", run.uuid) in page
    assert "开始学习" in page


def test_permanent_ids_lead_to_todays_pages(client):
    run = CourseRunFactory()

    assert client.get(f"/id/run/{run.uuid}").url == url("run", run.uuid)
    assert client.get(f"/id/course/{uuid4()}").status_code == 404
    assert client.get("/id/course/x/unit/y").status_code == 404


def test_recommendations_say_why(client):
    kind_of_education()
    learner = UserFactory()
    MembershipFactory(person=learner)
    from tests.factories.learning import make_record

    make_record(learner, title_zh="社区护理学")
    CourseRunFactory(title_zh="护理伦理")
    client.force_login(learner)

    page = client.get(url("my_learning")).content.decode()

    assert "护理伦理" in page
    assert "因为您学完了《社区护理学》" in page
