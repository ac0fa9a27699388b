"""What every step of an application has in common."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils import timezone, translation

from creditbank.recognition.enums import TRANSITIONS, Verdict
from creditbank.recognition.exceptions import Involved, JustPublished, SamePersonTwice, WrongState
from creditbank.recognition.models import Application, ApplicationStep, DeclaredInterest
from foundation.api import notify, record_audit_entry
from identity.api import Membership, Role
from learning.api import CourseRun, LearningRecord

AFTER_PUBLISHING = timedelta(hours=24)
CHANGE_MEANWHILE = ("policy", "rules", "first_officer", "second_officer")


def locked(application: Application, *states: str) -> Application:
    """The application as it is now, locked, in one of the states. Raises WrongState.

    PostgreSQL reads a row that it had to wait for anew, but not what is joined to it: that stays as it was before the wait. So whoever
    was given to the case meanwhile is asked for again.
    """
    current = (
        Application.objects.select_for_update(of=("self",))
        .select_related("learner", "programme__system", "institution", "policy", "rules__book", "first_officer", "second_officer")
        .get(pk=application.pk)
    )
    if states and current.state not in states:
        raise WrongState(current.state)
    for name in CHANGE_MEANWHILE:
        joined = current._state.fields_cache.get(name)
        if getattr(joined, "pk", None) != getattr(current, f"{name}_id"):
            current._state.fields_cache.pop(name, None)
    return current


def move_on(application: Application, state: str, *, action: str, actor: Any, at: datetime, note: str = "") -> None:
    """Take one step: state, row of the log, audit entry, notice. Raises WrongState for a step that the table does not know."""
    before = application.state
    if state not in TRANSITIONS[before]:
        raise WrongState(before)
    application.state = state
    application.save()
    ApplicationStep.objects.create(
        application=application, from_state=before, to_state=state, by_uuid=getattr(actor, "uuid", None), at=at, note=note
    )
    asked = {"snapshot": application.snapshot_hash} if application.snapshot_hash else {}  # so that the log covers what was decided on
    record_audit_entry(
        f"recognition.{action}",
        actor=actor,
        about=application,
        concerns=application.learner.uuid,
        reason=note,
        data={"from": before, "to": state, **asked},
    )


def tell_learner(application: Application, code: str, **data: Any) -> None:
    """A notice to the learner with a link to the application in the learner's language, whoever took the step."""
    programme = application.programme
    facts = {
        "reference": application.reference,
        "programme": {"zh": programme.title_zh, "en": programme.title_en or programme.title_zh},
        **data,
    }
    with translation.override(application.learner.language):
        url = reverse("creditbank:application", args=[application.reference])
    notify(application.learner.uuid, f"recognition.{code}", url=url, data=facts)


def tell_desk(application: Application, code: str, people: Iterable[Any], **data: Any) -> None:
    """A notice to people at the desk, with a link to the case."""
    facts = {"reference": application.reference, **data}
    for person in people:
        with translation.override(person.language):
            url = reverse("creditbank:case", args=[application.reference])
        notify(person.uuid, f"recognition.{code}", url=url, data=facts)


def people_at(institution: Any, *roles: str, on: date) -> list[Any]:
    """Who holds one of these roles at an institution on a day. One query."""
    held = Membership.objects.active(on=on).filter(institution=institution, role__in=roles).select_related("person").order_by("person_id")
    return list({row.person_id: row.person for row in held}.values())


def officers_for(application: Application) -> list[Any]:
    """To whom a case can be given today: officers of its institution, without the learner and who has it now. One query."""
    people = people_at(application.institution, Role.CREDIT_OFFICER, on=timezone.localdate())
    return [person for person in people if person.pk not in {application.learner_id, application.first_officer_id}]


def in_words(amount: Decimal) -> str:
    """An amount as a notice names it: 10, not 1E+1 and not 10.000."""
    return format(amount.normalize(), "f")


def is_exactly_as_shown(application: Application) -> bool:
    """Whether what was decided is the proposal that the learner declared for: then the declaration accepted it in advance."""
    same_proposal = application.declared_hash in {"", application.snapshot_hash}
    return same_proposal and application.verdict == Verdict.FULL and application.decided_credits == application.proposed_credits


def require_uninvolved(application: Application, actor: Any, *, at: datetime) -> None:
    """Nobody decides on the own application, on a course of the own teaching, or where an interest was declared.

    Nor does who published the rules within the last day (nobody makes a rule for one case). Raises SamePersonTwice, Involved,
    JustPublished. Two queries.
    """
    if application.learner_id == actor.pk:
        raise SamePersonTwice
    rules = application.rules
    if rules is not None and rules.publisher_uuid == actor.uuid and rules.published_at and at < rules.published_at + AFTER_PUBLISHING:
        raise JustPublished
    if is_involved(application, actor):
        raise Involved


def is_involved(application: Application, person: Any) -> bool:
    """Whether somebody declared an interest in the case, or taught what is to be recognised. Two queries."""
    return DeclaredInterest.objects.filter(application=application, person=person).exists() or taught_by(person, application)


def taught_by(person: Any, application: Application) -> bool:
    """Whether the person was instructor of a course run that one of the used records came from."""
    used = {ident for line in application.lines.all() for ident in line.records}
    enrolments = LearningRecord.objects.filter(uuid__in=used, enrolment_uuid__isnull=False).values("enrolment_uuid")
    return CourseRun.objects.filter(enrolments__uuid__in=enrolments, instructors=person).exists()
