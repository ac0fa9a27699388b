"""Whom a rule book concerns, in columns; and the simulations of a version, for pages."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from creditbank.agreements.models import RuleBookVersion
from creditbank.agreements.queries import targets_of
from creditbank.catalogue.models import Outcome, Programme
from creditbank.ledger.enums import AccountKind
from creditbank.ledger.queries import lots_of
from creditbank.recognition.earlier import awards_of
from creditbank.recognition.enums import ExceptionState
from creditbank.recognition.facts import is_known, record_facts, reserved_of
from creditbank.recognition.models import Application, IndividualException
from creditbank.recognition.queries import read_exception
from creditbank.rules.types import Facts, Pairs, RecordFacts, Target
from creditbank.rules.types import IndividualException as RuleException
from creditbank.simulation.models import SimulationRun
from creditbank.simulation.population import Population, population_of
from creditbank.simulation.report import Report, read_report
from foundation.api import visible_to
from identity.api import Institution, Membership, Role, User
from learning.api import LearningRecord, RecordState

CHUNK = 200
"""People who are loaded together: few enough for the parameters of a query, enough that queries do not count."""


def runs_of(version: RuleBookVersion, *, user: Any) -> QuerySet[SimulationRun]:
    """The simulations of a version that a person may see, newest first, with their jobs ({done, total}) and versions. One query."""
    return visible_to(user, SimulationRun).filter(version=version).select_related("job", "version__book", "compared_with__book")


def report_of_run(run: SimulationRun) -> Report | None:
    """What a finished simulation says."""
    return None if run.report is None else read_report(json.dumps(run.report))


def population_at(institution: Institution, *, on: date, evidence: tuple[str, ...] = ()) -> Population:
    """Everybody whom the rules of an institution concern on a day, by pseudonym: who learns there, and who has applied there.

    ``evidence`` is what everybody is taken to bring: the items that the compared rules ask to see, as a proposal takes it too.

    Each with the programme of their newest application, else for the pool of the institution's first open programme. Their groups are the
    school at which they learn and its kind. About ten queries for every CHUNK people.
    """
    programmes = {
        one.pk: one
        for one in Programme.objects.open().filter(institution=institution).select_related("system", "institution").order_by("code")
    }
    if not programmes:
        return population_of(())
    targets = dict(zip(programmes, targets_of(programmes.values()), strict=True))
    first = next(iter(programmes.values()))
    pool = Target(code="", system=first.system.code, category=first.category)
    asked = _programmes_asked(institution)
    people = list(_people(institution, set(asked), on=on))
    groups: dict[str, Pairs] = {}
    facts: list[Facts] = []
    for at in range(0, len(people), CHUNK):
        chunk = people[at : at + CHUNK]
        wanted = {person.pk: asked.get(person.pk) for person in chunk}
        groups |= _groups(chunk, on=on)
        facts += facts_of_many(chunk, {key: targets.get(one or 0, pool) for key, one in wanted.items()}, wanted, on=on, evidence=evidence)
    return population_of(facts, groups)


def _programmes_asked(institution: Institution) -> dict[int, int]:
    """Learner → programme of the newest application at an institution. One query."""
    rows = Application.objects.filter(institution=institution).order_by("pk").values_list("learner_id", "programme_id")
    return dict(rows)


def _people(institution: Institution, applied: set[int], *, on: date) -> QuerySet[User]:
    learning = Membership.objects.active(on=on).filter(institution=institution, role=Role.LEARNER).values("person")
    return User.objects.filter(Q(pk__in=learning) | Q(pk__in=applied)).order_by("pk").only("pk", "uuid")


def _groups(people: Sequence[User], *, on: date) -> dict[str, Pairs]:
    """Pseudonym → (school, kind of education) where a person learns, the first by code. One query."""
    rows = Membership.objects.active(on=on).filter(person__in=people, role=Role.LEARNER).order_by("-institution__code")
    return {
        str(uuid): (("education", kind), ("school", code))
        for uuid, kind, code in rows.values_list("person__uuid", "institution__kind", "institution__code")
    }


def facts_of_many(
    people: Sequence[User], targets: dict[int, Target], programmes: dict[int, int | None], *, on: date, evidence: tuple[str, ...] = ()
) -> Iterator[Facts]:
    """The same facts as for one person's application, for many at once: person → target, and → programme of which exceptions hold. At most twelve queries."""
    rows = LearningRecord.objects.filter(learner__in=people).counting().filter(state=RecordState.ACTIVE)
    records = list(rows.select_related("institution", "credit_system", "level__framework").order_by("-earned_on", "-id"))
    codes = {record.outcome_code for record in records} - {""}
    outcomes = {one.code: one for one in Outcome.objects.filter(code__in=codes).select_related("level__framework")}
    lots = {lot.uuid for lot in lots_of(*(record.uuid for record in records)) if lot.kind == AccountKind.AVAILABLE}
    owners = {person.pk: person.uuid for person in people}
    held, used = reserved_of(owners.values())
    exceptions, awards = _exceptions(people, on=on), awards_of(people)
    by_person: dict[int, list[RecordFacts]] = defaultdict(list)
    for record in records:
        taken = held[owners[record.learner_id]] | used[owners[record.learner_id]]
        facts = record_facts(record, outcomes.get(record.outcome_code), is_confirmed=is_known(record, lots, taken, on=on))
        by_person[record.learner_id].append(replace(facts, evidence=evidence))
    for person in people:
        yield Facts(
            learner=str(person.uuid), records=tuple(by_person[person.pk]), target=targets[person.pk], applied_on=on,
            used=tuple(used[person.uuid].items()), held=tuple(held[person.uuid].items()),
            earlier=awards.get((person.pk, programmes[person.pk] or 0), ()),
            exceptions=tuple(rule for programme, rule in exceptions[person.pk] if programme == programmes[person.pk]),
        )  # fmt: skip


def _exceptions(people: Sequence[User], *, on: date) -> dict[int, list[tuple[int, RuleException]]]:
    """By learner: (programme, exception that holds). One query."""
    rows = IndividualException.objects.filter(learner__in=people, state=ExceptionState.APPROVED, expires_on__gte=on)
    found: dict[int, list[tuple[int, RuleException]]] = defaultdict(list)
    for row in rows.select_related("proposed_by", "answered_by").order_by("id"):
        found[row.learner_id].append((row.programme_id, read_exception(row)))
    return found
