"""The steps of the journey, each by HTTP as its own person would take it."""

from __future__ import annotations

import re

from django.urls import reverse

from cms.api import CoursePage, CourseVersion, SharingScope, course_content
from learning.api import CourseRun
from tests.stories.world import World

SHARED = {name: str(SharingScope.SIGNED_IN.value) for name in ("preview", "read", "download", "adopt")}
RIGHT = ["a", "15", "false", "操作前"]


def share_and_publish(world: World, course: CoursePage) -> CourseVersion:
    """Editor shares and submits, approver approves, a reviewer of another school accepts: each by HTTP."""
    share, step = (reverse(f"cms:{name}", args=[course.uuid]) for name in ("share", "step"))
    assert world.client_of("editor").post(share, SHARED).status_code == 302
    assert world.client_of("editor").post(step, {"step": "submit"}).status_code == 302
    assert world.client_of("editor").post(step, {"step": "approve"}).status_code == 403
    assert world.client_of("approver").post(step, {"step": "approve"}).status_code == 302
    assert CoursePage.objects.get(pk=course.pk).review_state == "submitted"
    assert world.client_of("reviewer").post(step, {"step": "accept"}).status_code == 302
    return CourseVersion.objects.get(course=course)


def adopt(world: World, course: CoursePage) -> CourseRun:
    """The second school adopts the course as a run that carries 3 vocational credits; a second person approves the automatic deposit."""
    page = world.client_of("teacher").get(reverse("learning:open_run", args=[course.uuid]))
    assert page.status_code == 200
    data = {name: field.value() if field.value() is not None else "" for name, field in ((f.html_name, f) for f in page.context["form"])}
    data |= {"credits": "3", "credit_system": "V", "kind": "open", "state": "open"}
    data = {name: value for name, value in data.items() if value not in (None, "")}
    answer = world.client_of("teacher").post(reverse("learning:open_run", args=[course.uuid]), data)
    assert answer.status_code == 302, answer.context["form"].errors
    run = CourseRun.objects.get()
    assert world.client_of("teacher").post(reverse("learning:run_approve", args=[run.uuid])).status_code == 403
    assert world.client_of("head").post(reverse("learning:run_approve", args=[run.uuid])).status_code == 302
    return CourseRun.objects.get()


def study(world: World, run: CourseRun, answers: list[str]) -> None:
    """Enrol, read the first unit, and hand in the quiz of the second with these answers."""
    learner = world.client_of("learner")
    assert learner.post(reverse("learning:enrol", args=[run.uuid])).status_code == 302
    first, last = course_content(run.course_version).units()
    assert learner.get(reverse("learning:unit", args=[run.uuid, first.id])).status_code == 200
    assert learner.post(reverse("learning:unit_complete", args=[run.uuid, first.id])).status_code == 302
    page = learner.get(reverse("learning:unit", args=[run.uuid, last.id])).content.decode()
    assert "先洗手，再戴手套" not in page  # feedback and keys stay on the server
    quiz = last.quizzes()[0]
    data = dict(re.findall(r'name="(key|submission)" value="([^"]+)"', page))
    data |= {f"q-{question['id']}": answer for question, answer in zip(quiz.value["questions"], answers, strict=True)}
    assert learner.post(reverse("learning:quiz", args=[run.uuid, quiz.id]), data).status_code == 302
