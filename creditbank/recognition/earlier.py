"""What was awarded to a learner in a programme before: what it occupies, and whether another award has room beside it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from creditbank.agreements.models import RuleRow
from creditbank.catalogue.models import Outcome, Programme
from creditbank.ledger.enums import HoldState
from creditbank.ledger.models import Hold
from creditbank.recognition.facts import record_facts
from creditbank.recognition.models import Application
from creditbank.recognition.replaying import read_snapshot
from creditbank.rules.earlier import NoRoom, no_room
from creditbank.rules.individual import apply_exceptions
from creditbank.rules.types import Earlier, RecordFacts
from identity.api import User
from learning.api import LearningRecord

POSTS = frozenset({"course", "block", "unassigned", "elective"})


def lock_person(person: Any) -> None:
    """Keep every other award to a person waiting until this transaction ends. One query.

    The row of the person is what exists before any account does. Taken after the row of an application, before the accounts.
    """
    list(User.objects.select_for_update(no_key=True).filter(pk=person.pk).values_list("pk", flat=True))


def awarded(person: Any, programme: Programme, *, besides: Application | None = None) -> tuple[Earlier, ...]:
    """The grants of every award that stands (posted, not reversed) in a programme. One query where there is none, else five."""
    standing = Hold.objects.filter(owner_uuid=person.uuid, state=HoldState.POSTED).values("application_uuid")
    rows = Application.objects.filter(learner=person, programme=programme, uuid__in=standing).prefetch_related("lines")
    return grants_of(rows.exclude(pk=besides.pk) if besides is not None else rows)


def awards_of(people: Iterable[Any]) -> dict[tuple[int, int], tuple[Earlier, ...]]:
    """What stands of every award to some people, by (person, programme). One query where there is none, else five."""
    owners = {person.uuid: person.pk for person in people}
    standing = Hold.objects.filter(owner_uuid__in=owners, state=HoldState.POSTED).values("application_uuid")
    rows = list(Application.objects.filter(learner__in=owners.values(), uuid__in=standing).defer("snapshot").prefetch_related("lines"))
    place = {str(one.uuid): (one.learner_id, one.programme_id) for one in rows}
    found: dict[tuple[int, int], list[Earlier]] = defaultdict(list)
    for grant in grants_of(rows):
        found[place[grant.application]].append(grant)
    return {key: tuple(grants) for key, grants in found.items()}


def awards_by_programme(person: Any) -> dict[int, tuple[Earlier, ...]]:
    """What stands of every award to one person, by programme."""
    return {programme: grants for (_person, programme), grants in awards_of([person]).items()}


def grants_of(applications: Iterable[Application], *, as_proposed: bool = False) -> tuple[Earlier, ...]:
    """What was recognised in applications (or is proposed in them), line by line, as the engine counts it."""
    lines = [
        (one, line, one.proposal["allocation"][line.position - 1])
        for one in applications
        for line in one.lines.all()
        if as_proposed or line.is_recognised
    ]
    if not lines:
        return ()
    records = _records({UUID(ident) for _one, line, _row in lines for ident in line.records})
    remade = _made_elective(lines)
    found = []
    for one, line, row in lines:
        decided = line.proposed if as_proposed else line.decided or Decimal(0)
        whole = row["kind"] not in POSTS or row.get("without_credit", False)
        found.append(
            Earlier(
                application=str(one.uuid), rule=line.rule, grant=row["grant"], offer=row["offer"], kind=row["kind"], leaf=line.leaf,
                fill=Decimal(row["fill"]) if whole else min(Decimal(row["fill"]), decided or Decimal(row["fill"])), posted=decided,
                records=tuple(records[ident] for ident in sorted(line.records) if ident in records),
                made_elective=(one.pk, line.position) in remade,
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda grant: (grant.key, grant.leaf)))


def _made_elective(lines: list[tuple[Application, Any, Any]]) -> set[tuple[int, int]]:
    """Lines whose rule gives something else than the elective credit that a limit has made of it. At most one query."""
    asked = [(one, line, row) for one, line, row in lines if row["kind"] == "elective"]
    if not asked:
        return set()
    rows = RuleRow.objects.filter(
        version__in={one.rules_id for one, _line, _row in asked}, code__in={line.rule for _one, line, _row in asked}
    )
    grants = {(row.version_id, row.code): row.grants for row in rows}
    return {
        (one.pk, line.position)
        for one, line, row in asked
        if (given := grants.get((one.rules_id or 0, line.rule))) is not None and given[row["grant"] - 1]["kind"] != "elective"
    }


def _records(idents: set[UUID]) -> dict[str, RecordFacts]:
    """Records as the engine sees them, whatever became of them since. Two queries."""
    rows = list(LearningRecord.objects.filter(uuid__in=idents).select_related("institution", "credit_system", "level__framework"))
    outcomes = {
        one.code: one for one in Outcome.objects.filter(code__in={row.outcome_code for row in rows}).select_related("level__framework")
    }
    return {str(row.uuid): record_facts(row, outcomes.get(row.outcome_code), is_confirmed=True) for row in rows}


def lack_of_room(application: Application, *, as_proposed: bool = False) -> NoRoom | None:
    """What an application, as it is decided (or proposed) now, has no room for beside the learner's other awards in its programme.

    By the rules and limits of its own submission, with the exceptions that it was submitted under. One query where nothing else was awarded.
    """
    others = awarded(application.learner, application.programme, besides=application)
    if not others or not application.snapshot:
        return None
    facts, base, limits, on = read_snapshot(application.snapshot)
    facts, base, limits = apply_exceptions(replace(facts, earlier=others), base, limits, on)
    return no_room(grants_of([application], as_proposed=as_proposed), facts, base, limits, step=application.programme.system.step)
