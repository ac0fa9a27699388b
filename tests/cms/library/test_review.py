"""The way into the library: each step by its own person, from its own state, with its trace; every other is refused and changes nothing."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.urls import reverse

from cms.api import CoursePage, CourseVersion, KindOfEducation, SharingScope, Subject
from cms.library import actions
from cms.library.enums import ReviewState
from cms.library.exceptions import IllegalTransition, MetadataIncomplete
from cms.library.models import ReviewStep
from foundation.api import AuditEntry, Level, LevelFramework, can
from identity.api import Role
from tests.factories.cms import body, course
from tests.factories.identity import person_as

pytestmark = pytest.mark.django_db

STEPS = {
    "submit_to_school": (("draft", "changes_asked", "live"), lambda row, who: actions.submit_to_school(row, actor=who)),
    "approve_for_school": (("school_review",), lambda row, who: actions.approve_for_school(row, actor=who)),
    "send_back_to_editor": (("school_review",), lambda row, who: actions.send_back_to_editor(row, actor=who, note="请补图")),
    "approve_in_library": (("submitted",), lambda row, who: actions.approve_in_library(row, actor=who)),
    "ask_for_changes": (("submitted",), lambda row, who: actions.ask_for_changes(row, actor=who, reason="metadata", note="缺目标")),
    "reject_in_library": (("submitted",), lambda row, who: actions.reject_in_library(row, actor=who, reason="licensing", note="无授权")),
    "withdraw_course": (("live",), lambda row, who: actions.withdraw_course(row, actor=who, note="过时")),
    "take_down_course": (
        ("live", "submitted", "school_review", "changes_asked"),
        lambda row, who: actions.take_down_course(row, actor=who, note="侵权"),
    ),
}


@pytest.fixture
def ready():
    """A complete draft, shared with everybody, and another school's reviewer who says yes."""
    ladder = LevelFramework.objects.create(code="JL", name_zh="等级", name_en="Levels")
    row = course(code="AAA-R1", live=False, summary_zh="简介", aims_zh="会洗手", teacher_names="沈静", licence="cc-by")
    row.kinds.set([KindOfEducation.objects.create(code="higher", name_zh="高等", name_en="Higher")])
    row.subject = Subject.objects.create(code="health", name_zh="健康", name_en="Health")
    row.level = Level.objects.create(framework=ladder, code="L5", rank=5, name_zh="专科", name_en="Associate")
    row.save()
    return CoursePage.objects.get(pk=row.pk)


def _stand(row: CoursePage, state: str) -> CoursePage:
    CoursePage.objects.filter(pk=row.pk).update(review_state=state)
    ReviewStep.objects.create(course=row, from_state="draft", to_state=state, revision=row.latest_revision)
    return CoursePage.objects.get(pk=row.pk)


def _traces(row: CoursePage) -> tuple[object, ...]:
    return (
        CoursePage.objects.filter(pk=row.pk).values().get(), ReviewStep.objects.count(), AuditEntry.objects.count(),
        CourseVersion.objects.count(),
    )  # fmt: skip


@pytest.mark.parametrize("step", STEPS)
def test_a_step_leads_on_from_its_own_states_and_from_no_other(ready, step):
    who = person_as(Role.LIBRARY_REVIEWER)
    allowed, take = STEPS[step]

    for state in ReviewState.values:
        begun = transaction.savepoint()
        row = _stand(ready, state)
        before = _traces(row)
        if state in allowed:
            take(row, who)
            assert (state, ReviewStep.objects.count()) == (state, before[1] + 1)
            assert AuditEntry.objects.count() > before[2]
        else:
            with pytest.raises(IllegalTransition) as refused:
                take(row, who)
            assert (refused.value.code, refused.value.state) == ("wrong_state", state)
            assert _traces(row) == before
        transaction.savepoint_rollback(begun)


def test_who_submitted_does_not_approve(ready):
    both = person_as(Role.SCHOOL_APPROVER, ready.institution)
    row = actions.submit_to_school(ready, actor=both)
    before = _traces(row)

    with pytest.raises(IllegalTransition) as refused:
        actions.approve_for_school(row, actor=both)

    assert refused.value.code == "same_person"
    assert _traces(row) == before


def test_a_reviewer_of_the_owning_school_does_not_let_it_in(ready):
    row, own = _stand(ready, "submitted"), person_as(Role.LIBRARY_REVIEWER, ready.institution)
    before = _traces(row)

    with pytest.raises(IllegalTransition) as refused:
        actions.approve_in_library(row, actor=own)

    assert refused.value.code == "own_school"
    assert not can(own, "review_for_library", row)
    assert _traces(row) == before


@pytest.mark.parametrize(("state", "step"), [("school_review", "approve_for_school"), ("submitted", "approve_in_library")])
def test_nobody_approves_a_text_that_was_changed_after_it_was_handed_in(ready, state, step):
    row = _stand(ready, state)
    actions.set_body(row, sections=body(("别的", "<p>换了内容</p>")), actor=person_as(Role.EDITOR, row.institution))
    before = _traces(row)

    with pytest.raises(IllegalTransition) as refused:
        STEPS[step][1](CoursePage.objects.get(pk=row.pk), person_as(Role.LIBRARY_REVIEWER))

    assert refused.value.code == "changed_since"
    assert _traces(row) == before


def test_within_the_own_school_the_approver_publishes_beyond_it_the_library(ready):
    CoursePage.objects.filter(pk=ready.pk).update(preview_scope=SharingScope.OWN, read_scope=SharingScope.OWN, adopt_scope=SharingScope.OWN)
    row = actions.submit_to_school(CoursePage.objects.get(pk=ready.pk), actor=person_as(Role.EDITOR, ready.institution))

    row = actions.approve_for_school(row, actor=person_as(Role.SCHOOL_APPROVER, row.institution))

    assert (row.review_state, row.live, CourseVersion.objects.get().number) == ("live", True, 1)


def test_an_incomplete_course_is_not_submitted_and_every_gap_is_named(client):
    row = course(code="AAA-R2", live=False)
    before = _traces(row)

    with pytest.raises(MetadataIncomplete) as refused:
        actions.submit_to_school(row, actor=person_as(Role.EDITOR, row.institution))

    assert refused.value.fields == ["summary_zh", "aims_zh", "subject", "level", "teacher_names", "kinds"]
    assert _traces(row) == before


@pytest.mark.parametrize(("reason", "note"), [("", "没有理由"), ("other", "  "), ("nonsense", "x")])
def test_a_refusal_needs_a_reason_from_the_list_and_a_text_where_the_reason_is_another(ready, reason, note):
    row = _stand(ready, "submitted")
    before = _traces(row)

    with pytest.raises(IllegalTransition) as refused:
        actions.reject_in_library(row, actor=person_as(Role.LIBRARY_REVIEWER), reason=reason, note=note)

    assert refused.value.code == "reason_needed"
    assert _traces(row) == before


def test_a_withdrawn_course_says_so_with_its_reason_and_is_found_no_more(client):
    row = course(code="AAA-R3", title="旧版心肺复苏")
    assert row.slug in client.get("/courses/?q=心肺复苏").content.decode()

    actions.withdraw_course(row, actor=person_as(Role.SCHOOL_ADMINISTRATOR, row.institution), note="指南已更新")

    page = client.get(row.url)
    assert page.status_code == 410
    assert "指南已更新" in page.content.decode()
    assert row.slug not in client.get("/courses/?q=心肺复苏").content.decode()
    assert client.get(f"/api/v1/courses/{row.uuid}").status_code == 404


def test_a_version_never_changes_whatever_happens_to_the_page():
    row = course(code="AAA-R4")
    version = CourseVersion.objects.get(course=row)
    kept = (version.content_hash, version.manifest)

    actions.set_body(row, sections=body(("全新", "<p>新内容</p>")), actor=person_as(Role.EDITOR, row.institution))
    CoursePage.objects.filter(pk=row.pk).update(title="另一个题目")

    version.refresh_from_db()
    assert (version.content_hash, version.manifest) == kept
    assert CourseVersion.objects.count() == 1


def test_the_desk_keeps_what_was_typed_when_a_step_is_refused(client, ready):
    row, reviewer = _stand(ready, "submitted"), person_as(Role.LIBRARY_REVIEWER)
    client.force_login(reviewer)

    answer = client.post(reverse("cms:step", args=[row.uuid]), {"step": "reject", "reason": "other", "note": ""})

    assert answer.status_code in {200, 400}
    assert CoursePage.objects.get(pk=row.pk).review_state == "submitted"
    assert "error" in answer.content.decode()
