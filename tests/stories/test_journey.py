"""One journey through every floor: a course is written, shared, adopted, studied, archived, deposited, converted, recognised and verified."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from creditbank.api import Application, Posting, Transaction, Transcript, balances, find_faults, replay
from foundation.api import AuditEntry
from learning.api import Enrolment, LearningRecord
from tests.stories.steps import RIGHT, adopt, share_and_publish, study
from tests.stories.world import build_world, write_course, write_rules


@pytest.mark.django_db
def test_a_course_is_shared_studied_archived_converted_and_recognised(capsys):
    world = build_world()
    write_rules(world)
    course = write_course(world)
    version = share_and_publish(world, course)
    run = adopt(world, course)
    assert (run.course_version, run.institution) == (version, world.places["BBB"])

    study(world, run, RIGHT)

    learner = world.people["learner"]
    record = LearningRecord.objects.get()
    assert (record.learner, record.credits, record.score, record.outcome_code) == (learner, Decimal("3.000"), Decimal("100.00"), "AAA:CARE")
    assert Enrolment.objects.get().state == "completed"
    assert "照护入门" in world.client_of("learner").get(reverse("learning:archive")).content.decode()
    assert balances(learner.uuid)["V"].available == Decimal("3.000")

    apply = reverse("creditbank:apply", args=["NUR"])
    shown = world.client_of("learner").get(apply)
    assert "1.5" in shown.content.decode()
    no_declaration = world.client_of("learner").post(apply, {"shown": shown.context["proposal"].decision.snapshot_hash})
    assert (no_declaration.status_code, Transaction.objects.filter(type="hold").count()) == (200, 0)
    sent = world.client_of("learner").post(apply, {"shown": shown.context["proposal"].decision.snapshot_hash, "declare": "on"})
    application = Application.objects.get()
    assert sent["Location"] == reverse("creditbank:application", args=[application.reference])
    assert (application.proposed_credits, balances(learner.uuid)["V"].held) == (Decimal("1.500"), Decimal("3.000"))

    case = {name: reverse(f"creditbank:{name}", args=[application.reference]) for name in ("claim", "decide", "confirm", "case")}
    assert world.client_of("officer").post(case["claim"]).status_code == 302
    assert world.client_of("officer").post(case["decide"], {"choice_1": "accept"}).status_code == 302
    before = (Posting.objects.count(), AuditEntry.objects.count())
    assert world.client_of("officer").post(case["confirm"]).status_code == 403  # holds no second role
    assert (Posting.objects.count(), AuditEntry.objects.count()) == before
    assert world.client_of("second").post(case["confirm"]).status_code == 302

    application.refresh_from_db()
    assert (application.state, application.verdict, application.decided_credits) == ("posted", "full", Decimal("1.500"))
    have = balances(learner.uuid)
    assert (have["V"].total, have["A"].awarded) == (Decimal(0), Decimal("1.500"))
    page = world.client_of("learner").get(reverse("creditbank:account") + "?unit=A").content.decode()
    assert "+1.5" in page

    assert replay(application)
    world.client_of("learner").post(reverse("creditbank:issue_transcript"))
    paper = Transcript.objects.get()
    assert [(unit["unit"], Decimal(unit["total"])) for unit in paper.content["units"]] == [
        ("A", Decimal("1.5"))
    ]  # the vocational credit became this
    for code in (paper.printed_code.lower(), paper.code):
        answer = world.client_of("officer").get(reverse("creditbank:verify"), {"code": code}).content.decode()
        assert "有效" in answer
        assert learner.name not in answer

    assert find_faults() == []
    call_command("check_books")
    assert "books balance" in capsys.readouterr().out


@pytest.mark.django_db
def test_the_same_person_acting_twice_is_refused_and_nothing_changes():
    world = build_world()
    write_rules(world)
    run = adopt(world, course) if (course := write_course(world)) and share_and_publish(world, course) else None
    study(world, run, RIGHT)
    shown = world.client_of("learner").get(reverse("creditbank:apply", args=["NUR"]))
    declared = {"shown": shown.context["proposal"].decision.snapshot_hash, "declare": "on"}
    world.client_of("learner").post(reverse("creditbank:apply", args=["NUR"]), declared)
    application = Application.objects.get()
    from identity.api import Role, User, grant_membership

    grant_membership(
        world.people["officer"], world.places["CCC"], Role.REVIEWER, actor=None, starts_on=timezone.localdate() - timedelta(days=1)
    )
    world.people["officer"] = User.objects.get(pk=world.people["officer"].pk)
    world.client_of("officer").post(reverse("creditbank:claim", args=[application.reference]))
    world.client_of("officer").post(reverse("creditbank:decide", args=[application.reference]), {"choice_1": "accept"})
    before = (Posting.objects.count(), AuditEntry.objects.count())

    answer = world.client_of("officer").post(reverse("creditbank:confirm", args=[application.reference]), follow=True)

    application.refresh_from_db()
    assert (application.state, application.second_officer) == ("second_review", None)
    assert (Posting.objects.count(), AuditEntry.objects.count()) == before
    assert "复核人不能是首位审核人或学习者本人" in answer.content.decode()


@pytest.mark.django_db
def test_a_refusal_says_why_and_gives_everything_back():
    world = build_world()
    write_rules(world, min_score="90")
    course = write_course(world)
    share_and_publish(world, course)
    run = adopt(world, course)
    study(world, run, ["a", "15", "false", "不知道"])  # 75 of 100: passes the course, not the rule

    page = world.client_of("learner").get(reverse("creditbank:apply", args=["NUR"])).content.decode()

    assert LearningRecord.objects.get().score == Decimal("75.00")
    assert "规则 C-1 的条件未满足：成绩要求 90，实际 75" in page
    assert "成绩达到 90 即可认定。" in page
    english = world.client_of("learner").get("/en" + reverse("creditbank:apply", args=["NUR"])).content.decode()
    assert "rule C-1 asks for a score of at least 90; found 75" in english
    assert (Application.objects.count(), Transaction.objects.filter(type="hold").count()) == (0, 0)
    assert balances(world.people["learner"].uuid)["V"].available == Decimal("3.000")
    assert find_faults() == []
