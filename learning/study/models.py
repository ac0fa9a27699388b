"""Runs of courses, who studies in them, and how far."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from foundation.api import append_only, in_language
from identity.api import Role
from learning.study.enums import EnrolmentState, RunKind, RunState

TEACHING_ROLES = (Role.INSTRUCTOR, Role.EDITOR, Role.SCHOOL_ADMINISTRATOR)
CLASS_ROLES = (Role.INSTRUCTOR, Role.SCHOOL_ADMINISTRATOR)


class CourseRunQuerySet(models.QuerySet["CourseRun"]):
    """Runs as their reader may see them."""

    def visible_to(self, user: Any) -> CourseRunQuerySet:
        """Open runs for everyone; others for their school's teachers, their learners and those on the class list."""
        anyone = Q(kind=RunKind.OPEN, state__in=[RunState.OPEN, RunState.CLOSED])
        if not user.is_authenticated:
            return self.filter(anyone)
        enrolled = Q(pk__in=Enrolment.objects.filter(learner_id=user.pk).values("run"))
        listed = Q(pk__in=ClassListEntry.objects.filter(learner_id=user.pk).values("run")) & ~Q(state=RunState.DRAFT)
        school = Q(institution__in=user.institutions_as(*TEACHING_ROLES))
        return self.filter(anyone | enrolled | listed | school)

    def taught_by(self, user: Any) -> CourseRunQuerySet:
        """Runs of the schools where this person teaches, edits or administers."""
        return self.filter(institution__in=user.institutions_as(*TEACHING_ROLES)) if user.is_authenticated else self.none()

    def taking_learners(self, on: date) -> CourseRunQuerySet:
        """Open runs that are not over on that day; those that begin later too."""
        return self.filter(state=RunState.OPEN).filter(Q(ends_on__isnull=True) | Q(ends_on__gte=on))


class CourseRun(models.Model):
    """A school offers one pinned version of a course at certain dates, and says what it is worth.

    The version never moves by itself: whoever began keeps what they began with. Title and kind of education are snapshots of that version.

    Personal data: the instructors, and the pseudonyms of who opened the run and who approved its automatic deposit.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    course_version = models.ForeignKey(
        "cms.CourseVersion", verbose_name=_("version of the course"), on_delete=models.PROTECT, related_name="+"
    )
    course_uuid = models.UUIDField(_("course"), db_index=True)
    version_number = models.PositiveIntegerField(_("number of the version"))
    institution = models.ForeignKey(
        "identity.Institution",
        verbose_name=_("school"),
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_("The school that runs the course and stands for its results."),
    )
    code = models.CharField(_("run code"), max_length=40, help_text=_("Short and unique in the school, for example 2026-AUTUMN-01."))
    title_zh = models.CharField(_("title (Chinese)"), max_length=255)
    title_en = models.CharField(_("title (English)"), max_length=300, blank=True)
    kind_of_education = models.CharField(_("kind of education"), max_length=30, blank=True)
    learning_aims = models.JSONField(_("learning aims"), default=dict, blank=True)
    level = models.ForeignKey(
        "foundation.Level", verbose_name=_("level"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    kind = models.CharField(
        _("who may enrol"), max_length=8, choices=RunKind.choices, default=RunKind.OPEN, help_text=_("An open run takes anyone.")
    )
    starts_on = models.DateField(_("first day"), null=True, blank=True, help_text=_("Empty: at once."))
    ends_on = models.DateField(_("last day"), null=True, blank=True, help_text=_("Empty: no end."))
    instructors = models.ManyToManyField(settings.AUTH_USER_MODEL, verbose_name=_("instructors"), blank=True, related_name="+")
    credits = models.DecimalField(
        _("credits"), max_digits=8, decimal_places=3, null=True, blank=True, help_text=_("What a completed run is worth; empty: none.")
    )
    credit_system = models.ForeignKey(
        "foundation.CreditSystem", verbose_name=_("credit system"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    notional_hours = models.DecimalField(_("notional hours"), max_digits=7, decimal_places=2, null=True, blank=True)
    pass_mark = models.DecimalField(
        _("pass mark"),
        max_digits=5,
        decimal_places=2,
        default=Decimal(60),
        help_text=_("Per cent that the mean of all quizzes must reach."),
    )
    outcome_code = models.CharField(_("outcome"), max_length=80, blank=True, help_text=_("Code in the bank's catalogue, if there is one."))
    auto_deposit = models.BooleanField(
        _("deposit automatically"), default=False, help_text=_("Credits are deposited on completion. A second person approves this.")
    )
    auto_deposit_approved_by_uuid = models.UUIDField(_("automatic deposit approved by"), null=True, blank=True)
    opened_by_uuid = models.UUIDField(_("opened by"))
    state = models.CharField(_("state"), max_length=8, choices=RunState.choices, default=RunState.OPEN)
    created_at = models.DateTimeField(_("opened"))

    objects = CourseRunQuerySet.as_manager()

    class Meta:
        verbose_name = _("course run")
        verbose_name_plural = _("course runs")
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "code"], name="run_code_once_per_school"),
            models.CheckConstraint(
                condition=Q(starts_on__isnull=True) | Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="run_dates_in_order"
            ),
            models.CheckConstraint(
                condition=Q(credits__isnull=True, credit_system__isnull=True) | Q(credits__gt=0, credit_system__isnull=False),
                name="run_credits_with_system",
            ),
            models.CheckConstraint(condition=Q(pass_mark__gte=0, pass_mark__lte=100), name="run_pass_mark_per_cent"),
            models.CheckConstraint(
                condition=Q(auto_deposit=False)
                | Q(auto_deposit_approved_by_uuid__isnull=False) & ~Q(auto_deposit_approved_by_uuid=F("opened_by_uuid")),
                name="run_auto_deposit_by_two_persons",
            ),
        ]
        indexes = [models.Index(fields=["course_uuid", "state"], name="run_by_course")]

    def __str__(self) -> str:
        return f"{self.title_zh} {self.code}"

    @property
    def title(self) -> str:
        return in_language(self.title_zh, self.title_en)

    def has_begun(self, on: date) -> bool:
        return self.starts_on is None or self.starts_on <= on

    def is_over(self, on: date) -> bool:
        return self.ends_on is not None and self.ends_on < on

    def takes_learners(self, on: date) -> bool:
        """Whether one can enrol on that day (also before the first day, to keep a place)."""
        return self.state == RunState.OPEN and not self.is_over(on)


class ClassListEntry(models.Model):
    """A person whom the school put on the list of a closed run.

    Personal data: who is meant to study what.
    """

    run = models.ForeignKey(CourseRun, verbose_name=_("course run"), on_delete=models.CASCADE, related_name="class_list")
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("learner"), on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(_("added"))

    class Meta:
        verbose_name = _("class list entry")
        verbose_name_plural = _("class list entries")
        constraints = [models.UniqueConstraint(fields=["run", "learner"], name="class_list_once_per_learner")]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.learner_id}"


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    """Enrolments as their reader may see them."""

    def visible_to(self, user: Any) -> EnrolmentQuerySet:
        """One's own, and those in runs of a school where one teaches or administers."""
        if not user.is_authenticated:
            return self.none()
        return self.filter(Q(learner_id=user.pk) | Q(run__institution__in=user.institutions_as(*CLASS_ROLES)))

    def with_run(self) -> EnrolmentQuerySet:
        """With what every page shows of a run."""
        return self.select_related("run", "run__institution", "run__credit_system", "run__course_version")


class Enrolment(models.Model):
    """One learner in one run. Its uuid is the registration that ties the statements of this study together.

    ``last_unit`` is where the learner goes on; ``score`` the per cent reached so far over all quizzes (the best attempt of each counts).

    Personal data: who studies what, how far, with which result.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    run = models.ForeignKey(CourseRun, verbose_name=_("course run"), on_delete=models.PROTECT, related_name="enrolments")
    learner = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("learner"), on_delete=models.PROTECT, related_name="+")
    state = models.CharField(_("state"), max_length=10, choices=EnrolmentState.choices, default=EnrolmentState.ACTIVE)
    enrolled_at = models.DateTimeField(_("enrolled"))
    completed_at = models.DateTimeField(_("completed"), null=True, blank=True)
    left_at = models.DateTimeField(_("left on"), null=True, blank=True)
    score = models.DecimalField(_("score"), max_digits=5, decimal_places=2, null=True, blank=True)
    last_unit = models.CharField(_("last unit"), max_length=64, blank=True)
    last_active_at = models.DateTimeField(_("last studied"), null=True, blank=True)

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("enrolment")
        verbose_name_plural = _("enrolments")
        ordering = ["-enrolled_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["learner", "run"], name="enrolment_once_per_run"),
            models.CheckConstraint(condition=~Q(state="completed") | Q(completed_at__isnull=False), name="enrolment_completed_with_date"),
        ]
        indexes = [
            models.Index(fields=["learner", "state", "-last_active_at"], name="enrolment_in_study"),
            models.Index(fields=["run", "state"], name="enrolment_by_run"),
        ]

    def __str__(self) -> str:
        return str(self.uuid)

    @property
    def registration(self) -> UUID:
        return self.uuid

    @property
    def is_active(self) -> bool:
        return self.state == EnrolmentState.ACTIVE

    @property
    def is_completed(self) -> bool:
        return self.state == EnrolmentState.COMPLETED


class UnitProgress(models.Model):
    """How far one learner is in one unit of the pinned version.

    Every column is monotone (first: earliest, last: latest, done: earliest, seconds: most), so events that arrive twice or in another order
    leave the same row. ``seconds_reported`` is what the player counted; what is believed of it is ``seconds_active``.

    Personal data: what a learner opened, when and for how long.
    """

    enrolment = models.ForeignKey(Enrolment, verbose_name=_("enrolment"), on_delete=models.CASCADE, related_name="progress")
    unit_id = models.CharField(_("unit"), max_length=64)
    first_opened_at = models.DateTimeField(_("first opened"))
    last_opened_at = models.DateTimeField(_("last opened"))
    completed_at = models.DateTimeField(_("done"), null=True, blank=True)
    seconds_reported = models.PositiveIntegerField(_("seconds counted by the player"), default=0)
    position = models.CharField(_("place in the unit"), max_length=120, blank=True)
    position_at = models.DateTimeField(_("place noted"), null=True, blank=True)

    class Meta:
        verbose_name = _("progress in a unit")
        verbose_name_plural = _("progress in units")
        constraints = [models.UniqueConstraint(fields=["enrolment", "unit_id"], name="progress_once_per_unit")]

    def __str__(self) -> str:
        return f"{self.enrolment_id}/{self.unit_id}"

    @property
    def seconds_active(self) -> int:
        """Seconds of study: never more than the server saw pass between the first and the last sign of life."""
        elapsed: timedelta = self.last_opened_at - self.first_opened_at
        return min(self.seconds_reported, max(0, int(elapsed.total_seconds())))


@append_only
class QuizAttempt(models.Model):
    """One answered quiz: what was answered, what the server gave for it, and which questions it was.

    ``key`` names the submission, so a doubled click or a late second sync is the same attempt. ``question_hash`` is that of the quiz in the
    pinned version; together with ``seed`` the attempt can be replayed.

    Missing on purpose: the correct answers (they stay in the version), and any change (a regrade is a new row of another kind).

    Personal data: a learner's answers and points.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    enrolment = models.ForeignKey(Enrolment, verbose_name=_("enrolment"), on_delete=models.PROTECT, related_name="attempts")
    block_id = models.CharField(_("quiz"), max_length=64)
    unit_id = models.CharField(_("unit"), max_length=64)
    key = models.CharField(_("submission"), max_length=64)
    answers = models.JSONField(_("answers"), default=dict)
    items = models.JSONField(_("points by question"), default=list)
    points = models.DecimalField(_("points"), max_digits=8, decimal_places=2)
    max_points = models.DecimalField(_("possible points"), max_digits=8, decimal_places=2)
    scaled = models.DecimalField(_("share of the points"), max_digits=6, decimal_places=5)
    passed = models.BooleanField(_("passed"))
    seed = models.PositiveIntegerField(_("seed"), default=0)
    question_hash = models.CharField(_("questions"), max_length=64)
    submitted_at = models.DateTimeField(_("handed in"))

    class Meta:
        verbose_name = _("quiz attempt")
        verbose_name_plural = _("quiz attempts")
        ordering = ["submitted_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "block_id", "key"], name="attempt_once_per_submission"),
            models.CheckConstraint(condition=Q(scaled__gte=0, scaled__lte=1), name="attempt_share_of_one"),
        ]

    def __str__(self) -> str:
        return str(self.uuid)

    @property
    def percent(self) -> Decimal:
        return (self.scaled * 100).quantize(Decimal("0.1"))


class StudyDay(models.Model):
    """How long one person studied on one day (Asia/Shanghai): kept by the writer, so that no page adds up statements.

    Personal data: when a person studies.
    """

    learner = models.ForeignKey(settings.AUTH_USER_MODEL, verbose_name=_("learner"), on_delete=models.CASCADE, related_name="+")
    day = models.DateField(_("day"))
    seconds = models.PositiveIntegerField(_("seconds"), default=0)

    class Meta:
        verbose_name = _("day of study")
        verbose_name_plural = _("days of study")
        constraints = [models.UniqueConstraint(fields=["learner", "day"], name="study_day_once")]

    def __str__(self) -> str:
        return f"{self.learner_id} {self.day}"
