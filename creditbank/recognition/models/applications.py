"""Applications for recognition, their proposals line by line, and every step they took."""

from __future__ import annotations

import uuid
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Case, F, Q, When
from django.utils.translation import gettext_lazy as _

from creditbank.agreements.models import RuleBookVersion
from creditbank.catalogue.models import Programme
from creditbank.recognition.enums import WAITING_STATES, ApplicationState, LineChoice, RefusalReason, Verdict, Vote
from foundation.api import SealedTextField, append_only
from identity.api import Institution, Role, User

CASE_ROLES = (Role.CREDIT_OFFICER, Role.REVIEWER)
DESK_ROLES = (*CASE_ROLES, Role.EXPERT)
PAIR = 2
"""First officer and second person; where more have to agree, a panel votes."""


class ApplicationQuerySet(models.QuerySet["Application"]):
    """Applications as their reader may see them."""

    def visible_to(self, user: Any) -> ApplicationQuerySet:
        """The learner's own; those of the institution at whose desk the person works, once submitted; all submitted ones for auditors.

        Subject experts see the cases that a panel decides, no others.
        """
        if not user.is_authenticated:
            return self.none()
        submitted = ~Q(state=ApplicationState.DRAFT)
        desk = Q(institution__in=user.institutions_as(*CASE_ROLES)) & submitted
        desk |= Q(institution__in=user.institutions_as(Role.EXPERT), required_approvals__gt=PAIR) & submitted
        if user.acts_as(Role.AUDITOR):
            desk |= submitted
        return self.filter(Q(learner=user) | desk)

    def at_desk_of(self, user: Any) -> ApplicationQuerySet:
        """What somebody sees at a desk: submitted cases of the own institutions (all for auditors), never the own."""
        rows = self.exclude(state=ApplicationState.DRAFT).exclude(learner_id=user.pk)
        if user.acts_as(Role.AUDITOR):
            return rows
        places, panels = user.institutions_as(*CASE_ROLES), user.institutions_as(Role.EXPERT)
        if not panels:
            return rows.filter(institution__in=places)
        if not places:  # the few cases of panels first, or all cases in a state would be looked through for them
            return rows.filter(pk__in=Application.objects.filter(institution__in=panels, is_panel=True).values("pk"))
        return rows.filter(Q(institution__in=places) | Q(institution__in=panels, is_panel=True))


class Application(models.Model):
    """A learner asks an institution to recognise records for a programme.

    Keeps the question (snapshot and its hash, rule book version) and the answer (proposal), so that the decision can be replayed for ever.

    Personal data: who applied for what, message and answer (sealed); the snapshot knows pseudonyms only.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(_("reference number"), max_length=20, unique=True)
    learner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("learner"))
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", verbose_name=_("institution"))
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="+", verbose_name=_("programme"))
    rules = models.ForeignKey(RuleBookVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("rules"))
    policy = models.ForeignKey(
        "creditbank.RecognitionPolicy", on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("policy"),
        help_text=_("As it was shown before submitting; empty: the general periods."),
    )  # fmt: skip
    state = models.CharField(_("state"), max_length=24, choices=ApplicationState.choices, default=ApplicationState.DRAFT)
    verdict = models.CharField(_("result"), max_length=8, choices=Verdict.choices, blank=True)
    snapshot = models.TextField(_("snapshot"), blank=True)
    snapshot_hash = models.CharField(_("hash"), max_length=64, blank=True)
    proposal = models.JSONField(_("proposal"), default=dict, blank=True)
    proof = models.CharField(_("proof"), max_length=10, blank=True)
    proposed_credits = models.DecimalField(_("proposed credits"), max_digits=8, decimal_places=3, default=0)
    decided_credits = models.DecimalField(_("recognised credits"), max_digits=8, decimal_places=3, null=True, blank=True)
    declared_hash = models.CharField(_("hash of what was declared for"), max_length=64, blank=True)
    chosen = models.JSONField(_("chosen records"), default=list, blank=True, help_text=_("Empty: the whole archive, used best."))
    required_approvals = models.PositiveSmallIntegerField(_("persons who must agree"), default=2)
    decided_on_appeal = models.BooleanField(_("decided on appeal"), default=False)
    spot_check = models.BooleanField(_("to be checked afterwards"), default=False)
    hold_round = models.PositiveSmallIntegerField(_("how often it was held anew"), default=0)
    first_officer = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("first officer")
    )
    second_officer = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("second officer")
    )
    message = SealedTextField(_("message to the learner"), blank=True, owner="learner.uuid")
    answer = SealedTextField(_("answer of the learner"), blank=True, owner="learner.uuid")
    declared_at = models.DateTimeField(_("declared"), null=True, blank=True)
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    due_on = models.DateField(_("answer due"), null=True, blank=True)
    waiting_until = models.DateField(
        _("waiting for the learner until"), null=True, blank=True, help_text=_("The last day for an answer or an acceptance.")
    )
    waiting_since = models.DateField(_("waiting for the learner since"), null=True, blank=True)
    desk_reminded = models.PositiveSmallIntegerField(_("share of the time at which the desk was reminded"), default=0)
    learner_reminded = models.PositiveSmallIntegerField(_("share of the time at which the learner was reminded"), default=0)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    is_waiting = models.GeneratedField(
        expression=Case(When(state__in=[state.value for state in WAITING_STATES], then=True), default=False),
        output_field=models.BooleanField(),
        db_persist=True,
        verbose_name=_("waits for somebody"),
        help_text=_("Kept by the database, so that the few open cases among all have an index of their own."),
    )
    is_panel = models.GeneratedField(
        expression=Case(When(required_approvals__gt=PAIR, then=True), default=False),
        output_field=models.BooleanField(),
        db_persist=True,
        verbose_name=_("decided by a panel"),
    )
    saved_at = models.DateTimeField(_("draft saved"), null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(first_officer__isnull=True) | ~Q(first_officer=F("learner")), name="application_first_not_learner"
            ),
            models.CheckConstraint(
                condition=Q(second_officer__isnull=True) | (~Q(second_officer=F("learner")) & ~Q(second_officer=F("first_officer"))),
                name="application_second_is_third_person",
            ),
            models.CheckConstraint(condition=Q(state__in=ApplicationState.values), name="application_state_is_known"),
            models.CheckConstraint(
                condition=~Q(state__in=["decided", "accepted", "posted"])
                | (~Q(verdict="") & (Q(first_officer__isnull=False) | Q(required_approvals=0) | Q(decided_on_appeal=True))),
                name="application_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["decided", "accepted", "posted"])
                | Q(required_approvals__lt=2)
                | Q(second_officer__isnull=False)
                | Q(decided_on_appeal=True),
                name="application_decided_by_two",
            ),
        ]
        indexes = [
            models.Index(fields=["institution", "state", "due_on"], name="application_queue"),
            models.Index(fields=["institution", "state", "-id"], name="application_newest"),
            models.Index(fields=["institution", "-id"], name="application_at_desk"),
            models.Index(fields=["state", "-id"], name="application_by_state"),
            models.Index(fields=["programme", "state", "-id"], name="application_of_programme"),
            models.Index(fields=["institution", "-id"], name="application_spot_checks", condition=Q(spot_check=True)),
            models.Index(fields=["institution", "due_on"], name="application_waiting", condition=Q(is_waiting=True)),
            models.Index(fields=["institution", "-id"], name="application_panels", condition=Q(is_panel=True)),
            # Everything that the figures of a desk are made of: a year of decisions is read from the index alone.
            models.Index(
                fields=["institution", "decided_at", "submitted_at", "due_on", "verdict", "required_approvals", "proposed_credits",
                        "decided_credits"],
                name="application_figures",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.reference

    @property
    def is_automatic(self) -> bool:
        """Whether rule and evidence leave nothing for a person to judge: it is decided when the free minutes are over."""
        return self.required_approvals == 0

    def award_moves(self) -> list[tuple[UUID, Any]]:
        """What is awarded: (lead record, credits) of every line that was recognised."""
        return [(line.lead_record, line.decided) for line in self.lines.all() if line.decided]


class ApplicationLine(models.Model):
    """One grant of a proposal: these records, by this rule, become so much; and what the officer made of it.

    Personal data: which records of a person were used; the note (sealed).
    """

    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveSmallIntegerField(_("number"))
    rule = models.CharField(_("rule"), max_length=40)
    records = models.JSONField(_("records"))
    lead_record = models.UUIDField(_("lead record"))
    outcome = models.CharField(_("recognised as"), max_length=60, blank=True)
    leaf = models.CharField(_("requirement"), max_length=20)
    proposed = models.DecimalField(_("proposed"), max_digits=8, decimal_places=3)
    choice = models.CharField(_("decision"), max_length=8, choices=LineChoice.choices, blank=True)
    decided = models.DecimalField(_("recognised"), max_digits=8, decimal_places=3, null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=10, choices=RefusalReason.choices, blank=True)
    note = SealedTextField(_("note"), blank=True, owner="application.learner.uuid")

    class Meta:
        verbose_name = _("line of a proposal")
        verbose_name_plural = _("lines of proposals")
        ordering = ["application", "position"]
        constraints = [
            models.UniqueConstraint(fields=["application", "position"], name="application_line_once"),
            models.CheckConstraint(
                condition=Q(decided__isnull=True) | Q(decided__gte=0, decided__lte=F("proposed")), name="line_decides_at_most_proposed"
            ),
        ]
        indexes = [
            models.Index(fields=["rule", "-id"], name="line_by_rule"),
            models.Index(fields=["choice", "reason", "application"], name="line_by_choice"),
        ]

    def __str__(self) -> str:
        return f"{self.application_id}/{self.position}"

    @property
    def is_recognised(self) -> bool:
        """Whether the line counts; an exemption counts without any credit."""
        return self.choice == LineChoice.ACCEPT or bool(self.decided)


@append_only
class ApplicationStep(models.Model):
    """One step of an application: from which state to which, when, and by whom.

    Personal data: pseudonym of who took the step; the note (sealed).
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="steps")
    from_state = models.CharField(max_length=24, choices=ApplicationState.choices)
    to_state = models.CharField(max_length=24, choices=ApplicationState.choices)
    by_uuid = models.UUIDField(null=True)
    at = models.DateTimeField()
    note = SealedTextField(blank=True, owner="application.learner.uuid")

    class Meta:
        verbose_name = _("step of an application")
        verbose_name_plural = _("steps of applications")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"


@append_only
class ApplicationVote(models.Model):
    """What one member of a panel of three or five says about the first officer's opinion; a case that is sent back is a new round.

    ``learner`` and ``first_officer`` are copied, so that the schema itself refuses a vote of either.

    Personal data: who voted how; the note (sealed).
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="votes")
    round = models.PositiveSmallIntegerField(_("round"))
    voter = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("voter"))
    learner = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("learner"))
    first_officer = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("first officer"))
    vote = models.CharField(_("vote"), max_length=8, choices=Vote.choices)
    as_expert = models.BooleanField(_("as subject expert"), default=False)
    is_experienced = models.BooleanField(_("with five years of practice"), default=False)
    note = SealedTextField(_("note"), blank=True, owner="learner.uuid")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("vote")
        verbose_name_plural = _("votes")
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["application", "round", "voter"], name="vote_once_a_round"),
            models.CheckConstraint(condition=~Q(voter=F("learner")) & ~Q(voter=F("first_officer")), name="vote_by_somebody_else"),
        ]

    def __str__(self) -> str:
        return f"{self.application_id}/{self.round}: {self.vote}"


@append_only
class ApplicationRerun(models.Model):
    """An open application was decided again under a newer version of its rules, because the learner gains; question and answer before it stay.

    Personal data: pseudonym of who did it; the old snapshot knows pseudonyms only.
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="reruns")
    old_rules = models.ForeignKey(RuleBookVersion, on_delete=models.PROTECT, related_name="+", verbose_name=_("rules before"))
    new_rules = models.ForeignKey(RuleBookVersion, on_delete=models.PROTECT, related_name="+", verbose_name=_("rules after"))
    old_snapshot = models.TextField(_("snapshot before"))
    old_proposal = models.JSONField(_("proposal before"))
    old_objective = models.JSONField(_("objective before"))
    new_objective = models.JSONField(_("objective after"))
    by_uuid = models.UUIDField(_("by"))
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("new run of an application")
        verbose_name_plural = _("new runs of applications")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.application_id}: {self.old_rules_id} → {self.new_rules_id}"


@append_only
class DeclaredInterest(models.Model):
    """A person at the desk stands aside from one case, and says why.

    Personal data: who declared an interest, and the reason in that person's words (sealed).
    """

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="interests")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", verbose_name=_("person"))
    reason = SealedTextField(_("reason"), owner="person.uuid")
    at = models.DateTimeField()

    class Meta:
        verbose_name = _("declared interest")
        verbose_name_plural = _("declared interests")
        constraints = [models.UniqueConstraint(fields=["application", "person"], name="interest_declared_once")]

    def __str__(self) -> str:
        return f"{self.application_id}: {self.person_id}"
