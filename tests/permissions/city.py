"""The world of the permission table: the journey half way, fifteen principals around it, and an object for every address."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cms.api import CoursePage, course_content
from creditbank.api import (
    AccountMerger,
    Application,
    ApplicationEvidence,
    CatalogueImport,
    Certificate,
    Correction,
    ExpertStanding,
    IndividualException,
    NewException,
    Programme,
    RecognitionPolicy,
    ResultBatch,
    SourceReview,
    SpotCheck,
    SpotCheckDraw,
    Terms,
    Transaction,
    Transcript,
    add_evidence,
    bring_catalogue,
    clean_file,
    draft_policy,
    propose_exception,
    propose_revocation,
    record_expert_standing,
    refuse_correction,
    start_application,
    upload_results,
)
from creditbank.rules.snapshot import canonical, hash_of
from foundation.api import Notice, seal_log
from identity.api import (
    ApiToken,
    DataExport,
    ErasureRequest,
    Membership,
    Role,
    User,
    ask_for_data,
    grant_membership,
    make_token,
    put_together,
)
from learning.api import CourseRun, LearningRecord
from learning.archive.models import Evidence
from tests.stories.steps import RIGHT, adopt, share_and_publish, study
from tests.stories.world import World, build_world, write_course, write_rules

MORE = {
    "auditor": (Role.AUDITOR, "CCC"), "expert": (Role.EXPERT, "CCC"), "operator": (Role.OPERATOR, "CCC"), "stranger": (Role.LEARNER, "AAA"),
    "head_elsewhere": (Role.SCHOOL_ADMINISTRATOR, "AAA"),
}  # fmt: skip
PRINCIPALS = (
    "anonymous", "deactivated", "stranger", "learner", "editor", "approver", "reviewer", "teacher", "head", "head_elsewhere", "desk",
    "officer", "second", "auditor", "expert", "operator",
)  # fmt: skip
"""Who asks. ``learner`` owns the objects and learns at BBB; ``stranger`` learns at AAA. ``editor`` and ``approver`` are of AAA, whose course
it is; ``teacher``, ``head`` and ``desk`` (credit officer) of BBB; ``reviewer`` (library), ``officer``, ``second``, ``auditor``, ``expert``
and ``operator`` of CCC. ``deactivated`` was the learner's twin until yesterday."""


def build_city() -> World:
    """The journey up to an application that waits, with a transcript, a self-added record, and one notice."""
    world = build_world()
    write_rules(world)
    for key, (role, place) in MORE.items():
        world.people[key] = User.objects.create_user(name=f"人物{key}", email=f"{key}@example.org")
        grant_membership(world.people[key], world.places[place], role, actor=None, starts_on=timezone.localdate() - timedelta(days=9))
    world.people = {key: User.objects.get(pk=person.pk) for key, person in world.people.items()}
    course = write_course(world)
    share_and_publish(world, course)
    study(world, adopt(world, course), RIGHT)
    learner = world.client_of("learner")
    new = {
        "title": "老证书", "institution": "某厂", "source_type": "certificate", "kind_of_education": "higher", "category": "vocational",
        "earned_on": "2020-05-01",
    }  # fmt: skip
    scan = SimpleUploadedFile("scan.pdf", b"%PDF-1.4\n%%EOF\n", content_type="application/pdf")
    assert learner.post(reverse("learning:record_new"), new | {"evidence": scan}).status_code == 302
    _begin_application(world)
    shown = learner.get(reverse("creditbank:apply", args=["NUR"]))
    learner.post(reverse("creditbank:apply", args=["NUR"]), {"shown": shown.context["proposal"].decision.snapshot_hash, "declare": "on"})
    learner.post(reverse("creditbank:issue_transcript"))
    upload_results(
        world.places["CCC"], content="学习者,成绩编号\n".encode(), filename="x.csv", actor=world.people["officer"], at=timezone.now()
    )
    certify(Application.objects.get())
    record, used = LearningRecord.objects.exclude(credits__isnull=True).get(), Application.objects.get()
    taken = propose_revocation(record, actor=world.people["desk"], at=timezone.now(), reason="成绩录入有误")
    refuse_correction(taken, actor=world.people["second"], at=timezone.now(), note="无误")
    Correction.objects.filter(pk=taken.pk).update(institution=used.institution, state="proposed")
    SourceReview.objects.create(application=used, record_uuid=record.uuid, title_zh=record.title_zh, opened_at=timezone.now())
    ends = timezone.localdate() + timedelta(days=9)
    make_token(world.places["BBB"], name="x", scopes=["results:read"], expires_on=ends, actor=None, at=timezone.now())
    world.people["deactivated"] = User.objects.create_user(name="停用", email="gone@example.org")
    User.objects.filter(email="gone@example.org").update(is_active=False)
    _ask_for_exception(world)
    _keep_in_order(world)
    put_together(ask_for_data(world.people["learner"], at=timezone.now()), at=timezone.now())
    ErasureRequest.objects.create(person_uuid=world.people["learner"].uuid, code="a" * 32, asked_at=timezone.now())
    seal_log(clock=timezone.now)
    return world


def certify(application: Application) -> Certificate:
    """A certificate of it as if it were credited: who opens, revokes and renews it does not hang on how it came about."""
    said = {
        "name": application.learner.name, "reference": application.reference, "institution": application.institution.code, "unit": "A", "step": "0.5",
        "credits": "3", "on": "2026-03-02", "book": "CCC", "version": 1, "lines": [],
    }  # fmt: skip
    return Certificate.objects.create(
        learner=application.learner, application=application, number="CC-2026-000001", code="0" * 32, short_code="2" * 12, content=said,
        content_hash=hash_of(canonical(said)), issued_at=timezone.now(),
    )  # fmt: skip


def _begin_application(world: World) -> None:
    """A draft with a file that the learner handed in."""
    learner = world.people["learner"]
    draft = start_application(Programme.objects.get(code="NUR"), learner=learner, at=timezone.now())
    file = clean_file(b"%PDF-1.4 proof", "proof.pdf")
    record = LearningRecord.objects.filter(learner=learner).order_by("id")[0]
    add_evidence(draft, rule="C-1", item="成绩单", record=record.uuid, file=file, actor=learner, at=timezone.now())


def _ask_for_exception(world: World) -> None:
    """An exception and periods that wait for a second person."""
    new = NewException(kind="waive", path="1", reason="军训已免", expires_on=timezone.localdate() + timedelta(days=30))
    propose_exception(world.people["learner"], Programme.objects.get(code="NUR"), new, actor=world.people["officer"], at=timezone.now())
    draft_policy(world.places["CCC"], Terms(), valid_from=timezone.localdate(), actor=world.people["officer"])


def _keep_in_order(world: World) -> None:
    """An expert's standing, a drawn case, a merger and a file for the catalogue that wait, all at CCC."""
    place, officer, now = world.places["CCC"], world.people["officer"], timezone.now()
    used = Application.objects.exclude(state="draft").get()
    record_expert_standing(world.people["expert"], place, field="护理", since=timezone.localdate(), actor=officer, at=now)
    draw = SpotCheckDraw.objects.create(
        institution=place, seed="42", since=timezone.localdate(), until=timezone.localdate(), wanted=1, population=1,
        drawn_by_uuid=officer.uuid, drawn_at=now,
    )  # fmt: skip
    SpotCheck.objects.create(draw=draw, application=used, learner=used.learner, position=1)
    AccountMerger.objects.create(
        institution=place, source=world.people["stranger"], destination=world.people["editor"], reason="同一人", proposed_by=officer,
        proposed_at=now,
    )  # fmt: skip
    table = "outcome,owner,title_zh,credits,system\nCCC:NEW,CCC,新课,2,A\n"
    bring_catalogue(place, filename="outcomes.csv", content=table.encode(), actor=officer, at=now)


def client_of(world: World, who: str) -> Client:
    """A browser of this principal; a server error is an answer to look at, not an exception."""
    client = Client(raise_request_exception=False)
    if who != "anonymous":
        client.force_login(world.people[who])
    return client


def arguments(world: World) -> dict[str, Any]:
    """A real object for every name in an address; what is of the learner is never of anybody else."""
    course, run = CoursePage.objects.get(), CourseRun.objects.get()
    units = course_content(run.course_version).units()
    evidence = Evidence.objects.get()
    return {
        "course": course, "course_uuid": course.uuid, "run_uuid": run.uuid, "unit_id": units[-1].id, "block_id": units[-1].quizzes()[0].id,
        "record_uuid": evidence.record.uuid, "evidence_uuid": evidence.uuid, "reference": Application.objects.get().reference,
        "transcript_uuid": Transcript.objects.get().uuid, "certificate_uuid": Certificate.objects.get().uuid, "notice_uuid": Notice.objects.filter(recipient_uuid=world.people["learner"].uuid)[0].uuid,
        "membership_uuid": Membership.objects.get(person=world.people["learner"]).uuid, "correction_uuid": Correction.objects.get().uuid, "transaction_uuid": Transaction.objects.order_by("id")[0].uuid,
        "review_id": SourceReview.objects.get().pk, "book": "CCC", "batch_uuid": ResultBatch.objects.get().uuid, "number": 1, "form": "json", "language": "en",
        "token_uuid": ApiToken.objects.get().uuid, "token": "not-ours", "unit": "A", "programme": "NUR",
        "file_uuid": ApplicationEvidence.objects.get().uuid, "exception_uuid": IndividualException.objects.get().uuid, "wish_uuid": ErasureRequest.objects.get().uuid,
        "standing_id": ExpertStanding.objects.get().pk, "draw_uuid": SpotCheckDraw.objects.get().uuid, "position": 1,
        "export_uuid": DataExport.objects.get().uuid, "merger_uuid": AccountMerger.objects.get().uuid, "import_uuid": CatalogueImport.objects.get().uuid,
        "level": 1, "policy_id": RecognitionPolicy.objects.latest("id").pk,
    }  # fmt: skip


PER_ROUTE: dict[str, str] = {
    "institutions": "BBB",
    "agreements": "AGR",
    "api/v1/agreements": "AGR",
    "api/v1/programmes": "NUR",
    "desk/agreements": "AGR",
    "desk/submissions": "CCC",
    "my/applications": "NUR",
    "erasures": "a" * 32,
    "v": "ABCD-EFGH-JKLM",
}
"""What ``<code>`` is, by the beginning of the address."""
